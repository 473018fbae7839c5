//! Mail about a form: the link that confirms it, the receipt, a fresh link to the report.

use serde::Serialize;

use super::consent::AgreedItem;
use super::sample::{in_days, url};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// The report that a mail is about.
#[derive(Clone, Debug, Serialize)]
pub struct MailedReport {
    /// Its title.
    pub title: String,
}

impl MailedReport {
    fn sample() -> Self {
        Self { title: "Digital councils: where they stand".to_owned() }
    }
}

/// A newsletter, or a purpose of the operator's own, that was ticked on a form.
#[derive(Clone, Debug, Serialize)]
pub struct TickedNewsletter {
    /// Its name.
    pub name: String,
}

/// `mail/confirm`: the link whose button confirms a form.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmMail {
    /// The report asked for.
    pub report: Option<MailedReport>,
    /// What was ticked besides.
    pub newsletters: Vec<TickedNewsletter>,
    /// The page with the button.
    pub confirm_url: String,
    /// The six digits that do the same on the waiting page; none for a form that is confirmed behind the link alone.
    pub code: Option<String>,
    /// Where the owner of the address says that it was not them.
    pub not_me_url: String,
    /// Until when the link works.
    pub valid_until: Timestamp,
    /// Whether the address belongs to a subscriber already.
    pub again: bool,
    /// The address as it was typed.
    pub address: String,
}

impl ConfirmMail {
    /// The first sample.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            report: Some(MailedReport::sample()),
            newsletters: ticked(&["The weekly"]),
            confirm_url: url("/confirm/TOKEN"),
            code: Some("123456".to_owned()),
            not_me_url: url("/confirm/TOKEN/not-me"),
            valid_until: in_days(2),
            again: false,
            address: EmailAddress::sample().to_string(),
        }
    }
}

impl MailTemplate for ConfirmMail {
    const NAME: &'static str = "confirm";

    fn samples() -> Vec<Self> {
        let both = ticked(&["The weekly", "The monthly"]);
        vec![
            Self::sample(),
            Self { newsletters: vec![], again: true, ..Self::sample() },
            Self { report: None, newsletters: both, ..Self::sample() },
            Self { report: None, again: true, ..Self::sample() },
            Self { code: None, ..Self::sample() },
        ]
    }
}

fn ticked(names: &[&str]) -> Vec<TickedNewsletter> {
    names.iter().map(|name| TickedNewsletter { name: (*name).to_owned() }).collect()
}

/// `mail/receipt`: the words that a form agreed to, and the download.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptMail {
    /// The report asked for.
    pub report: Option<MailedReport>,
    /// Where it is downloaded.
    pub download_url: Option<String>,
    /// Until when.
    pub download_until: Option<Timestamp>,
    /// What was agreed to.
    pub agreed: Vec<ReceiptItem>,
    /// The address as it was typed.
    pub address: String,
    /// The page of their choices.
    pub manage_url: Option<String>,
    /// Where one press ends such mail, if any of it stands.
    pub unsubscribe_url: Option<String>,
    /// The page that checks the promises, where they are attached.
    pub verify_url: Option<String>,
}

/// What was agreed to, and whether it ended since: mail may be late.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptItem {
    /// The words.
    #[serde(flatten)]
    pub agreed: AgreedItem,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

impl ReceiptMail {
    /// The first sample.
    #[must_use]
    pub fn sample() -> Self {
        let ended = [None, Some(Timestamp::SAMPLE)];
        let agreed = AgreedItem::samples().into_iter().zip(ended);
        Self {
            report: Some(MailedReport::sample()),
            download_url: Some(url("/downloads/TOKEN")),
            download_until: Some(in_days(2)),
            agreed: agreed.map(|(agreed, ended)| ReceiptItem { agreed, ended }).collect(),
            address: EmailAddress::sample().to_string(),
            manage_url: Some(url("/preferences/TOKEN")),
            unsubscribe_url: Some(url("/unsubscribe/TOKEN")),
            verify_url: Some(url("/ledger/verify")),
        }
    }
}

impl MailTemplate for ReceiptMail {
    const NAME: &'static str = "receipt";

    fn samples() -> Vec<Self> {
        let alone = Self { report: None, download_url: None, ..Self::sample() };
        vec![
            Self::sample(),
            Self { download_until: None, unsubscribe_url: None, ..Self::sample() },
            Self { download_until: None, verify_url: None, ..alone },
        ]
    }
}

/// `mail/download_link`: the link to a report, as somebody asked for it.
#[derive(Clone, Debug, Serialize)]
pub struct DownloadLinkMail {
    /// The report.
    pub report: MailedReport,
    /// Where it is downloaded.
    pub download_url: String,
    /// Until when.
    pub until: Timestamp,
    /// Whether it takes the place of one that was sent before.
    pub fresh: bool,
}

impl MailTemplate for DownloadLinkMail {
    const NAME: &'static str = "download_link";

    fn samples() -> Vec<Self> {
        let download_url = url("/downloads/TOKEN");
        let report = MailedReport::sample();
        let fresh = Self { report, download_url, until: in_days(2), fresh: true };
        vec![fresh.clone(), Self { fresh: false, ..fresh }]
    }
}
