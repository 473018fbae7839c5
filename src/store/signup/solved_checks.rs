//! Bot checks that were answered, each good once.

use std::collections::HashSet;

use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

bound_columns!(SolvedCheck, |solved| {
    nonce: "bytea" = solved.nonce.as_slice(),
    expires_at: "timestamptz" = solved.expires_at,
});

/// Writes down that these checks were answered, each named once; which of them were not before.
pub async fn insert_all(tx: &mut Tx, solved: &[SolvedCheck]) -> sqlx::Result<HashSet<Vec<u8>>> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO solved_check (nonce, expires_at) SELECT nonce, expires_at FROM solved WHERE true
         ON CONFLICT (nonce) DO NOTHING RETURNING nonce",
    );
    let new: Vec<(Vec<u8>,)> = rows::fetch_all(tx, INSERT, &[], Table("solved", solved)).await?;
    Ok(new.into_iter().map(|(nonce,)| nonce).collect())
}

/// Forgets those that could be answered until then at the latest.
pub async fn delete_expired(tx: &mut Tx, by: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM solved_check WHERE expires_at <= $1")
        .bind(by)
        .execute(conn)
        .await
        .map(drop))
}
