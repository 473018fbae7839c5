//! Staff have parked mail tried again, once what stopped it is mended. A mail that is sent again is the same mail: it
//! keeps its key, and so its Message-ID.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::timestamp::Timestamp;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::mail::mails;

/// Has one parked mail tried again; `false` when it is not parked any more.
pub async fn retry_one(tx: &mut Tx, act: &Act, outbox_id: Uuid) -> Result<bool, Error> {
    let queued = mails::mark_queued(tx, act.at.now, outbox_id).await?;
    if queued {
        act.audit(tx, Action::MailRetry, &json!({"outbox_id": outbox_id})).await?;
    }
    Ok(queued)
}

/// Has all mails tried again that were parked for one reason by the moment at which their number was told;
/// returns how many.
pub async fn retry_all(tx: &mut Tx, act: &Act, reason: &str, by: Timestamp) -> Result<u64, Error> {
    let count = mails::mark_all_queued(tx, act.at.now, reason, by).await?;
    if count > 0 {
        let detail = json!({"reason": reason, "count": count});
        act.audit(tx, Action::MailRetryAll, &detail).await?;
    }
    Ok(count)
}
