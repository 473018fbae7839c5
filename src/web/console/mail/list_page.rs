//! The page that lists mail.

use serde::Serialize;

use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::mail::mails::MailCounts;
use crate::templates::page::Page;
use crate::web::choice::SelectOption;
use crate::web::console::alarms::AlarmNote;
use crate::web::console::mail::labels::{MailRow, PATH, kind, state};
use crate::web::console::tab::Tab;

/// How far mails are counted.
pub(super) const MOST_COUNTED: i64 = 10_000;

/// `console/mail.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct MailsPage<'a> {
    pub word: Option<String>,
    /// What is wrong with the relay.
    pub relay: Option<AlarmNote>,
    pub counts: ShownCounts,
    pub sent_since: Timestamp,
    pub states: Vec<Tab>,
    /// What the list is narrowed by; empty where it is not.
    pub state: &'static str,
    pub kind: &'static str,
    pub kinds: [SelectOption<'static>; MailKind::ALL.len()],
    pub reason: Option<&'a str>,
    pub reasons: Vec<ReasonRow<'a>>,
    pub mails: Vec<MailRow<'a>>,
    pub newest: Option<String>,
    pub older: Option<String>,
}

/// How many mails there are of each state.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct ShownCounts {
    queued: CappedCount,
    parked: CappedCount,
    dropped: CappedCount,
    sent: CappedCount,
}

/// A number, or that there are more than are counted.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum CappedCount {
    Exactly(i64),
    More(&'static str),
}

/// A reason for which mail is parked.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ReasonRow<'a> {
    pub reason: &'a str,
    pub count: i64,
    /// Where its mails are listed, and where they are sent again.
    pub path: String,
    pub retry: String,
}

impl From<MailCounts> for ShownCounts {
    fn from(counts: MailCounts) -> Self {
        let shown = |n| match n {
            ..=MOST_COUNTED => CappedCount::Exactly(n),
            _ => CappedCount::More("10,000+"),
        };
        Self {
            queued: shown(counts.queued),
            parked: shown(counts.parked),
            dropped: shown(counts.dropped),
            sent: shown(counts.sent),
        }
    }
}

/// What a list can be narrowed to by kind.
pub(super) fn kinds() -> [SelectOption<'static>; MailKind::ALL.len()] {
    MailKind::ALL.map(|one| SelectOption::new(one.as_str(), kind(one)))
}

impl Page for MailsPage<'_> {
    const TEMPLATE: &'static str = "console/mail.html";

    fn samples() -> Vec<Self> {
        let reason = "refused: the relay said 554 5.7.1 to the recipient";
        let counts = MailCounts { queued: 12, parked: 3, dropped: 1, sent: MOST_COUNTED + 1 };
        let tab = |of: OutboxState, current| Tab {
            title: state(of),
            path: format!("{PATH}?state={}", of.as_str()),
            current,
        };
        let nothing = MailsPage {
            word: None,
            relay: None,
            counts: counts.into(),
            sent_since: Timestamp::SAMPLE,
            states: vec![tab(OutboxState::Queued, false), tab(OutboxState::Parked, true)],
            state: "",
            kind: "",
            kinds: kinds(),
            reason: None,
            reasons: vec![],
            mails: vec![],
            newest: None,
            older: None,
        };
        let reasons = vec![ReasonRow {
            reason,
            count: 3,
            path: format!("{PATH}?reason=x"),
            retry: format!("{PATH}/retry?reason=x"),
        }];
        let parked = MailsPage {
            word: Some("One mail is on its way again.".to_owned()),
            relay: Some(AlarmNote::sample()),
            state: "parked",
            reason: Some(reason),
            reasons,
            mails: vec![MailRow::sample(), MailRow::sample_waiting(), MailRow::sample_under_way()],
            newest: Some(format!("{PATH}?state=parked")),
            older: Some(format!("{PATH}?state=parked&after=x")),
            ..nothing.clone()
        };
        let narrowed = |state, kind| MailsPage { state, kind, ..nothing.clone() };
        vec![
            parked,
            narrowed("queued", ""),
            narrowed("parked", ""),
            narrowed("", "confirm"),
            narrowed("", ""),
        ]
    }
}
