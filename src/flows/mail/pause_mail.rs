//! All mail is kept back after the database went back in time.

use crate::domain::mail::alarm::MAIL_PAUSED;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::mail::alarms;

/// Keeps all mail back; `false` when it is already.
///
/// # Errors
/// When the database does not take it.
pub async fn pause_mail(tx: &mut Tx, at: &Moment, why: &str) -> Result<bool, Error> {
    Ok(alarms::upsert(tx, at.now, MAIL_PAUSED, why).await?)
}
