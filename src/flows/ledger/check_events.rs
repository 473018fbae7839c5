//! Whether events are what they were: MACs and bodies against leaves, and all that rests on them against bodies.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use assent_ledger::digest::sha256_hex;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use assent_ledger::note::encode_hash;
use assent_ledger::record::Told;
use assent_ledger::tree::{Hash, leaf_hash};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::consent::evidence_key::{ConsentFields, EventFields, EvidenceKey, RowMac};
use crate::domain::contacts::address_key::{AddressKey, AddressSecret};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::submitted_form::Method;
use crate::domain::timestamp::Timestamp;
use crate::flows::FlowSettings;
use crate::flows::ledger::keep_record::{has_our_mac, is_committed};
use crate::store::Tx;
use crate::store::catalog::notices;
use crate::store::consent::{blank_forms, contexts};
use crate::store::ledger::records::StoredRecord;
use crate::store::ledger::verifications::{EventRow, Ground, Hex};
use crate::store::policy::versions::{self, PolicyVersion};

/// Something that is not what it was: the row, and what is wrong with it. It names no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place in the tree, if it has one.
    pub index: Option<i64>,
    /// The sentence.
    pub what: String,
}

/// What one row of the tree came to.
#[derive(Debug)]
pub struct CheckedLeaf {
    /// Its place; none while it waits for one.
    pub index: Option<i64>,
    /// The hash of its leaf.
    pub hash: Hash,
    /// The version of its leaf; 0 of one that is none.
    pub version: u8,
    /// Whether body and salt are gone.
    pub bare: bool,
    /// What it says of other leaves.
    pub told: Option<Told>,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
}

/// What is found of some rows.
#[derive(Debug, Default)]
pub struct Checked {
    /// Each row, in their order.
    pub leaves: Vec<CheckedLeaf>,
    /// How many are what a consent rests on.
    pub grounds: u64,
    /// How many are the newest of their subscriber.
    pub newest: u64,
    /// How many are the first of a signup's choices, and still there.
    pub forms: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is strange, and may have its reason.
    pub warnings: Vec<Finding>,
}

/// What events point at, for good.
pub struct EventChecker {
    notices: HashMap<Uuid, String>,
    policies: HashMap<Uuid, (String, String)>,
    contexts: HashMap<String, Context>,
    /// The hashes of the blank forms that are kept. Whether each is what it is named by is looked at once for all.
    forms: HashSet<String>,
    addresses: AddressSecret,
    key: EvidenceKey,
}

/// What the check reads of a body. Since version 2 of the leaf, what stands in the context is not here.
#[derive(Deserialize)]
struct Body<'a> {
    at: &'a str,
    context: Option<&'a str>,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
    event_id: Uuid,
    previous: Option<&'a str>,
    requested_at: Option<&'a str>,
    seq: Option<i64>,
    signup_id: Option<Uuid>,
    subscriber_id: Option<Uuid>,
}

/// What many events share; in an older body, or in an erasure's, it stands among the rest.
#[derive(Deserialize)]
struct Context {
    form: Option<String>,
    method: Method,
    notice: Option<Hashed>,
    policy: Option<Hashed>,
    purpose: String,
    report: Option<String>,
    source: String,
}

#[derive(Deserialize)]
struct Hashed {
    sha256: String,
    label: Option<String>,
}

impl EventChecker {
    /// A checker that knows the notices, policies, contexts and blank forms that are there now; of the forms it reads the
    /// hashes alone.
    pub async fn load(tx: &mut Tx, settings: &FlowSettings) -> sqlx::Result<Self> {
        let notices = notices::list(tx).await?.into_iter();
        let policies = versions::list(tx, LANG).await?.into_iter();
        let contexts = contexts::list(tx).await?.into_iter();
        let forms = blank_forms::list_hashes(tx).await?;
        let policy = |p: PolicyVersion| (p.policy_version_id, (p.label.to_string(), p.sha256));
        Ok(Self {
            notices: notices.map(|n| (n.notice_id, n.sha256)).collect(),
            policies: policies.map(policy).collect(),
            contexts: contexts
                .map(|c| (HEXLOWER.encode(&c.sha256), c.body))
                .filter(|(sha256, body)| *sha256 == sha256_hex(body.as_bytes()))
                .filter_map(|(sha256, body)| Some((sha256, serde_json::from_str(&body).ok()?)))
                .collect(),
            forms: forms.into_iter().collect(),
            addresses: settings.address_secret.clone(),
            key: settings.evidence_key.clone(),
        })
    }

