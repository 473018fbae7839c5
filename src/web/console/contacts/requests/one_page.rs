//! The page of one complaint or request.

use serde::Serialize;

use super::labels::StateTag;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;
use crate::web::choice::SelectOption;
use crate::web::console::form::{Faults, fault};

/// `console/request.html`.
#[derive(Clone, Serialize)]
pub(in crate::web::console) struct RequestPage<'a> {
    pub(super) word: Option<&'static str>,
    pub(super) request: Shown,
    pub(super) letters: Vec<LetterRow>,
    /// Which letters can be written.
    pub(super) write: Vec<LetterLink>,
    /// Where it is noted that their proof of identity came, while it is waited for.
    pub(super) resume: Option<String>,
    /// Where it is closed, while it is open.
    pub(super) close: Option<String>,
    pub(super) outcomes: Vec<SelectOption<'static>>,
    pub(super) typed: Typed<'a>,
    /// How long it is kept once it is closed.
    pub(super) kept: String,
    pub(super) proof: Proof,
    pub(super) errors: Faults,
}

/// What is known of it.
#[derive(Clone, Serialize)]
pub(super) struct Shown {
    pub reference: RequestReference,
    pub kind: &'static str,
    pub channel: &'static str,
    pub state: StateTag,
    pub name: Option<String>,
    pub email: Option<EmailAddress>,
    pub words: Option<String>,
    pub received_at: Timestamp,
    pub acknowledge_by: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub extended_at: Option<Timestamp>,
    pub extension_reason: Option<String>,
    pub paused_at: Option<Timestamp>,
    pub paused_days: i64,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<&'static str>,
    pub outcome_note: Option<String>,
    pub entered_by: Option<String>,
}

impl Shown {
    /// A complaint by letter that nobody answered yet.
    fn sample() -> Self {
        let (at, some) = (Timestamp::SAMPLE, |text: &str| Some(text.to_owned()));
        Self {
            reference: RequestReference::sample(),
            kind: "Complaint",
            channel: "Letter",
            state: StateTag::new("New", "wait"),
            name: some("Ada Hughes"),
            email: Some(EmailAddress::sample()),
            words: some("You still write to me."),
            received_at: at,
            acknowledge_by: Some(at),
            acknowledged_at: None,
            due_at: at,
            extended_at: None,
            extension_reason: None,
            paused_at: None,
            paused_days: 0,
            closed_at: None,
            outcome: None,
            outcome_note: None,
            entered_by: None,
        }
    }
}

/// A letter, and what became of it.
#[derive(Clone, Serialize)]
pub(super) struct LetterRow {
    pub title: &'static str,
    pub by: Option<String>,
    pub words: Option<String>,
    pub written_at: Timestamp,
    /// `post`, or where its mail stands.
    pub state: &'static str,
    pub reason: Option<String>,
    pub mail: Option<String>,
}

/// A letter that can be written.
#[derive(Clone, Serialize)]
pub(super) struct LetterLink {
    pub title: &'static str,
    pub path: String,
    pub is_first: bool,
}

/// What the form holds that closes it.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Typed<'a> {
    pub outcome: &'a str,
    pub note: &'a str,
}

/// What is on record of the address.
#[derive(Clone, Serialize)]
pub(super) struct Proof {
    /// Whether there is an address.
    pub is_known: bool,
    pub person: Option<String>,
    pub erased_at: Option<Timestamp>,
    pub stopped: Vec<StoppedRow>,
    pub others: Vec<OtherRequest>,
}

/// Why it is not mailed.
#[derive(Clone, Serialize)]
pub(super) struct StoppedRow {
    pub reason: &'static str,
    pub since: Timestamp,
}

/// Another request of the same address.
#[derive(Clone, Serialize)]
pub(super) struct OtherRequest {
    pub path: String,
    pub kind: &'static str,
    pub reference: RequestReference,
}

impl Page for RequestPage<'_> {
    const TEMPLATE: &'static str = "console/request.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let some = |text: &str| Some(text.to_owned());
        let path = "/console/requests/ID".to_owned();
        let letter = |state, words: Option<&str>| LetterRow {
            title: "Outcome",
            by: words.and(some("ada@example.org")),
            words: words.map(ToOwned::to_owned),
            written_at: at,
            state,
            reason: (state == "dropped").then(|| "the address is suppressed".to_owned()),
            mail: (state != "post").then(|| "/console/mail/ID".to_owned()),
        };
        let new = RequestPage {
            word: Some("The request is entered."),
            request: Shown::sample(),
            letters: vec![],
            write: vec![
                LetterLink { title: "Acknowledge it", path: path.clone(), is_first: true },
                LetterLink { title: "Ask who they are", path: path.clone(), is_first: false },
            ],
            resume: None,
            close: Some(path.clone()),
            outcomes: vec![SelectOption::new("upheld", "Upheld")],
            typed: Typed { outcome: "", note: "" },
            kept: "3 years".to_owned(),
            proof: Proof {
                is_known: true,
                person: some("/console/subscribers/ID"),
                erased_at: None,
                stopped: vec![StoppedRow { reason: "unsubscribed", since: at }],
                others: vec![OtherRequest {
                    path: path.clone(),
                    kind: "Access",
                    reference: RequestReference::sample(),
                }],
            },
            errors: vec![fault("outcome", "Choose how it ended"), fault("note", "Write it")],
        };
        let waiting = RequestPage {
            word: None,
            request: Shown {
                acknowledge_by: None,
                acknowledged_at: Some(at),
                extended_at: Some(at),
                extension_reason: some("It is much."),
                paused_at: Some(at),
                paused_days: 2,
                entered_by: some("ada@example.org"),
                ..new.request.clone()
            },
            letters: ["queued", "sent", "parked", "dropped", "bounced", "post"]
                .map(|state| letter(state, (state != "queued").then_some("Dear Ada\n\nYes.")))
                .into(),
            resume: some("/console/requests/ID/resume"),
            errors: vec![],
            proof: Proof { erased_at: Some(at), ..new.proof.clone() },
            ..new.clone()
        };
        let closed = RequestPage {
            request: Shown {
                name: None,
                email: None,
                words: None,
                closed_at: Some(at),
                outcome: Some("Done"),
                outcome_note: None,
                ..waiting.request.clone()
            },
            write: vec![],
            resume: None,
            close: None,
            proof: Proof {
                is_known: false,
                person: None,
                erased_at: Some(at),
                stopped: vec![],
                others: vec![],
            },
            ..waiting.clone()
        };
        let noted = RequestPage {
            request: Shown { outcome_note: some("All was sent."), ..closed.request.clone() },
            ..closed.clone()
        };
        vec![new, waiting, closed, noted]
    }
}
