//! Mail about somebody's choices.

use serde::Serialize;

use super::sample::url;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// The subscriber that a mail goes to.
#[derive(Clone, Debug, Serialize)]
pub struct Reader {
    /// Their address.
    pub address: EmailAddress,
    /// The page of their choices.
    pub manage_url: String,
}

impl Reader {
    pub(super) fn sample() -> Self {
        Self { address: EmailAddress::sample(), manage_url: url("/preferences/TOKEN") }
    }
}

/// What was agreed to, in the words of then.
#[derive(Clone, Debug, Serialize)]
pub struct AgreedItem {
    /// The name of the purpose.
    pub name: String,
    /// The words.
    pub words: String,
    /// When.
    pub at: Timestamp,
    /// The version of the privacy policy that stood beside them.
    pub policy_label: Label,
    /// Where it stands for good.
    pub policy_url: String,
}

impl AgreedItem {
    /// The privacy policy, and a newsletter.
    pub(super) fn samples() -> Vec<Self> {
        let words = [
            ("Privacy policy", "Example Press Ltd may hold and process my details."),
            ("The weekly", "Send me the weekly. I can withdraw at any time."),
        ];
        let policy = Label::sample();
        let item = |(name, words): (&str, &str)| Self {
            name: name.to_owned(),
            words: words.to_owned(),
            at: Timestamp::SAMPLE,
            policy_label: policy.clone(),
            policy_url: url(&format!("/policies/privacy/{policy}")),
        };
        words.map(item).into()
    }
}

/// `mail/preferences_link`: the link to somebody's choices, for who lost it.
#[derive(Clone, Debug, Serialize)]
pub struct PreferencesLinkMail {
    /// Whose choices they are.
    #[serde(flatten)]
    pub reader: Reader,
}

impl MailTemplate for PreferencesLinkMail {
    const NAME: &'static str = "preferences_link";

    fn samples() -> Vec<Self> {
        vec![Self { reader: Reader::sample() }]
    }
}

/// `mail/change`: the receipt of a change of choices.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeMail {
    /// What they agreed to now.
    pub agreed: Vec<AgreedItem>,
    /// What ended.
    pub ended: Vec<EndedItem>,
    /// What is in force, by name.
    pub standing: Vec<String>,
    /// The page that checks the promises, where they are attached.
    pub verify_url: Option<String>,
    /// Whose choices they are.
    #[serde(flatten)]
    pub reader: Reader,
}

/// What ended.
#[derive(Clone, Debug, Serialize)]
pub struct EndedItem {
    /// The name of the purpose.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

impl MailTemplate for ChangeMail {
    const NAME: &'static str = "change";

    fn samples() -> Vec<Self> {
        let ended = EndedItem { name: "The weekly".to_owned(), at: Timestamp::SAMPLE };
        let whole = Self {
            agreed: AgreedItem::samples(),
            ended: vec![ended],
            standing: vec!["Privacy policy".to_owned(), "The weekly".to_owned()],
            verify_url: Some(url("/ledger/verify")),
            reader: Reader::sample(),
        };
        let left =
            Self { agreed: vec![], standing: vec!["Privacy policy".to_owned()], ..whole.clone() };
        vec![
            whole.clone(),
            Self { ended: vec![], ..whole },
            left.clone(),
            Self { standing: vec![], verify_url: None, ..left },
        ]
    }
}
