//! Whether the tables are those of this version. While several are updated one after the other, an older one serves on
//! tables that a newer one brought further; what it can't know it must not call another hand's.

use crate::flows::Error;
use crate::store::Db;
use crate::store::schema::{NewerSchema, Schema};

/// Refuses to judge, or to export, what a newer version brought further.
///
/// # Errors
/// [`Error::NewerSchema`] then, and when the database does not answer.
pub async fn demand_own_schema(db: &Db) -> Result<(), Error> {
    match db.schema().await? {
        Schema::Newer(version) => Err(NewerSchema(version).into()),
        _ => Ok(()),
    }
}
