//! The end of an erasure, by whichever page or program it was asked for.

use super::{App, Error};
use crate::domain::address_key::AddressKey;
use crate::flows::erase::record_erasure;
use crate::random::Moment;
use crate::store::Tx;

/// Commits what was erased in this transaction, if anything was held; `by` is who had it done where that was not
/// the person.
pub(super) async fn commit_erasure(
    app: &App,
    mut tx: Tx,
    (at, key): (&Moment, &AddressKey),
    (by, held): (Option<&str>, bool),
) -> Result<(), Error> {
    if held {
        // Outside the database first: a backup restored later must not bring anybody back.
        app.erasures.append(at.now, key).await?;
    }
    if let Some(by) = by {
        record_erasure(&mut tx, at, by, held).await?;
    }
    tx.commit().await?;
    app.db.forget_log().await;
    Ok(())
}
