//! That contacts were brought in, and how many, goes into the audit, and is told to other programs.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::domain::staff::action::Action;
use crate::flows::contacts::import_contacts::Import;
use crate::flows::tell_webhooks::tell_import;
use crate::flows::{Act, Error};
use crate::store::Tx;

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Consents recorded.
    pub imported: u64,
    /// Consents that were in force already.
    pub already_agreed: u64,
    /// Rows refused.
    pub refused: u64,
}

impl Tally {
    /// All rows.
    #[must_use]
    pub fn rows(self) -> u64 {
        self.imported + self.already_agreed + self.refused
    }
}

/// Writes down that an import begins, so that one that is cut short is in the audit too.
pub async fn record_start(
    tx: &mut Tx,
    act: &Act,
    import: &Import<'_>,
    sha256: &[u8],
) -> Result<(), Error> {
    act.audit(tx, Action::ImportStart, &detail(import, sha256)).await?;
    Ok(())
}

/// A file that was gone through.
#[derive(Clone, Copy)]
pub struct ImportedFile<'a> {
    /// The hash of its bytes.
    pub sha256: &'a [u8],
    /// What its rows came to.
    pub tally: Tally,
}

/// Writes down what an import came to: the file's hash, what its contacts share, and how many came in.
pub async fn record_import(
    tx: &mut Tx,
    act: &Act,
    import: &Import<'_>,
    done: ImportedFile<'_>,
) -> Result<(), Error> {
    let ImportedFile { sha256, tally } = done;
    let mut detail = detail(import, sha256);
    detail["imported"] = tally.imported.into();
    detail["already_agreed"] = tally.already_agreed.into();
    detail["refused"] = tally.refused.into();
    act.audit(tx, Action::Import, &detail).await?;
    let about = json!({"kind": "contacts", "purpose": import.purpose, "imported": tally.imported,
                       "already_agreed": tally.already_agreed, "refused": tally.refused});
    Ok(tell_import(tx, &act.at, about).await?)
}

fn detail(import: &Import<'_>, sha256: &[u8]) -> Value {
    json!({
        "purpose": import.purpose,
        "policy": import.policy.label,
        "source": import.source.as_str(),
        "sha256": HEXLOWER.encode(sha256),
    })
}
