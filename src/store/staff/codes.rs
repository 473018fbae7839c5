//! The two-factor of console accounts: what its secret is derived from, which codes were used, and what
//! lets in whoever lost their authenticator.

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::staff::members::Staff;
use crate::store::{Tx, on};

/// Begins to set it up under a fresh salt; `false` when it is on.
pub async fn begin(tx: &mut Tx, staff_id: Uuid, salt: &[u8]) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET code_salt = $2 WHERE staff_id = $1 AND code_since IS NULL"
    )
    .bind(staff_id)
    .bind(salt)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Turns it on from now, a code of this step and this salt having been typed; `false` when it is on, or was
/// begun anew meanwhile.
pub async fn turn_on(
    tx: &mut Tx,
    now: Timestamp,
    account: &Staff,
    step: i64,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET code_since = $2, code_last_step = $4
         WHERE staff_id = $1 AND code_since IS NULL AND code_salt = $3"
    )
    .bind(account.staff_id)
    .bind(now)
    .bind(&account.code_salt)
    .bind(step)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Uses up the code of a step, and all before it; `false` when that was done before. Of two at once one
/// wins.
pub async fn use_step(tx: &mut Tx, staff_id: Uuid, step: i64) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET code_last_step = $2
         WHERE staff_id = $1 AND code_since IS NOT NULL AND code_last_step < $2"
    )
    .bind(staff_id)
    .bind(step)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Turns it off, with its recovery codes; `false` when it is off. Not where the role of its owner requires
/// it, unless somebody else does it for them.
pub async fn turn_off(tx: &mut Tx, staff_id: Uuid, by_another: bool) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        let done = sqlx::query(
            "UPDATE staff SET code_since = NULL, code_salt = NULL
             WHERE staff_id = $1 AND code_since IS NOT NULL
               AND ($2 OR NOT EXISTS (SELECT 1 FROM role_rule r
                                      WHERE r.role = staff.role AND r.requires_code))",
        )
        .bind(staff_id)
        .bind(by_another)
        .execute(&mut *conn)
        .await?;
        let off = done.rows_affected() == 1;
        if off {
            sqlx::query("DELETE FROM recovery_code WHERE staff_id = $1")
                .bind(staff_id)
                .execute(conn)
                .await?;
        }
        Ok(off)
    })
}

/// Puts recovery codes in place of those before, known by their SHA-256.
pub async fn replace_recovery(tx: &mut Tx, staff_id: Uuid, codes: &[[u8; 32]]) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query("DELETE FROM recovery_code WHERE staff_id = $1")
            .bind(staff_id)
            .execute(&mut *conn)
            .await?;
        for code in codes {
            sqlx::query("INSERT INTO recovery_code (staff_id, code_sha256) VALUES ($1, $2)")
                .bind(staff_id)
                .bind(&code[..])
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    })
}

/// Uses up a recovery code; `false` when there is none such, or it was used before.
pub async fn use_recovery(
    tx: &mut Tx,
    now: Timestamp,
    staff_id: Uuid,
    code_sha256: &[u8],
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE recovery_code SET used_at = $3
         WHERE staff_id = $1 AND code_sha256 = $2 AND used_at IS NULL"
    )
    .bind(staff_id)
    .bind(code_sha256)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// The recovery codes that are left, each by its SHA-256, in an order of their own.
pub async fn list_recovery(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<Vec<Vec<u8>>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT code_sha256 FROM recovery_code WHERE staff_id = $1 AND used_at IS NULL
         ORDER BY code_sha256"
    )
    .bind(staff_id)
    .fetch_all(conn)
    .await)
}

/// How many recovery codes are left.
pub async fn count_recovery(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM recovery_code WHERE staff_id = $1 AND used_at IS NULL"
    )
    .bind(staff_id)
    .fetch_one(conn)
    .await)
}
