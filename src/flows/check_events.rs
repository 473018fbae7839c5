//! Whether events are what they were: bodies against leaves, and all that rests on them against bodies.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use uuid::Uuid;

use crate::domain::address_key::AddressSecret;
use crate::domain::consent::EventType;
use crate::domain::email_address::EmailAddress;
use crate::domain::signup::Method;
use crate::domain::timestamp::Timestamp;
use crate::ledger::leaf::{is_leaf, leaf};
use crate::ledger::tree::{Hash, leaf_hash};
use crate::store::notices::Notice;
use crate::store::policy_versions::PolicyVersion;
use crate::store::verifications::{EventRow, Ground};

/// Something that is not what it was: the row, and what is wrong with it. It names no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place in the tree, if it has one.
    pub index: Option<i64>,
    /// The sentence.
    pub what: String,
}

/// What is found of some events.
#[derive(Debug, Default)]
pub struct Checked {
    /// The hash of each leaf, in the order of the rows.
    pub hashes: Vec<Hash>,
    /// How many were erased.
    pub erased: u64,
    /// How many are what a consent rests on.
    pub grounds: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// What events point at, for good.
pub struct EventChecker {
    notices: HashMap<Uuid, String>,
    policies: HashMap<Uuid, (String, String)>,
    addresses: AddressSecret,
}

/// What the check reads of a body.
#[derive(Deserialize)]
struct Body<'a> {
    at: &'a str,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
    event_id: Uuid,
    method: Method,
    notice: Option<Hashed<'a>>,
    policy: Option<Hashed<'a>>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    #[serde(borrow)]
    report: Option<Cow<'a, str>>,
    requested_at: Option<&'a str>,
    signup_id: Option<Uuid>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    subscriber_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Hashed<'a> {
    sha256: &'a str,
    label: Option<&'a str>,
}

impl EventChecker {
    /// A checker that knows these notices and policies.
    #[must_use]
    pub fn new(
        notices: Vec<Notice>,
        policies: Vec<PolicyVersion>,
        addresses: AddressSecret,
    ) -> Self {
        let policy = |p: PolicyVersion| (p.policy_version_id, (p.label.to_string(), p.sha256));
        Self {
            notices: notices.into_iter().map(|n| (n.notice_id, n.sha256)).collect(),
            policies: policies.into_iter().map(policy).collect(),
            addresses,
        }
    }

    /// Checks each row by itself.
    #[must_use]
    pub fn check(&self, rows: &[EventRow]) -> Checked {
        let mut checked = Checked::default();
        for row in rows {
            checked.hashes.push(leaf_hash(row.leaf.as_bytes()));
            checked.erased += u64::from(row.body.is_none());
            checked.grounds += u64::from(row.ground == Ground::This);
            if let Err(why) = self.row(row) {
                let what = format!("event {}: {why}", row.event_id);
                checked.findings.push(Finding { index: row.leaf_index, what });
            }
        }
        checked
    }

    fn row(&self, row: &EventRow) -> Result<(), String> {
        let (text, salt) = match (&row.body, &row.salt) {
            (Some(body), Some(salt)) => (body, salt),
            (None, None) => return bare(row),
            _ => return Err("it has a body without its salt, or a salt without its body".into()),
        };
        let salt = salt.as_slice().try_into().map_err(|_| "its salt is not 32 bytes".to_owned())?;
        if leaf(row.event_type, salt, text) != row.leaf {
            return Err("its body is not the one that its leaf commits to".into());
        }
        let body: Body<'_> = serde_json::from_str(text)
            .map_err(|_| "its body is not the evidence of an event".to_owned())?;
        self.columns(row, &body)?;
        consent(row, &body)?;
        self.address(row)
    }

    /// The key that the person is recognised by, wherever they must not be written to.
    fn address(&self, row: &EventRow) -> Result<(), String> {
        let (Some(email), Some(key)) = (&row.email, &row.address_key) else { return Ok(()) };
        let own = EmailAddress::parse(email).map(|email| self.addresses.key(&email));
        if row.ground != Ground::This || own.is_ok_and(|own| own.as_bytes() == key) {
            Ok(())
        } else {
            Err("its subscriber is recognised by the key of another address".into())
        }
    }

    /// The columns beside the body, by which the program reads.
    fn columns(&self, row: &EventRow, body: &Body<'_>) -> Result<(), String> {
        let notice = row.notice_id.and_then(|id| self.notices.get(&id));
        let policy = row.policy_version_id.and_then(|id| self.policies.get(&id));
        let said = |hashed: &Option<Hashed<'_>>| hashed.as_ref().map(|h| h.sha256.to_owned());
        let label = body.policy.as_ref().and_then(|policy| policy.label);
        let subject = match row.event_type {
            EventType::Requested => body.signup_id,
            _ => body.subscriber_id,
        };
        let differs = [
            ("key", body.event_id != row.event_id),
            ("subject", subject != Some(row.subject_id)),
            ("signup", body.signup_id != row.signup_id),
            ("subscriber", body.subscriber_id != row.subscriber_id),
            ("time", time(row.recorded_at).as_deref() != Some(body.at)),
            ("purpose", body.purpose != row.purpose.as_str()),
            ("words", said(&body.notice) != notice.cloned()),
            ("policy", said(&body.policy) != policy.map(|(_, sha256)| sha256.clone())),
            ("policy label", label != policy.map(|(label, _)| label.as_str())),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            Some((what, _)) => Err(format!("its {what} is not the one in its body")),
            None => Ok(()),
        }
    }
}

/// Whether a moment of the database is the one of the body. The moment of recording was compared before,
/// and writing moments down is what takes longest here.
fn is_at(at: Option<Timestamp>, said: Option<&str>, row: &EventRow, body: &Body<'_>) -> bool {
    (at == row.recorded_at && said == Some(body.at)) || time(at).as_deref() == said
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// What stays of an erased event.
fn bare(row: &EventRow) -> Result<(), String> {
    if !is_leaf(row.event_type, &row.leaf) {
        return Err("its leaf is not one of such an event".into());
    }
    match row.ground {
        Ground::This => Err("a consent rests on it, and its body is gone".into()),
        Ground::None | Ground::Another => Ok(()),
    }
}

/// The consent that rests on this event, or on a later one: the fold of the subscriber's events.
fn consent(row: &EventRow, body: &Body<'_>) -> Result<(), String> {
    if matches!(row.event_type, EventType::Requested | EventType::Erased) {
        return Ok(());
    }
    match row.ground {
        Ground::This => {}
        Ground::Another if row.ahead.is_some_and(|ahead| ahead > 0) => return Ok(()),
        Ground::Another => return Err("the consent it made rests on an older event".into()),
        Ground::None => return Err("the consent that it made is missing".into()),
    }
    let confirmed = match body.method {
        Method::Import => body.requested_at,
        _ => Some(body.at),
    };
    let same_address = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let in_force = row.event_type.in_force();
    let differs = [
        ("state", row.standing_state != Some(row.event_type)),
        ("words", !row.same_words),
        ("policy", !row.same_policy),
        (
            "address",
            !same_address(
                &row.email.clone().unwrap_or_default(),
                body.email.as_deref().unwrap_or_default(),
            ),
        ),
        ("report", in_force && row.standing_report.as_deref() != body.report.as_deref()),
        ("page", in_force && row.standing_source.as_deref() != Some(&body.source)),
        ("time", in_force && !is_at(row.standing_requested_at, body.requested_at, row, body)),
        ("time", in_force && !is_at(row.standing_confirmed_at, confirmed, row, body)),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => Err(format!("the {what} of the consent that rests on it is another")),
        None => Ok(()),
    }
}
