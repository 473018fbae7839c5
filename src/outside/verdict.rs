//! Which verdict on the ledger is the newest, so that an older one that is put back into the database is recognised.

use uuid::Uuid;

use super::{Outside, OutsideError};

/// Where that lies: an empty object named by the key of the verdict.
const FOLDER: &str = "outside/verdict";

impl Outside {
    /// Keeps that this verdict is the newest. To be called before it is committed: where it is not committed then, the
    /// one in the database is the newest no more, and the ledger is checked again.
    ///
    /// # Errors
    /// When the file store cannot be read or written.
    pub async fn keep_verdict(&self, verdict_id: Uuid) -> Result<(), OutsideError> {
        let older = self.files.names(FOLDER).await?;
        self.files.create(&key(verdict_id), "").await?;
        for name in older.into_iter().filter(|name| *name != verdict_id.to_string()) {
            self.files.delete(&format!("{FOLDER}/{name}")).await?;
        }
        Ok(())
    }

    /// Whether this verdict is the newest.
    ///
    /// # Errors
    /// When the file store cannot be read.
    pub async fn is_newest_verdict(&self, verdict_id: Uuid) -> Result<bool, OutsideError> {
        Ok(self.files.find(&key(verdict_id)).await?.is_some())
    }
}

fn key(verdict_id: Uuid) -> String {
    format!("{FOLDER}/{verdict_id}")
}
