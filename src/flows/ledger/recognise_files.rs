//! Whether the file store is the one that this database is used with. Machines that share a database and keep files each
//! on a disk of its own miss each other's reports, and what people ended elsewhere.

use uuid::Uuid;

use crate::files::{Files, FilesError};
use crate::flows::Error;
use crate::outside::OutsideError;
use crate::store::Db;
use crate::store::ledger::key_fingerprints;

/// The object of the store that says which one it is.
const OBJECT: &str = "outside/store";

/// Demands that it is that store. A database that knows of none takes this one, which is named `new_id` unless it has a
/// name already.
///
/// # Errors
/// [`OutsideError::ForeignStore`], and when the store or the database does not answer.
pub async fn recognise_files(db: &Db, files: &Files, new_id: Uuid) -> Result<(), Error> {
    if demand_known_files(db, files).await? {
        return Ok(());
    }
    // Whoever came first named it.
    files.create(OBJECT, new_id.to_string()).await.map_err(away)?;
    let Some(here) = find(files).await? else { return Err(OutsideError::ForeignStore.into()) };
    let known = db.run(|tx| {
        Box::pin(async {
            let name = key_fingerprints::FILES;
            Ok::<_, Error>(key_fingerprints::insert_or_find(tx, name, &here).await?)
        })
    });
    if known.await? == here { Ok(()) } else { Err(OutsideError::ForeignStore.into()) }
}

/// The same, and changes nothing; `false` where the database knows of none.
///
/// # Errors
/// As [`recognise_files`].
pub async fn demand_known_files(db: &Db, files: &Files) -> Result<bool, Error> {
    let mut tx = db.read().await?;
    let Some(known) = key_fingerprints::find(&mut tx, key_fingerprints::FILES).await? else {
        return Ok(false);
    };
    drop(tx);
    if find(files).await? == Some(known) {
        Ok(true)
    } else {
        Err(OutsideError::ForeignStore.into())
    }
}

async fn find(files: &Files) -> Result<Option<String>, Error> {
    let object = files.find(OBJECT).await.map_err(away)?;
    let name = object.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    Ok(name.filter(|name| !name.is_empty()))
}

fn away(error: FilesError) -> Error {
    OutsideError::from(error).into()
}