    /// Checks each event by itself.
    #[must_use]
    pub fn check(&self, rows: &[EventRow<'_>]) -> Checked {
        let mut checked = Checked::default();
        for row in rows {
            let whole = row.body.is_some();
            checked.grounds += u64::from(row.ground == Ground::This);
            checked.newest += u64::from(row.newest);
            let first = row.event_type == EventType::Requested && row.seq == 1;
            checked.forms += u64::from(first && whole);
            let head = LeafHead::read(row.leaf);
            if let Err(why) = self.row(row, head).and_then(|()| self.ours(row)) {
                let what = format!("event {}: {why}", row.event_id);
                checked.findings.push(Finding { index: row.leaf_index, what });
            }
            if row.runs_back {
                let what =
                    format!("event {} bears an earlier time than the one before it", row.event_id);
                checked.warnings.push(Finding { index: row.leaf_index, what });
            }
            checked.leaves.push(CheckedLeaf {
                index: row.leaf_index,
                hash: leaf_hash(row.leaf.as_bytes()),
                version: head.map_or(0, |head| head.version),
                bare: !whole,
                told: self.told(row, head),
                recorded_at: row.recorded_at,
            });
        }
        checked
    }

    /// Checks one record that the ledger made of itself: its leaf, and the sentence that says what is wrong.
    #[must_use]
    pub fn record(&self, record: &StoredRecord) -> (CheckedLeaf, Option<String>) {
        let told: Option<Told> = serde_json::from_str(&record.body).ok();
        let wrong = if !is_committed(record) {
            Some("its body is not the one that its leaf commits to")
        } else if !has_our_mac(&self.key, record) {
            Some("this program did not write it")
        } else if told.is_none() {
            Some("its body is not what a record says")
        } else {
            None
        };
        let leaf = CheckedLeaf {
            index: record.leaf_index,
            hash: leaf_hash(record.leaf.as_bytes()),
            version: LeafHead::of_record(record.record_type).version,
            bare: false,
            told: told.filter(|_| wrong.is_none()),
            recorded_at: Some(record.recorded_at),
        };
        (leaf, wrong.map(|why| format!("record {}: {why}", record.record_id)))
    }

    /// What an erasure of ours says of the leaves that it emptied.
    fn told(&self, row: &EventRow<'_>, head: Option<LeafHead>) -> Option<Told> {
        let body = row.body.filter(|_| row.event_type == EventType::Erased)?;
        let salt = row.salt?.bytes()?;
        let is_ours = self.ours(row).is_ok() && head?.leaf(&salt, body) == row.leaf;
        is_ours.then(|| serde_json::from_str(body).ok())?
    }

    /// Whether this program wrote it.
    fn ours(&self, row: &EventRow<'_>) -> Result<(), String> {
        if agrees(row.mac, &self.key.event(&fields(row))) {
            Ok(())
        } else {
            Err("this program did not write it, or it was another one".into())
        }
    }

    fn row(&self, row: &EventRow<'_>, head: Option<LeafHead>) -> Result<(), String> {
        if row.seq < 1 {
            return Err("its number is none that this program gives".into());
        }
        if row.seq > 1 && row.previous.is_none() {
            return Err("the event before it of the same subject is missing".into());
        }
        let (text, salt) = match (row.body, row.salt) {
            (Some(body), Some(salt)) => (body, salt),
            (None, None) => return bare(row).and_then(|()| left_over(row)),
            _ => return Err("it has a body without its salt, or a salt without its body".into()),
        };
        let salt = salt.bytes().ok_or_else(|| "its salt is not 32 bytes".to_owned())?;
        let head = head
            .filter(|head| head.event_type() == Some(row.event_type))
            .filter(|head| head.leaf(&salt, text) == row.leaf);
        let head =
            head.ok_or_else(|| "its body is not the one that its leaf commits to".to_owned())?;
        let unreadable = |_| "its body is not the evidence of an event".to_owned();
        let body: Body<'_> = serde_json::from_str(text).map_err(unreadable)?;
        let own: Context;
        let context = if let Some(named) = body.context {
            let missing = "its context is missing, or is not that of its hash";
            self.contexts.get(named).ok_or(missing)?
        } else {
            own = serde_json::from_str(text).map_err(unreadable)?;
            &own
        };
        if head.version > 1 {
            order(row, &body)?;
        }
        left_over(row)?;
        self.columns(row, &body, context)?;
        consent(row, &body, context)?;
        self.standing(row)
    }

    /// The consent that rests on this event, as this program wrote it, of the address that it is about.
    fn standing(&self, row: &EventRow<'_>) -> Result<(), String> {
        if row.ground != Ground::This {
            return Ok(());
        }
        let other = || "its subscriber is recognised by the key of another address".to_owned();
        let email = row.standing.email.and_then(|email| EmailAddress::parse(email).ok());
        let own = email.map(|email| self.addresses.key(&email)).ok_or_else(other)?;
        let stored: Option<[u8; 32]> = row.standing.address_key.and_then(Hex::bytes);
        if stored.as_ref().map(|stored| &stored[..]) != Some(own.as_bytes()) {
            return Err(other());
        }
        let bound = self.key.subscriber(row.subject_id, &own);
        if !agrees(row.standing.subscriber_mac, &bound) {
            return Err("its subscriber was another address's".into());
        }
        match self.consent_fields(row, &own) {
            Some(fields) if agrees(row.standing.mac, &self.key.consent(&fields)) => Ok(()),
            _ => Err("this program did not write the consent that rests on it".into()),
        }
    }

    /// What the MAC of the consent is over that rests on this event.
    fn consent_fields<'a>(
        &'a self,
        row: &'a EventRow<'_>,
        address_key: &'a AddressKey,
    ) -> Option<ConsentFields<'a>> {
        let standing = &row.standing;
        let notice_id = row.notice_id.filter(|_| standing.same_words)?;
        let policy_version_id = row.policy_version_id.filter(|_| standing.same_policy)?;
        Some(ConsentFields {
            subscriber_id: row.subject_id,
            address_key,
            purpose: &row.purpose,
            state: standing.state?,
            event_id: row.event_id,
            seq: row.seq,
            notice_sha256: self.notices.get(&notice_id)?,
            policy_label: &self.policies.get(&policy_version_id)?.0,
            report_id: standing.report_id,
            source: standing.source.unwrap_or_default(),
            requested_at: standing.requested_at?,
            confirmed_at: standing.confirmed_at?,
        })
    }

    /// The columns beside the body, by which the program reads.
    fn columns(
        &self,
        row: &EventRow<'_>,
        body: &Body<'_>,
        context: &Context,
    ) -> Result<(), String> {
        let notice = row.notice_id.and_then(|id| self.notices.get(&id));
        let policy = row.policy_version_id.and_then(|id| self.policies.get(&id));
        let words = context.notice.as_ref().map(|hashed| &hashed.sha256);
        let shown = context.policy.as_ref().map(|hashed| &hashed.sha256);
        let label = context.policy.as_ref().and_then(|policy| policy.label.as_deref());
        let named = match (body.context, row.context_sha256) {
            (Some(named), Some(stored)) => named.eq_ignore_ascii_case(stored.as_str()),
            (named, stored) => named.is_none() && stored.is_none(),
        };
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
            ("purpose", context.purpose != row.purpose.as_str()),
            ("words", words != notice),
            ("policy", shown != policy.map(|(_, sha256)| sha256)),
            ("policy label", label != policy.map(|(label, _)| label.as_str())),
            ("context", !named),
            ("blank form", context.form.as_ref().is_some_and(|form| !self.forms.contains(form))),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            Some((what, _)) => Err(format!("its {what} is not the one in its body")),
            None => Ok(()),
        }
    }
}

