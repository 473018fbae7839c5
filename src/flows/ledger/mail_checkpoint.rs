//! The newest head is mailed to somebody outside, once a day.

use std::time::Duration;

use crate::domain::mail::outbox::MailKind;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Db;
use crate::store::ledger::checkpoints;
use crate::store::mail::outbox::{self, About};

/// How often it is mailed.
const A_DAY: Duration = Duration::from_hours(24);

/// Decides the daily mail with the newest head, if it is time; `false` when it is not.
///
/// # Errors
/// When the database does not answer.
pub async fn mail_checkpoint(db: &Db, at: &Moment) -> Result<bool, Error> {
    let since = at.now.minus(A_DAY);
    if !outbox::checkpoint_mail_is_due(&mut db.read().await?, since).await? {
        return Ok(false);
    }
    let decided = db.run(|tx| {
        Box::pin(async {
            // Whoever seals locks the head, so of several workers one decides the mail.
            checkpoints::lock_size(tx).await?;
            let due = outbox::checkpoint_mail_is_due(tx, since).await?;
            if due {
                outbox::insert(tx, at, MailKind::Checkpoint, About::Nobody).await?;
            }
            Ok(due)
        })
    });
    decided.await
}
