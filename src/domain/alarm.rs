//! What the operator must look at, and when confirmations count as collapsed.

use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;

/// The subject of a mail relay that cannot be used.
pub const MAIL_RELAY: &str = "mail-relay";

/// The subject of mails that are parked in numbers for one reason, which then is not their mailboxes'.
pub const REFUSALS: &str = "refusals";

/// The subject of mail that is kept back until somebody lets it leave: the alarm is the pause. While it stands, none does.
pub const MAIL_PAUSED: &str = "mail-paused";

/// The subject of a ledger that may not go on from its database.
pub const LEDGER: &str = "ledger";

/// The subject of what cannot be kept outside the database.
pub const OUTSIDE: &str = "outside";

/// The subject of a process that keeps its files where the others do not look for them.
pub const FILE_STORE: &str = "file-store";

/// The subject of events that wait for their place in the ledger for too long.
pub const SEALING: &str = "ledger-sealing";

/// The subject of heads that nobody stamps with the time.
pub const TIME_STAMPS: &str = "ledger-time-stamps";

/// The subject of machines whose clocks are too far apart.
pub const CLOCK: &str = "clock";

const WITNESS: &str = "ledger-witness:";

/// The subject of a witness, by its name, that does not sign the newest head.
#[must_use]
pub fn witness(name: &str) -> String {
    format!("{WITNESS}{name}")
}

/// The name of the witness that a subject is about; none of any other subject.
#[must_use]
pub fn witness_of(subject: &str) -> Option<&str> {
    subject.strip_prefix(WITNESS)
}

/// Whether the detail of an alarm repeats what other systems said: a mail relay, a file store, a witness. They may name
/// accounts, addresses and machines, which is for staff alone to read.
#[must_use]
pub fn quotes_others(subject: &str) -> bool {
    [MAIL_RELAY, REFUSALS, OUTSIDE, TIME_STAMPS].contains(&subject) || witness_of(subject).is_some()
}

const CONFIRMATIONS: &str = "confirmations:";

/// What happens when hardly anybody who was mailed through a form confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCollapse {
    /// The operator is alarmed.
    Alarm,
    /// The form rests as well, while the alarm stands.
    Pause,
    /// Nothing: nobody looks.
    Off,
}

/// The subject of one form's collapsed confirmations: of a report, or of the newsletters.
#[must_use]
pub fn confirmations(report: Option<&Slug>) -> String {
    format!("{CONFIRMATIONS}{}", form_name(report))
}

/// Whether a subject is that of a form's confirmations.
#[must_use]
pub fn is_of_confirmations(subject: &str) -> bool {
    subject.starts_with(CONFIRMATIONS)
}

/// Whether so few of those who were mailed confirmed that somebody else must have asked for them: fewer than 5
/// in 100, of 100 or more. With fewer mails a quiet hour looks the same.
#[must_use]
pub fn has_collapsed(mailed: i64, confirmed: i64) -> bool {
    mailed >= 100 && confirmed.saturating_mul(100) < mailed.saturating_mul(5)
}

/// How many mails must be parked for one reason to be looked at: fewer are mailboxes that are gone.
pub const MANY_REFUSALS: i64 = 20;

/// Whether mails parked for one reason are so many that the reason is not their mailboxes': at least twenty, and
/// more than one for every ten that were sent in the same time.
#[must_use]
pub fn are_mass_refusals(parked: i64, sent: i64) -> bool {
    parked >= MANY_REFUSALS && parked.saturating_mul(10) > sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_five_in_a_hundred_is_a_collapse() {
        assert!(has_collapsed(100, 4) && has_collapsed(1_000, 49) && has_collapsed(i64::MAX, 0));
        assert!(!has_collapsed(99, 0) && !has_collapsed(100, 5) && !has_collapsed(1_000, 50));
    }

    #[test]
    fn one_in_ten_for_one_reason_is_no_chance() {
        assert!(are_mass_refusals(20, 199) && are_mass_refusals(i64::MAX, 1));
        assert!(!are_mass_refusals(19, 0) && !are_mass_refusals(20, 200));
    }

    #[test]
    fn no_report_is_taken_for_the_newsletters() {
        let slug = "newsletters".parse().unwrap();
        let subjects = [confirmations(None), confirmations(Some(&slug))];
        assert_eq!(subjects, ["confirmations:newsletters", "confirmations:reports/newsletters"]);
        assert!(subjects.iter().all(|subject| is_of_confirmations(subject)));
        assert!(!is_of_confirmations(MAIL_RELAY));
    }

    #[test]
    fn an_alarm_of_a_witness_bears_its_name() {
        assert_eq!(witness_of(&witness("witness.example")), Some("witness.example"));
        assert_eq!(witness_of(LEDGER), None);
        assert!(quotes_others(&witness("witness.example")) && !quotes_others(SEALING));
    }
}
