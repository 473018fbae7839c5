//! What is begun on tables of an earlier version.

use std::time::Duration;

use super::StartError;
use crate::store::Db;
use crate::store::schema::{Schema, SchemaError};

/// How long whoever migrates waits for others.
const PATIENCE: Duration = Duration::from_mins(1);

/// What becomes of tables that are not this version's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// They are brought up to date.
    Migrate,
    /// They are left as they are, and nothing is begun on them.
    Leave,
}

impl Tables {
    /// Nobody who finds them up to date needs the right to change them.
    pub(super) async fn make_ready(self, db: &Db) -> Result<(), StartError> {
        match (db.schema().await?.usable()?, self) {
            (Schema::Current, _) => Ok(()),
            (_, Self::Migrate) => Ok(db.migrate(PATIENCE).await?),
            (Schema::Older(waiting), Self::Leave) => Err(SchemaError::Older(waiting).into()),
            (_, Self::Leave) => Err(SchemaError::Missing.into()),
        }
    }
}