/// What an event's MAC is over.
fn fields<'a>(row: &'a EventRow<'_>) -> EventFields<'a> {
    EventFields {
        event_id: row.event_id,
        subject_id: row.subject_id,
        seq: row.seq,
        event_type: row.event_type,
        purpose: &row.purpose,
        leaf: row.leaf,
    }
}

fn agrees(stored: Option<Hex<'_>>, own: &RowMac) -> bool {
    let stored: Option<RowMac> = stored.and_then(Hex::bytes);
    EvidenceKey::agrees(stored.as_ref().map(|stored| &stored[..]), own)
}

/// The place in the order of its subject, which the body commits to.
fn order(row: &EventRow<'_>, body: &Body<'_>) -> Result<(), String> {
    let before = row.previous.map(|leaf| encode_hash(&leaf_hash(leaf.as_bytes())));
    if body.seq != Some(row.seq) {
        return Err("its number is not the one in its body".into());
    }
    if body.previous != before.as_deref() {
        return Err("the event before it is not the one that its body names".into());
    }
    Ok(())
}

/// Whether a moment of the database is the one of the body. The moment of recording was compared before,
/// and writing moments down is what takes longest here.
fn is_at(at: Option<Timestamp>, said: Option<&str>, row: &EventRow<'_>, body: &Body<'_>) -> bool {
    (at == row.recorded_at && said == Some(body.at)) || time(at).as_deref() == said
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// What stays of an event whose body is gone: of whom it was about, no consent does.
fn bare(row: &EventRow<'_>) -> Result<(), String> {
    if LeafHead::read(row.leaf).and_then(LeafHead::event_type) != Some(row.event_type) {
        return Err("its leaf is not one of such an event".into());
    }
    match row.ground {
        Ground::None => Ok(()),
        Ground::This => Err("a consent rests on it, and its body is gone".into()),
        Ground::Another => Err("its body is gone, and its subscriber still has a consent".into()),
    }
}

/// Of whoever was erased or purged, nothing else stays.
fn left_over(row: &EventRow<'_>) -> Result<(), String> {
    if row.left_over {
        Err("whom it was about was forgotten, and something of them is left".into())
    } else {
        Ok(())
    }
}

/// The consent that rests on this event, or on a later one: the fold of the subscriber's events.
fn consent(row: &EventRow<'_>, body: &Body<'_>, context: &Context) -> Result<(), String> {
    if matches!(row.event_type, EventType::Requested | EventType::Erased) {
        return Ok(());
    }
    match row.ground {
        Ground::This => {}
        Ground::Another if row.ahead.is_some_and(|ahead| ahead > 0) => return Ok(()),
        Ground::Another => return Err("the consent it made rests on an older event".into()),
        Ground::None => return Err("the consent that it made is missing".into()),
    }
    let confirmed = match context.method {
        Method::Import => body.requested_at,
        _ => Some(body.at),
    };
    let standing = &row.standing;
    let same_address = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let in_force = row.event_type.in_force();
    let differs = [
        ("state", standing.state != Some(row.event_type)),
        ("words", !standing.same_words),
        ("policy", !standing.same_policy),
        (
            "address",
            !same_address(
                standing.email.unwrap_or_default(),
                body.email.as_deref().unwrap_or_default(),
            ),
        ),
        ("report", in_force && standing.report != context.report.as_deref()),
        ("page", in_force && standing.source != Some(context.source.as_str())),
        ("time", in_force && !is_at(standing.requested_at, body.requested_at, row, body)),
        ("time", in_force && !is_at(standing.confirmed_at, confirmed, row, body)),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => Err(format!("the {what} of the consent that rests on it is another")),
        None => Ok(()),
    }
}
