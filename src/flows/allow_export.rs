//! Whether contacts may be taken away at all: not while the ledger that proves them is known to be wrong.

use super::Error;
use crate::store::{Tx, ledger_verdicts};

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportRefused {
    /// The last check found the ledger changed.
    #[error(
        "the consent ledger is not what it was: {0}. Nothing is exported until `assent ledger verify` finds \
         it sound again"
    )]
    Broken(String),
    /// Another job would only wait behind those that are open.
    #[error("ten files are being made already: wait until one of them is ready")]
    TooManyJobs,
    /// The database did not answer.
    #[error(transparent)]
    Flow(#[from] Error),
}

/// Refuses by the verdict of the last check.
///
/// # Errors
/// When that found something wrong, or the database does not answer.
pub async fn allow_export(tx: &mut Tx) -> Result<(), ExportRefused> {
    match ledger_verdicts::find(tx).await.map_err(Error::from)?.and_then(|verdict| verdict.finding)
    {
        Some(finding) => Err(ExportRefused::Broken(finding)),
        None => Ok(()),
    }
}
