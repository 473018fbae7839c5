//! All else that is claimed is hashed into the ledger: one record of it for each sealing.

use assent_ledger::leaf::canonical;
use assent_ledger::record::{RecordType, Told};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::ledger::record::Recorded;
use crate::domain::policy::version::ChangeClass;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::keep_record::{is_our_record, new_record};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::ledger::claims::{self, Claim};
use crate::store::ledger::records;

/// How many claims one record adds.
const AT_ONCE: i64 = 4096;

/// Adds one record of what was done and published since the last one, if anything was. Only whoever seals does,
/// so there is one order.
///
/// # Errors
/// When the database does not take it, or the last record is not as this program wrote it.
pub async fn chain_claims(tx: &mut Tx, at: &Moment, settings: &FlowSettings) -> Result<(), Error> {
    let claims = claims::list_waiting(tx, AT_ONCE).await?;
    if claims.is_empty() {
        return Ok(());
    }
    let told = match records::find_newest(tx, RecordType::Recorded).await? {
        Some(record) if is_our_record(settings, &record) => serde_json::from_str(&record.body)?,
        // What somebody else wrote there is never signed on from.
        Some(_) => return Err(Error::Tree),
        None => Told::default(),
    };
    let mut chain = told.claims.unwrap_or_default();
    claims::mark_numbered(tx, chain.count + 1, &claims).await?;
    for claim in &claims {
        chain = chain.with(&canonical_claim(claim)?);
    }
    let record_id = at.new_id();
    let body = Recorded { at: at.now, claims: chain, record_id };
    let record = new_record(at, settings, (record_id, RecordType::Recorded), &body)?;
    Ok(records::append(tx, &record).await?)
}

/// A claim as it is hashed: RFC 8785 text of what it is about.
///
/// # Errors
/// When it has no canonical form.
pub fn canonical_claim(claim: &Claim) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Chained<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        actor: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        changes: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        class: Option<ChangeClass>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a Value>,
        id: Uuid,
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        policy: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        published_at: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        purpose: Option<&'a Purpose>,
        #[serde(skip_serializing_if = "Option::is_none")]
        renew_until: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sha256: Option<&'a str>,
    }
    canonical(&Chained {
        action: claim.action.as_deref(),
        actor: claim.actor.as_deref(),
        at: claim.at,
        changes: claim.policy_changes.as_deref(),
        class: claim.policy_class,
        detail: claim.detail.as_ref().map(|detail| &detail.0),
        id: claim.claim_id,
        notice: claim.notice_sha256.as_deref(),
        policy: claim.policy_label.as_deref(),
        published_at: claim.policy_published_at,
        purpose: claim.purpose.as_ref(),
        renew_until: claim.policy_renew_until,
        sha256: claim.policy_sha256.as_deref(),
    })
}
