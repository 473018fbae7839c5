//! May I write to this person? An export finds the same out in its one statement, by the conditions of
//! `store/conditions.rs`; `tests/it/contacts/person.rs::the_answer_is_that_of_the_export_whatever_happened` holds the two
//! together.

use assent_ledger::event_type::EventType;

use crate::domain::contacts::suppression::SuppressionReason;

/// The answer for one purpose. Whoever it says yes of is in an export of that moment, and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Yes: they agreed, and nothing stands against it.
    Yes,
    /// They never agreed.
    NeverAgreed,
    /// Their consent ended: withdrawn or expired.
    Ended(EventType),
    /// Mail to them is suppressed.
    Suppressed(SuppressionReason),
    /// They were to agree anew until a date that is past.
    RenewalMissed,
    /// The ledger that proves it is known to be wrong.
    LedgerBroken,
}

impl Permission {
    /// By where somebody's consent stands, what suppresses mail to them, whether they let a date for agreeing
    /// anew go by, and whether the ledger is sound.
    #[must_use]
    pub fn from_facts(
        state: Option<EventType>,
        suppressed: Option<SuppressionReason>,
        renewal_missed: bool,
        ledger_is_sound: bool,
    ) -> Self {
        match (state, suppressed) {
            (None, _) => Self::NeverAgreed,
            (Some(state), _) if !state.in_force() => Self::Ended(state),
            (_, Some(reason)) => Self::Suppressed(reason),
            _ if renewal_missed => Self::RenewalMissed,
            _ if !ledger_is_sound => Self::LedgerBroken,
            _ => Self::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_against_it_is_enough() {
        let (given, bounced) = (Some(EventType::Given), Some(SuppressionReason::Bounced));
        assert_eq!(Permission::from_facts(given, None, false, true), Permission::Yes);
        assert_eq!(
            Permission::from_facts(Some(EventType::Renewed), None, false, true),
            Permission::Yes
        );
        for no in [
            Permission::from_facts(None, None, false, true),
            Permission::from_facts(Some(EventType::Withdrawn), None, false, true),
            Permission::from_facts(Some(EventType::Expired), None, false, true),
            Permission::from_facts(given, bounced, false, true),
            Permission::from_facts(given, None, true, true),
            Permission::from_facts(given, None, false, false),
        ] {
            assert_ne!(no, Permission::Yes);
        }
    }
}
