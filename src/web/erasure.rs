//! The end of an erasure, by whichever page or program it was asked for.

use super::{App, Error};
use crate::flows::contacts::erase::record_erasure;
use crate::random::Moment;
use crate::store::Tx;

/// Commits what was erased in this transaction; `by` is who had it done where that was not the person, and whether
/// anything was held.
pub(super) async fn commit_erasure(
    app: &App,
    mut tx: Tx,
    at: &Moment,
    by: Option<(&str, bool)>,
) -> Result<(), Error> {
    if let Some((by, held)) = by {
        record_erasure(&mut tx, at, by, held).await?;
    }
    tx.commit().await?;
    app.db.forget_log().await;
    Ok(())
}
