//! "May I write to this person?", in a sentence for each purpose.

use assent_ledger::event_type::EventType;
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::permission::Permission;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::store::consent::permissions::PermissionFacts;

/// The answer for one purpose.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct Answer {
    pub purpose: Purpose,
    /// What readers know it by.
    pub title: String,
    /// `yes`, `no`, or `hold`: their details may be held, and nothing written to them.
    pub kind: &'static str,
    /// The answer in a sentence.
    pub sentence: String,
    /// Whether they agree to it now.
    pub in_force: bool,
    /// Where its proof is shown.
    pub receipt: Option<String>,
}

/// The answer for each purpose, what one writes to people for in front; and the names of those that they may
/// be sent.
pub(in crate::web) fn answers(
    facts: &[PermissionFacts],
    ledger_is_sound: bool,
    timezone: &TimeZone,
) -> (Vec<Answer>, Vec<String>) {
    let (basis, marketing): (Vec<_>, Vec<_>) =
        facts.iter().partition(|facts| facts.purpose.is_privacy_policy());
    let allowed =
        marketing.iter().filter(|facts| permission(facts, ledger_is_sound) == Permission::Yes);
    let allowed = allowed.map(|facts| facts.purpose.named(facts.name.as_deref())).collect();
    let all = marketing.into_iter().chain(basis);
    (all.map(|facts| answer(facts, ledger_is_sound, timezone)).collect(), allowed)
}

fn permission(facts: &PermissionFacts, ledger_is_sound: bool) -> Permission {
    let missed = facts.renewal_missed.is_some();
    Permission::from_facts(facts.state, facts.suppressed, missed, ledger_is_sound)
}

/// The answer for one purpose.
pub(in crate::web) fn answer(
    facts: &PermissionFacts,
    ledger_is_sound: bool,
    timezone: &TimeZone,
) -> Answer {
    let permission = permission(facts, ledger_is_sound);
    let kind = match permission {
        Permission::Yes if facts.purpose.is_privacy_policy() => "hold",
        Permission::Yes => "yes",
        _ => "no",
    };
    Answer {
        purpose: facts.purpose.clone(),
        title: facts.purpose.named(facts.name.as_deref()),
        kind,
        sentence: sentence(facts, permission, timezone),
        in_force: facts.state.is_some_and(EventType::in_force),
        receipt: facts.event_id.map(|id| format!("/console/receipts/{id}")),
    }
}

fn sentence(facts: &PermissionFacts, permission: Permission, timezone: &TimeZone) -> String {
    let day = |at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| format!(" on {}", timezone.day(at)))
    };
    let changed = day(facts.changed_at);
    let since = day(facts.suppressed_since);
    match permission {
        Permission::Yes => {
            let label = facts.policy_label.as_ref().map_or("", |label| label.as_str());
            let agreed = match facts.state {
                Some(EventType::Renewed) => "agreed again",
                _ => "agreed",
            };
            let told = format!("They {agreed}{changed} under policy {label}.");
            if facts.purpose.is_privacy_policy() {
                format!(
                    "Not for marketing: you may hold their details. {told} They are in exports of the privacy \
                     policy."
                )
            } else {
                told
            }
        }
        Permission::NeverAgreed => "They have never agreed to this.".to_owned(),
        Permission::Ended(EventType::Expired) => {
            format!("Their consent ended{changed}, for they did not renew it in time.")
        }
        Permission::Ended(_) => format!("They withdrew{changed}."),
        Permission::Suppressed(reason) => suppressed(reason, &since),
        Permission::RenewalMissed => {
            let until = facts.renewal_missed.map_or_else(String::new, |until| timezone.until(until));
            format!("They were asked to agree to a newer policy until {until}, and have not.")
        }
        Permission::LedgerBroken => {
            "The ledger that proves it is not what it was: nobody may be written to until a check finds it \
             sound again."
                .to_owned()
        }
    }
}

fn suppressed(reason: SuppressionReason, since: &str) -> String {
    match reason {
        SuppressionReason::Bounced => format!("Mail to them came back for good{since}."),
        SuppressionReason::Complained => format!("They reported our mail as spam{since}."),
        SuppressionReason::Manual => format!("Staff stopped all mail to this address{since}."),
        SuppressionReason::Erased => {
            format!("This address was erased{since}; only its owner can come back.")
        }
        SuppressionReason::Unsubscribed => format!("They unsubscribed from this{since}."),
        SuppressionReason::NotMe => format!("They said that they had not asked{since}."),
    }
}
