//! Mail in words: kinds, states, and what a list is narrowed by.

use serde_json::{Value, json};

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
        MailKind::Checkpoint => "Checkpoint for the witness",
        MailKind::Invitation => "Invitation to the console",
        MailKind::PasswordReset => "New password for the console",
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
pub(super) fn row(mail: &Mail, now: Timestamp) -> Value {
    let under_way = mail.state == OutboxState::Queued && mail.lease_until.is_some_and(|l| l > now);
    json!({
        "id": mail.outbox_id,
        "kind": kind(mail.kind),
        "state": mail.state.as_str(),
        "is_due": mail.next_at <= now,
        "under_way": under_way,
        "attempts": mail.attempts,
        "next_at": mail.next_at,
        "created_at": mail.created_at,
        "finished_at": mail.finished_at,
        "reason": mail.reason,
        "email": mail.email,
        "subscriber_id": mail.subscriber_id,
    })
}

/// One try to hand a mail over.
pub(super) fn tried(tried: &Try) -> Value {
    let (title, kind) = match tried.outcome {
        DeliveryOutcome::Sent => ("Handed to the relay", "on"),
        DeliveryOutcome::Deferred => ("Put off", "wait"),
        DeliveryOutcome::Parked => ("Parked", "bad"),
        DeliveryOutcome::Dropped => ("Dropped", "off"),
    };
    let detail = (tried.outcome != DeliveryOutcome::Sent).then_some(&tried.detail);
    json!({"title": title, "kind": kind, "at": tried.finished_at, "detail": detail})
}

/// What it means that a mail came back.
pub(in crate::web::console) fn bounced(kind: BounceKind) -> &'static str {
    match kind {
        BounceKind::Hard => "Came back: there is no such mailbox",
        BounceKind::Soft => "Came back undelivered",
        BounceKind::Complaint => "Its reader complained",
    }
}

/// That a mail came back.
pub(super) fn came_back(bounce: &CameBack) -> Value {
    let detail = match bounce.kind {
        BounceKind::Hard => "The address is not mailed any more.",
        BounceKind::Soft => "The mailbox may be good; it is counted.",
        BounceKind::Complaint => "They are left alone.",
    };
    let detail = match &bounce.status {
        Some(status) => format!("{detail} The server said {status}."),
        None => detail.to_owned(),
    };
    json!({"title": bounced(bounce.kind), "kind": "bad", "at": bounce.received_at, "detail": detail})
}

pub(super) const PATH: &str = "/console/mail";
