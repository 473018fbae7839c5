//! Whether the database takes what is written, for whoever asks whether this process is ready.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::{self, Db};

/// How long an answer holds. Anybody may ask, and each try waits for a disk.
const HOLDS: Duration = Duration::from_secs(1);
/// How long a write may take: longer than another that writes is waited for.
const PATIENCE: Duration = Duration::from_secs(6);

/// The tries of one process.
pub struct WriteCheck {
    process: Uuid,
    last: Mutex<Last>,
}

/// The try that is over, and the one under way.
#[derive(Default)]
struct Last {
    told: Option<(Instant, bool)>,
    under_way: Option<JoinHandle<bool>>,
}

impl WriteCheck {
    /// Of a process, by a key that no other has.
    #[must_use]
    pub fn new(process: Uuid) -> Self {
        Self { process, last: Mutex::default() }
    }

    /// Whether a write was taken within the last second, or is now. All who ask meanwhile wait for one try. One that
    /// takes too long goes on, whoever gives up, and until it ends no other is begun: each would hold a connection.
    pub async fn takes_writes(&self, db: &Db, now: Timestamp) -> bool {
        let mut last = self.last.lock().await;
        if let Some((when, taken)) = last.told
            && when.elapsed() < HOLDS
        {
            return taken;
        }
        let trial = last.under_way.get_or_insert_with(|| {
            let (db, process) = (db.clone(), self.process);
            tokio::spawn(async move { write(&db, now, process).await })
        });
        let ended = tokio::time::timeout(PATIENCE, trial).await;
        if ended.is_ok() {
            last.under_way = None;
        }
        let taken = matches!(ended, Ok(Ok(true)));
        last.told = Some((Instant::now(), taken));
        taken
    }
}

async fn write(db: &Db, now: Timestamp, process: Uuid) -> bool {
    let written = db.run(|tx| Box::pin(store::check_write(tx, now, process))).await;
    written.inspect_err(|error| tracing::warn!(?error, "a write was tried and not taken")).is_ok()
}
