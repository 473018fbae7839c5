//! Everything held of one person, in one document (GDPR Art. 15, 20).

use serde_json::{Value, json};

use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::consent::consents;
use crate::store::consent::consents::Standing;
use crate::store::contacts::held::{self, HeldEvent, HeldGrant};
use crate::store::contacts::subscribers::Subscriber;

/// The document. Each event carries its evidence whole; receipts are found by its key.
///
/// # Errors
/// When the database does not answer, or holds evidence that cannot be read.
pub async fn disclose(tx: &mut Tx, now: Timestamp, of: &Subscriber) -> Result<Value, Error> {
    let id = of.subscriber_id;
    let agreed = disclose_consents(tx, of).await?;
    let starts = held::list_starts(tx, id).await?;
    let downloads: Vec<Value> =
        held::list_grants(tx, id).await?.iter().map(|grant| download(grant, &starts)).collect();
    Ok(json!({
        "generated_at": now,
        "subscriber": {
            "subscriber_id": id, "email": of.email, "name": of.name, "organisation": of.organisation,
            "job_title": of.job_title, "verified_at": of.verified_at, "created_at": of.created_at,
        },
        "consents": agreed["consents"],
        "events": agreed["events"],
        "signups": held::list_signups(tx, &of.address_key).await?,
        "downloads": downloads,
        "mails": held::list_mails(tx, of).await?,
        "bounces": held::list_bounces(tx, of).await?,
        "suppressions": held::list_suppressions(tx, &of.address_key).await?,
    }))
}

/// What they agreed to, and the events that made it so.
///
/// # Errors
/// When the database does not answer, or holds evidence that cannot be read.
pub async fn disclose_consents(tx: &mut Tx, of: &Subscriber) -> Result<Value, Error> {
    let consents = consents::list(tx, of.subscriber_id).await?;
    let events = held::list_events(tx, of).await?;
    let events = events.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "consents": consents.iter().map(consent).collect::<Vec<_>>(),
        "events": events,
    }))
}

fn consent(standing: &Standing) -> Value {
    json!({
        "purpose": standing.purpose, "state": standing.state, "words": standing.words,
        "notice_sha256": standing.sha256, "policy_version": standing.policy_label,
        "requested_at": standing.requested_at, "confirmed_at": standing.confirmed_at,
        "report": standing.report, "source": standing.source, "receipt_id": standing.event_id,
    })
}

fn event(event: &HeldEvent) -> Result<Value, Error> {
    let body = event.evidence()?;
    Ok(json!({
        "event_id": event.event_id, "type": event.event_type, "purpose": event.purpose,
        "recorded_at": event.recorded_at, "method": body["method"], "source": body["source"],
        "policy_version": body["policy"]["label"], "words": body["notice"]["text"], "evidence": body,
    }))
}

fn download(grant: &HeldGrant, starts: &[(uuid::Uuid, Timestamp)]) -> Value {
    let mine = starts.iter().filter(|(id, _)| *id == grant.download_grant_id);
    let starts: Vec<Timestamp> = mine.map(|(_, at)| *at).collect();
    json!({
        "report": grant.report, "granted_at": grant.granted_at, "expires_at": grant.expires_at,
        "used": grant.used, "limit": grant.limit, "starts": starts,
    })
}
