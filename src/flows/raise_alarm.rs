//! Something that the operator must look at begins, and ends. Whoever has these run logs what
//! changed: an alarm is heard once when it begins and once when it ends, however often it is seen.

use crate::flows::Error;
use crate::random::Moment;
use crate::store::alarms;
use crate::store::{Db, Tx};

/// What a look at one kind of alarm changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmChanges {
    /// The alarms that began: subject and detail.
    pub raised: Vec<(String, String)>,
    /// The subjects of those that ended.
    pub ended: Vec<String>,
}

/// Raises the alarm about a subject; `true` when it did not stand already.
pub async fn raise(tx: &mut Tx, at: &Moment, subject: &str, detail: &str) -> Result<bool, Error> {
    Ok(alarms::upsert(tx, at.now, subject, detail).await?)
}

/// Ends the alarm about a subject; `true` when it stood.
pub async fn clear(tx: &mut Tx, subject: &str) -> Result<bool, Error> {
    Ok(alarms::delete(tx, subject).await?)
}

/// Ends the alarm about a subject if it stands, and commits that; `true` when it stood. Unlike [`clear`] it writes
/// nothing for one that does not.
pub async fn clear_if_raised(db: &Db, subject: &str) -> Result<bool, Error> {
    let standing = alarms::list(&mut db.read().await?).await?;
    if !standing.iter().any(|alarm| alarm.subject == subject) {
        return Ok(false);
    }
    db.run(|tx| Box::pin(clear(tx, subject))).await
}
