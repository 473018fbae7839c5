//! Whether the keys are those that the database was written under.

use super::StartError;
use crate::config::Keys;
use crate::store::{Db, OpenError, key_fingerprints};

const ADDRESS: &str = "address";
const LEDGER: &str = "ledger";

/// Refuses other keys, and stores which they are where none are stored, or another one signs the ledger now.
///
/// # Errors
/// [`StartError::ForeignKey`], [`StartError::ForeignLedgerKey`], and when the database does not answer.
pub(super) async fn demand_own_keys(db: &Db, keys: &Keys) -> Result<(), StartError> {
    let mut tx = db.write().await.map_err(OpenError::from)?;
    let fingerprint = keys.addresses.fingerprint();
    let address = key_fingerprints::insert_or_find(&mut tx, ADDRESS, &fingerprint).await;
    let present = keys.ledger.first().vkey().to_string();
    let ledger = key_fingerprints::insert_or_find(&mut tx, LEDGER, &present).await;
    let ledger = ledger.map_err(OpenError::from)?;
    compare(keys, &address.map_err(OpenError::from)?, &ledger)?;
    if ledger != present {
        key_fingerprints::replace(&mut tx, LEDGER, &present).await.map_err(OpenError::from)?;
    }
    Ok(tx.commit().await.map_err(OpenError::from)?)
}

/// Refuses other keys, and stores nothing.
///
/// # Errors
/// As at a start.
pub async fn find_own_keys(db: &Db, keys: &Keys) -> Result<(), StartError> {
    let mut tx = db.read().await.map_err(OpenError::from)?;
    let address = key_fingerprints::find(&mut tx, ADDRESS).await.map_err(OpenError::from)?;
    let ledger = key_fingerprints::find(&mut tx, LEDGER).await.map_err(OpenError::from)?;
    let address = address.unwrap_or_else(|| keys.addresses.fingerprint());
    compare(keys, &address, &ledger.unwrap_or_else(|| keys.ledger.first().vkey().to_string()))
}

fn compare(keys: &Keys, address: &str, ledger: &str) -> Result<(), StartError> {
    if keys.addresses.fingerprint() != address {
        return Err(StartError::ForeignKey);
    }
    if keys.ledger.trusted().iter().all(|key| key.to_string() != ledger) {
        return Err(StartError::ForeignLedgerKey(ledger.to_owned()));
    }
    Ok(())
}
