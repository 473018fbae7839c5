//! What the operator must look at, in words, and what to do about it.

use serde::Serialize;

use crate::domain::alarm::{
    CLOCK, FILE_STORE, LEDGER, MAIL_PAUSED, MAIL_RELAY, OUTSIDE, REFUSALS, SEALING, TIME_STAMPS,
    is_of_confirmations, witness_of,
};
use crate::domain::timestamp::Timestamp;
use crate::store::alarms::Alarm;
use crate::store::ledger::verdicts::Verdict;

/// Something that the operator must look at, as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::web::console) struct AlarmNote {
    pub title: String,
    pub detail: String,
    /// What to do about it.
    pub todo: &'static str,
    /// Where to look at it.
    pub href: &'static str,
    pub since: Timestamp,
}

impl AlarmNote {
    /// A ledger that was found changed.
    pub(in crate::web::console) fn of_ledger(verdict: &Verdict) -> Option<Self> {
        let finding = verdict.finding.as_ref()?;
        Some(Self {
            title: "The consent ledger is not what it was".to_owned(),
            detail: finding.clone(),
            todo: "Nothing is exported until a check finds it sound again. Whoever runs this site can compare \
                   the database with a backup.",
            href: "/console/ledger",
            since: verdict.checked_at,
        })
    }

    /// Complaints or requests that should have been acknowledged or answered by now, of so many counted.
    pub(in crate::web::console) fn of_requests(
        (overdue, since): (i64, Option<Timestamp>),
    ) -> Option<Self> {
        let since = since.filter(|_| overdue > 0)?;
        let (title, detail) = match overdue {
            1 => ("A request is overdue", "It should have been acknowledged or answered by now."),
            _ => ("Requests are overdue", "They should have been acknowledged or answered by now."),
        };
        Some(Self {
            title: title.to_owned(),
            detail: detail.to_owned(),
            todo: "Write to whoever asked: the law sets the time.",
            href: "/console/requests",
            since,
        })
    }

    pub(in crate::web::console) fn sample() -> Self {
        Self::from(&Alarm {
            subject: MAIL_RELAY.to_owned(),
            detail: "the relay cannot be reached".to_owned(),
            since: Timestamp::SAMPLE,
        })
    }
}

impl From<&Alarm> for AlarmNote {
    fn from(alarm: &Alarm) -> Self {
        let (title, todo, href) = if alarm.subject == MAIL_RELAY {
            (
                "Mail waits: the mail relay cannot be used".to_owned(),
                "Nothing is lost: what waits leaves by itself once the relay answers. Whoever runs this site \
                 can find out more with assent check.",
                "/console/mail?state=queued",
            )
        } else if alarm.subject == MAIL_PAUSED {
            (
                "No mail leaves".to_owned(),
                "Whoever runs this site lets it leave again by `assent mail resume`.",
                "/console/mail",
            )
        } else if alarm.subject == LEDGER {
            (
                "The database is not the newest".to_owned(),
                "Tell whoever runs this site: nothing is signed, exported or mailed until they decide.",
                "/console/ledger",
            )
        } else if alarm.subject == OUTSIDE {
            (
                "Heads and withdrawals can\u{2019}t be kept outside the database".to_owned(),
                "Tell whoever runs this site to look at the file store.",
                "/console/ledger",
            )
        } else if alarm.subject == FILE_STORE {
            (
                "A machine keeps its files where the others don\u{2019}t look for them".to_owned(),
                "Tell whoever runs this site: reports can be missing, and who left elsewhere may not be known there.",
                "/console/tasks",
            )
        } else if alarm.subject == REFUSALS {
            (
                "Many mails are parked for one reason".to_owned(),
                "So it is hardly their mailboxes. Mend what the reason says, then send them again from there.",
                "/console/mail?state=parked",
            )
        } else if alarm.subject == SEALING {
            (
                "The ledger is not sealed".to_owned(),
                "Tell whoever runs this site: consents are recorded, and cannot be proved before they are sealed.",
                "/console/ledger",
            )
        } else if alarm.subject == CLOCK {
            (
                "The clock of a machine is not the database\u{2019}s".to_owned(),
                "Tell whoever runs this site to have both set by NTP. Until then the database\u{2019}s counts.",
                "/console/tasks",
            )
        } else if let Some(name) = witness_of(&alarm.subject) {
            (
                format!("The witness {name} does not sign the newest checkpoint"),
                "Everything else goes on, and it is asked again every minute. Whoever runs this site can find out more \
                 with assent check.",
                "/console/ledger",
            )
        } else if alarm.subject == TIME_STAMPS {
            (
                "Checkpoints are not stamped with the time".to_owned(),
                "Everything else goes on, and it is tried again every hour. Whoever runs this site can find out more \
                 with assent check.",
                "/console/ledger",
            )
        } else if is_of_confirmations(&alarm.subject) {
            let form = match alarm.subject.rsplit_once("reports/") {
                Some((_, slug)) => format!("the report {slug}"),
                None => "the newsletters".to_owned(),
            };
            (
                format!("Hardly anybody confirms what was asked for through the form of {form}"),
                "Somebody else may be typing in addresses of strangers. See whether confirmation mails arrive \
                 at a mailbox of your own; if they do, withdraw the report until it is over.",
                "/console/mail?kind=confirm",
            )
        } else {
            (alarm.subject.clone(), "Tell whoever runs this site.", "/console/mail")
        };
        Self { title, detail: alarm.detail.clone(), todo, href, since: alarm.since }
    }
}
