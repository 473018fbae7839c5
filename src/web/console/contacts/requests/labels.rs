//! Complaints and requests in words: what they are, where they stand, what comes next.

use serde::Serialize;

use crate::domain::contacts::privacy_request::{
    LetterTemplate, RequestChannel, RequestKind, RequestOutcome,
};
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::privacy_requests::PrivacyRequest;

/// What somebody wants, as a heading.
pub(super) fn title(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Complaint => "Complaint",
        RequestKind::Access => "Access",
        RequestKind::Erasure => "Erasure",
        RequestKind::Objection => "Objection",
    }
}

/// What that means.
pub(super) fn about(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Complaint => "They think that we did something wrong with their details.",
        RequestKind::Access => "They want to know what we hold about them.",
        RequestKind::Erasure => "They want it erased.",
        RequestKind::Objection => "They want us to stop something that we do with it.",
    }
}

/// How it reached us.
pub(super) fn channel(channel: RequestChannel) -> &'static str {
    match channel {
        RequestChannel::Form => "The form on our pages",
        RequestChannel::Letter => "Letter",
        RequestChannel::Telephone => "Telephone",
        RequestChannel::Email => "Email",
        RequestChannel::InPerson => "In person",
    }
}

/// How it ended.
pub(super) fn outcome(outcome: RequestOutcome) -> &'static str {
    match outcome {
        RequestOutcome::Upheld => "Upheld",
        RequestOutcome::PartlyUpheld => "Upheld in part",
        RequestOutcome::NotUpheld => "Not upheld",
        RequestOutcome::Done => "Done",
        RequestOutcome::PartlyDone => "Done in part",
        RequestOutcome::Refused => "Refused",
        RequestOutcome::TakenBack => "Taken back",
    }
}

/// What a letter is for.
pub(super) fn letter(template: LetterTemplate) -> &'static str {
    match template {
        LetterTemplate::Received => "Word that it arrived",
        LetterTemplate::Acknowledge => "Acknowledgement",
        LetterTemplate::Identity => "Question who they are",
        LetterTemplate::Extended => "Word that it takes longer",
        LetterTemplate::Outcome => "Outcome",
    }
}

/// What the button says that begins it.
pub(super) fn begin(template: LetterTemplate) -> &'static str {
    match template {
        LetterTemplate::Received | LetterTemplate::Acknowledge => "Acknowledge it",
        LetterTemplate::Identity => "Ask who they are",
        LetterTemplate::Extended => "Say that it takes longer",
        LetterTemplate::Outcome => "Tell the outcome",
    }
}

/// A state as a coloured word.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct StateTag {
    word: &'static str,
    kind: &'static str,
}

impl StateTag {
    pub(super) fn new(word: &'static str, kind: &'static str) -> Self {
        Self { word, kind }
    }
}

/// Where a request stands.
pub(super) fn state(request: &PrivacyRequest, now: Timestamp) -> StateTag {
    match request.outcome {
        Some(ended) => StateTag::new(outcome(ended), "off"),
        None if request.is_overdue(now) => StateTag::new("Overdue", "bad"),
        None if request.paused_at.is_some() => StateTag::new("Waiting", "off"),
        None if request.acknowledged_at.is_none() => StateTag::new("New", "wait"),
        None => StateTag::new("Open", "wait"),
    }
}

/// What comes next, and until when.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Next {
    pub words: &'static str,
    pub until: Option<Timestamp>,
}

/// What is to be done about a request next.
pub(super) fn next(request: &PrivacyRequest) -> Next {
    let acknowledge_by = request.acknowledge_by.filter(|_| request.acknowledged_at.is_none());
    let acknowledge_by =
        acknowledge_by.filter(|by| *by <= request.due_at || request.paused_at.is_some());
    if request.closed_at.is_some() {
        Next { words: "Closed", until: None }
    } else if acknowledge_by.is_some() {
        Next { words: "Acknowledge", until: acknowledge_by }
    } else if request.paused_at.is_some() {
        Next { words: "Waits for proof of identity", until: None }
    } else {
        Next { words: "Answer", until: Some(request.due_at) }
    }
}
