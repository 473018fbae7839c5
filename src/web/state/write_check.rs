//! Whether the database takes what is written, for whoever asks whether this process is ready.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::domain::timestamp::Timestamp;
use crate::store::{self, Db};

/// How long an answer holds. Anybody may ask, and each try waits for a disk.
const HOLDS: Duration = Duration::from_secs(1);
/// How long a write may take: who asks gives up soon.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last try.
#[derive(Default)]
pub struct WriteCheck(Mutex<Option<(Instant, bool)>>);

impl WriteCheck {
    /// Whether a write was taken within the last second, or is now. All who ask meanwhile wait for one try.
    pub async fn takes_writes(&self, db: &Db, now: Timestamp) -> bool {
        let mut last = self.0.lock().await;
        if let Some((tried, taken)) = *last
            && tried.elapsed() < HOLDS
        {
            return taken;
        }
        let written = db.run(|tx| Box::pin(store::check_write(tx, now)));
        let taken = matches!(tokio::time::timeout(PATIENCE, written).await, Ok(Ok(())));
        *last = Some((Instant::now(), taken));
        taken
    }
}
