//! What an export asks first, before it holds anything of the database.

use std::time::Duration;

use tracing::Instrument;

use super::verify::verify;
use crate::clock::Clock;
use crate::flows::contacts::allow_export::{ExportRefused, allow_by_heads, allow_export};
use crate::flows::ledger::keep_verdict::{find_newest, is_stale};
use crate::flows::ledger::own_schema::demand_own_schema;
use crate::flows::{Error, FlowSettings};
use crate::outside::OutsideError;
use crate::random::{Moments, Random};
use crate::store::Db;

/// How long the file store may take to say what other replicas know.
const FETCH: Duration = Duration::from_secs(10);

/// Whether an export may begin: what other replicas know of who left is known here, the database stands at the newest
/// head known, and the newest verdict on the ledger, which is come to anew where it says nothing any more, finds
/// nothing wrong. The export asks for the verdict once more in the moment that it reads.
///
/// # Errors
/// Says why none may, or what did not answer.
pub async fn allow_to_begin(
    db: &Db,
    settings: &FlowSettings,
    clock: &Clock,
    random: &Random,
) -> Result<(), ExportRefused> {
    demand_own_schema(db).await.map_err(|error| match error {
        Error::NewerSchema(newer) => ExportRefused::NotLevel(newer.to_string()),
        error => ExportRefused::Flow(error),
    })?;
    fetch_endings(db).await?;
    allow_by_heads(db, settings).await?;
    verify_if_stale(db, settings, clock, random).await?;
    allow_export(&mut db.read().await.map_err(Error::from)?, settings, clock.now()).await
}

/// Who left at another replica is not written to, and that is known by the file store alone.
async fn fetch_endings(db: &Db) -> Result<(), Error> {
    let exchanged = tokio::time::timeout(FETCH, db.outside().exchange()).await;
    Ok(exchanged.map_err(|_| OutsideError::Slow).flatten()?)
}

/// One check at a time is enough for all who wait for one.
static CHECKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Checks before something is exported, if the last verdict says nothing any more: where no worker runs, nobody else
/// does. Of many at once in one process, one does.
async fn verify_if_stale(
    db: &Db,
    settings: &FlowSettings,
    clock: &Clock,
    random: &Random,
) -> Result<(), Error> {
    if !needs_check(db, settings, clock).await? {
        return Ok(());
    }
    let checking = CHECKING.lock().await;
    if !needs_check(db, settings, clock).await? {
        return Ok(());
    }
    let (db, settings) = (db.clone(), settings.clone());
    let (clock, random) = (clock.clone(), random.clone());
    // Whoever waits for it may go away: its verdict is kept all the same.
    let check = async move {
        let _checking = checking;
        verify(&db, &settings, Moments::new(&clock, &random), |_| ()).await
    };
    let check = tokio::spawn(check.in_current_span());
    if let Some(finding) = check.await??.findings.first() {
        tracing::error!(finding, "the consent ledger is not what it was; exports stop");
    }
    Ok(())
}

async fn needs_check(db: &Db, settings: &FlowSettings, clock: &Clock) -> Result<bool, Error> {
    let verdict = find_newest(&mut db.read().await?, settings).await?;
    Ok(is_stale(verdict.as_ref(), clock.now()))
}
