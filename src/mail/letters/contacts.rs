//! Mail to whoever complained about data protection or asked for something by their rights.

use serde::Serialize;

use crate::domain::contacts::privacy_request::RequestKind;
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// `mail/request_received`: a complaint arrived. It holds nothing that was typed, for anybody may type anybody's address.
#[derive(Clone, Debug, Serialize)]
pub struct RequestReceivedMail {
    /// What it is known by.
    pub reference: RequestReference,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl MailTemplate for RequestReceivedMail {
    const NAME: &'static str = "request_received";

    fn samples() -> Vec<Self> {
        vec![Self { reference: RequestReference::sample(), received_at: Timestamp::SAMPLE }]
    }
}

/// `mail/request_letter`: what staff wrote about a complaint or a request.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLetterMail {
    /// What it is known by.
    pub reference: RequestReference,
    /// What it is, in the middle of a sentence.
    pub kind: &'static str,
    /// When it reached us.
    pub received_at: Timestamp,
    /// What they wrote: paragraphs, each as its lines.
    pub paragraphs: Vec<Vec<String>>,
}

impl MailTemplate for RequestLetterMail {
    const NAME: &'static str = "request_letter";

    fn samples() -> Vec<Self> {
        let letter = |kind: RequestKind| Self {
            reference: RequestReference::sample(),
            kind: kind.words(),
            received_at: Timestamp::SAMPLE,
            paragraphs: vec![
                vec!["Dear Ada Hughes".to_owned()],
                vec!["We looked into it.".to_owned(), "You were right.".to_owned()],
            ],
        };
        RequestKind::ALL.map(letter).into()
    }
}
