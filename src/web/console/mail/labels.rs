//! Mail in words: kinds, states, and what a list is narrowed by.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{DeliveryOutcome, MailKind, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::mail::mails::{CameBack, Mail, Try};

/// What a mail is, as staff know it.
pub(in crate::web::console) fn kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Confirm => "Confirmation link",
        MailKind::Receipt => "Receipt",
        MailKind::DownloadLink => "Fresh download link",
        MailKind::PreferencesLink => "Lost link to choices",
        MailKind::Change => "Receipt of a change",
        MailKind::PolicyNotice => "Notice of a new policy",
        MailKind::Renewal => "Asking again under a new policy",
        MailKind::RenewalReminder => "Asking again, reminder",
        MailKind::Checkpoint => "Checkpoint to keep",
        MailKind::Invitation => "Invitation to the console",
        MailKind::PasswordReset => "New password for the console",
        MailKind::WebhookOff => "A webhook that was switched off",
        MailKind::RequestReceived => "Word that a complaint arrived",
        MailKind::RequestLetter => "Answer to a complaint or request",
    }
}

/// Where mail stands, as a heading.
pub(in crate::web::console) fn state(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Queued => "Waiting",
        OutboxState::Parked => "Parked",
        OutboxState::Dropped => "Dropped",
        OutboxState::Sent => "Sent",
    }
}

/// A mail as a row of the list and as the head of its page.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct MailRow<'a> {
    id: Uuid,
    kind: &'static str,
    state: &'static str,
    is_due: bool,
    under_way: bool,
    attempts: i32,
    next_at: Timestamp,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
    reason: Option<&'a str>,
    email: Option<&'a str>,
    subscriber_id: Option<Uuid>,
}

impl<'a> MailRow<'a> {
    pub(super) fn new(mail: &'a Mail, now: Timestamp) -> Self {
        let is_held = mail.lease_until.is_some_and(|until| until > now);
        Self {
            id: mail.outbox_id,
            kind: kind(mail.kind),
            state: mail.state.as_str(),
            is_due: mail.next_at <= now,
            under_way: mail.state == OutboxState::Queued && is_held,
            attempts: mail.attempts,
            next_at: mail.next_at,
            created_at: mail.created_at,
            finished_at: mail.finished_at,
            reason: mail.reason.as_deref(),
            email: mail.email.as_deref(),
            subscriber_id: mail.subscriber_id,
        }
    }
}

impl MailRow<'static> {
    /// One that was parked.
    pub(super) fn sample() -> Self {
        Self {
            id: Uuid::nil(),
            kind: kind(MailKind::Confirm),
            state: OutboxState::Parked.as_str(),
            is_due: true,
            under_way: false,
            attempts: 1,
            next_at: Timestamp::SAMPLE,
            created_at: Timestamp::SAMPLE,
            finished_at: Some(Timestamp::SAMPLE),
            reason: Some("refused: the relay said 554 5.7.1 to the recipient"),
            email: Some("sam@leeds.example"),
            subscriber_id: Some(Uuid::nil()),
        }
    }

    /// One that waits until it is due, for nobody who is known here.
    pub(super) fn sample_waiting() -> Self {
        Self {
            state: OutboxState::Queued.as_str(),
            is_due: false,
            finished_at: None,
            reason: None,
            email: None,
            subscriber_id: None,
            ..Self::sample()
        }
    }

    /// One to staff, or to somebody who is no subscriber.
    pub(super) fn sample_to_others() -> Self {
        Self { subscriber_id: None, ..Self::sample() }
    }

    /// One that a worker hands over.
    pub(super) fn sample_under_way() -> Self {
        Self { under_way: true, is_due: true, ..Self::sample_waiting() }
    }
}

/// Something that became of a mail.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct MailEvent {
    title: &'static str,
    kind: &'static str,
    pub(super) at: Timestamp,
    detail: Option<String>,
}

/// It was tried to hand it over.
impl From<Try> for MailEvent {
    fn from(tried: Try) -> Self {
        let (title, kind) = match tried.outcome {
            DeliveryOutcome::Sent => ("Handed to the relay", "on"),
            DeliveryOutcome::Deferred => ("Put off", "wait"),
            DeliveryOutcome::Parked => ("Parked", "bad"),
            DeliveryOutcome::Dropped => ("Dropped", "off"),
        };
        let detail = (tried.outcome != DeliveryOutcome::Sent).then_some(tried.detail);
        Self { title, kind, at: tried.finished_at, detail }
    }
}

/// It came back.
impl From<CameBack> for MailEvent {
    fn from(bounce: CameBack) -> Self {
        let detail = match bounce.kind {
            BounceKind::Hard => "The address is not mailed any more.",
            BounceKind::Soft => "The mailbox may be good; it is counted.",
            BounceKind::Complaint => "They are left alone.",
        };
        let detail = match bounce.status {
            Some(status) => format!("{detail} The server said {status}."),
            None => detail.to_owned(),
        };
        Self {
            title: bounced(bounce.kind),
            kind: "bad",
            at: bounce.received_at,
            detail: Some(detail),
        }
    }
}

/// What it means that a mail came back.
pub(in crate::web::console) fn bounced(kind: BounceKind) -> &'static str {
    match kind {
        BounceKind::Hard => "Came back: there is no such mailbox",
        BounceKind::Soft => "Came back undelivered",
        BounceKind::Complaint => "Its reader complained",
    }
}

pub(super) const PATH: &str = "/console/mail";
