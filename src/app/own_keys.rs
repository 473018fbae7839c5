//! Whether the keys are those that the database was written under.

use super::StartError;
use crate::config::Keys;
use crate::store::ledger::key_fingerprints;
use crate::store::{Db, OpenError};

const ADDRESS: &str = "address";
const LEDGER: &str = "ledger";

/// Refuses other keys, and stores which they are where none are stored, or another one signs the ledger now.
///
/// # Errors
/// [`StartError::ForeignKey`], [`StartError::ForeignLedgerKey`], and when the database does not answer.
pub(super) async fn keep_own_keys(db: &Db, keys: &Keys) -> Result<(), StartError> {
    let (address, present) = fingerprints(keys);
    let kept = db.run(|tx| {
        Box::pin(async {
            let stored = key_fingerprints::insert_or_find(tx, ADDRESS, &address).await?;
            let ledger = key_fingerprints::insert_or_find(tx, LEDGER, &present).await?;
            compare(keys, &stored, &ledger)?;
            if ledger != present {
                key_fingerprints::replace(tx, LEDGER, &present).await?;
            }
            Ok::<_, StartError>(())
        })
    });
    kept.await
}

/// Refuses other keys, and stores nothing.
///
/// # Errors
/// As at a start.
pub async fn demand_own_keys(db: &Db, keys: &Keys) -> Result<(), StartError> {
    let (address, present) = fingerprints(keys);
    let mut tx = db.read().await.map_err(OpenError::from)?;
    let stored = key_fingerprints::find(&mut tx, ADDRESS).await.map_err(OpenError::from)?;
    let ledger = key_fingerprints::find(&mut tx, LEDGER).await.map_err(OpenError::from)?;
    compare(keys, &stored.unwrap_or(address), &ledger.unwrap_or(present))
}

/// Of the address key, and of the key that signs the ledger.
fn fingerprints(keys: &Keys) -> (String, String) {
    (keys.addresses.fingerprint(), keys.ledger.first().vkey().to_string())
}

/// Whether these fingerprints are of keys that are given: any of the ledger's may have signed it.
fn compare(keys: &Keys, address: &str, ledger: &str) -> Result<(), StartError> {
    if keys.addresses.fingerprint() != address {
        return Err(StartError::ForeignKey);
    }
    if keys.ledger.trusted().iter().all(|key| key.to_string() != ledger) {
        return Err(StartError::ForeignLedgerKey(ledger.to_owned()));
    }
    Ok(())
}
