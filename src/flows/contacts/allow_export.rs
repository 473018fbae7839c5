//! Whether contacts may be taken away at all: not while the ledger that proves them is known to be wrong.

use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::compare_heads::demand_level;
use crate::flows::ledger::keep_verdict::{find_newest, is_stale};
use crate::flows::{Error, FlowSettings};
use crate::store::{Db, Tx};

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportRefused {
    /// The last check found the ledger changed.
    #[error(
        "the consent ledger is not what it was: {0}. Nothing is exported until `assent ledger verify` finds \
         it sound again"
    )]
    Broken(String),
    /// It was not checked for a day.
    #[error(
        "the consent ledger was not checked for a day: nothing is exported until `assent ledger verify` finds it \
         sound"
    )]
    Unchecked,
    /// The database does not stand at the newest head known.
    #[error("{0}")]
    NotLevel(String),
    /// Another job would only wait behind those that are open.
    #[error("ten files are being made already: wait until one of them is ready")]
    TooManyJobs,
    /// The database did not answer.
    #[error(transparent)]
    Flow(#[from] Error),
}

impl From<sqlx::Error> for ExportRefused {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Refuses while the database does not stand at the newest head that is known outside it. To be asked before a
/// transaction is begun, for what is kept outside may answer slowly.
///
/// # Errors
/// When it does not, or something cannot be read.
pub async fn allow_by_heads(db: &Db, settings: &FlowSettings) -> Result<(), ExportRefused> {
    demand_level(db, settings).await.map_err(|error| match error {
        Error::NotLevel(why) => ExportRefused::NotLevel(why),
        error => ExportRefused::Flow(error),
    })
}

/// Refuses by the verdict of the last check.
///
/// # Errors
/// When that found something wrong or is too old, or the database or the file store does not answer.
pub async fn allow_export(
    tx: &mut Tx,
    settings: &FlowSettings,
    now: Timestamp,
) -> Result<(), ExportRefused> {
    let verdict = find_newest(tx, settings).await?;
    if is_stale(verdict.as_ref(), now) {
        return Err(ExportRefused::Unchecked);
    }
    match verdict.and_then(|verdict| verdict.finding) {
        Some(finding) => Err(ExportRefused::Broken(finding)),
        None => Ok(()),
    }
}
