//! Mail about a new version of the privacy policy.

use serde::Serialize;

use super::consent::Reader;
use super::sample::{in_days, url};
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// A version of the privacy policy, and what changed for its reader.
#[derive(Clone, Debug, Serialize)]
pub struct NewPolicy {
    /// What forms call it.
    pub label: Label,
    /// When it took effect.
    pub date: Timestamp,
    /// Where it stands for good.
    pub url: String,
    /// What each version changed since the one that the reader agreed to, oldest first. Versions published before
    /// that was asked say nothing.
    pub changes: Vec<String>,
    /// Both versions compared; none where the reader agreed to nothing older.
    pub changes_url: Option<String>,
}

impl NewPolicy {
    /// A version that says what it changes, after one that its reader slept through.
    fn sample() -> Self {
        let label = Label::sample();
        let changes = ["We keep your details for two years.", "A printer sends our post."];
        Self {
            date: Timestamp::SAMPLE,
            url: url(&format!("/policies/privacy/{label}")),
            changes: changes.map(ToOwned::to_owned).into(),
            changes_url: Some(url(&format!("/policies/privacy/{label}/changes?since=2024-01"))),
            label,
        }
    }

    /// One that says nothing, to somebody who agreed to nothing older.
    fn silent_sample() -> Self {
        Self { changes: vec![], changes_url: None, ..Self::sample() }
    }
}

/// The way out by one press: it ends what somebody is sent; where they are sent nothing, their agreement to the privacy
/// policy.
#[derive(Clone, Debug, Serialize)]
pub struct WayOut {
    /// Where the press is.
    pub leave_url: String,
    /// What it ends of what they are sent, by name.
    pub leave_ends: Vec<String>,
    /// Whether they agreed to the privacy policy, which then stays: whoever was brought in from elsewhere may never
    /// have.
    pub policy_stays: bool,
}

impl WayOut {
    fn sample(ends: &[&str], policy_stays: bool) -> Self {
        Self { leave_url: url("/unsubscribe/TOKEN"), leave_ends: names(ends), policy_stays }
    }
}

/// `mail/policy_notice`: tells of a new privacy policy.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyNoticeMail {
    /// The policy.
    pub policy: NewPolicy,
    /// What its reader agreed to, by name.
    pub topics: Vec<String>,
    /// How they leave.
    #[serde(flatten)]
    pub way_out: WayOut,
    /// Whose choices they are.
    #[serde(flatten)]
    pub reader: Reader,
}

impl MailTemplate for PolicyNoticeMail {
    const NAME: &'static str = "policy_notice";

    fn samples() -> Vec<Self> {
        let whole = Self {
            policy: NewPolicy::sample(),
            topics: names(&[POLICY, WEEKLY]),
            way_out: WayOut::sample(&[WEEKLY], true),
            reader: Reader::sample(),
        };
        vec![
            whole.clone(),
            Self { topics: names(&[POLICY]), way_out: WayOut::sample(&[], true), ..whole.clone() },
            Self { policy: NewPolicy::silent_sample(), ..whole.clone() },
            Self { topics: names(&[WEEKLY]), way_out: WayOut::sample(&[WEEKLY], false), ..whole },
        ]
    }
}

/// `mail/renewal`: asks somebody again under a new privacy policy, and reminds them.
#[derive(Clone, Debug, Serialize)]
pub struct RenewalMail {
    /// The policy.
    pub policy: NewPolicy,
    /// The first moment at which what they agreed to counts no more, unless they agree again.
    pub until: Timestamp,
    /// What they are asked for again, by name.
    pub topics: Vec<String>,
    /// What they are sent of that, by which they know us.
    pub keep: Vec<String>,
    /// The page that asks.
    pub renew_url: String,
    /// Whether they were asked before.
    pub reminder: bool,
    /// How they leave.
    #[serde(flatten)]
    pub way_out: WayOut,
    /// Whose choices they are.
    #[serde(flatten)]
    pub reader: Reader,
}

impl RenewalMail {
    /// Asks for these again, and for the privacy policy.
    fn sample(keep: &[&str]) -> Self {
        Self {
            policy: NewPolicy::sample(),
            until: in_days(30),
            topics: names(&[&[POLICY][..], keep].concat()),
            keep: names(keep),
            renew_url: url("/renew/TOKEN"),
            reminder: false,
            way_out: WayOut::sample(keep, true),
            reader: Reader::sample(),
        }
    }
}

impl MailTemplate for RenewalMail {
    const NAME: &'static str = "renewal";

    fn samples() -> Vec<Self> {
        let states = [
            Self::sample(&[WEEKLY]),
            Self::sample(&[]),
            Self {
                policy: NewPolicy::silent_sample(),
                ..Self::sample(&[WEEKLY, "Partner offers"])
            },
            Self {
                topics: names(&[WEEKLY]),
                way_out: WayOut::sample(&[WEEKLY], false),
                ..Self::sample(&[WEEKLY])
            },
        ];
        let reminders = states.clone().map(|asked| Self { reminder: true, ..asked });
        states.into_iter().chain(reminders).collect()
    }
}

const POLICY: &str = "Privacy policy";
const WEEKLY: &str = "The weekly";

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
