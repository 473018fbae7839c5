//! The mail by which an operator tries whether mail arrives.

use serde::Serialize;

use super::sample::url;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// `mail/test`: what `assent mail test` sends.
#[derive(Clone, Debug, Serialize)]
pub struct TestMail {
    /// When it was sent.
    pub date: Timestamp,
    /// Where links of real mail lead.
    pub base_url: String,
}

impl MailTemplate for TestMail {
    const NAME: &'static str = "test";

    fn samples() -> Vec<Self> {
        vec![Self { date: Timestamp::SAMPLE, base_url: url("") }]
    }
}
