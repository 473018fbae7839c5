//! What name servers said of the domains that people typed is kept for their waiting pages.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::mail::mail_domains::{self, Unasked};

/// How long what was said of a domain is kept, and counts.
pub const KEPT: Duration = Duration::from_hours(24);
/// How long after a question that nobody answered it is asked again. Waiting pages are looked at for two hours, so that
/// servers which never answer are asked two or three times of one form.
const AGAIN: Duration = Duration::from_hours(1);

/// Forgets what is old.
///
/// # Errors
/// When the database does not take it.
pub async fn forget_mail_domains(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    Ok(mail_domains::delete_old(tx, now.minus(KEPT)).await?)
}

/// Up to `count` domains of the forms that were sent since, which are to be asked about.
///
/// # Errors
/// When the database does not answer.
pub async fn find_unasked(
    tx: &mut Tx,
    now: Timestamp,
    sent_since: Timestamp,
    count: usize,
) -> Result<Vec<String>, Error> {
    let (said_since, silent_since) = (now.minus(KEPT), now.minus(AGAIN));
    let unasked = Unasked { sent_since, said_since, silent_since };
    Ok(mail_domains::list_unasked(tx, unasked, i64::try_from(count).unwrap_or(i64::MAX)).await?)
}

/// Keeps whether anything takes the mail of these domains; of some, nothing was said.
///
/// # Errors
/// When the database does not take it; then nothing is kept.
pub async fn record_mail_domains(
    tx: &mut Tx,
    now: Timestamp,
    said: &[(String, Option<bool>)],
) -> Result<(), Error> {
    for (domain, takes_mail) in said {
        mail_domains::put(tx, now, domain, *takes_mail).await?;
    }
    Ok(())
}
