//! How many codes were tried for each address on each day.

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Counts one try for an address on the day of `now`; `false` once there were `limit`, and then nothing is
/// counted. Of many at once, exactly so many are counted.
pub async fn count(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    limit: i32,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO code_try (address_key, day, tries) VALUES ($1, $2, 1)
         ON CONFLICT (address_key, day) DO UPDATE SET tries = code_try.tries + 1
         WHERE code_try.tries < $3"
    )
    .bind(address_key)
    .bind(now.day_number())
    .bind(limit)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Takes one try back that was counted on the day of `now`.
pub async fn take_back(tx: &mut Tx, now: Timestamp, address_key: &AddressKey) -> sqlx::Result<()> {
    const LESS: &str = "UPDATE code_try SET tries = tries - 1
                        WHERE address_key = $1 AND day = $2 AND tries > 1";
    const NONE: &str = "DELETE FROM code_try WHERE address_key = $1 AND day = $2 AND tries = 1";
    on!(tx, |conn| {
        // The one after the other: what is one by now was two before.
        for statement in [NONE, LESS] {
            let done = sqlx::query(statement)
                .bind(address_key)
                .bind(now.day_number())
                .execute(&mut *conn)
                .await?;
            if done.rows_affected() == 1 {
                break;
            }
        }
        Ok(())
    })
}

/// Deletes the counts of the days before that of `now`.
pub async fn delete_old(tx: &mut Tx, now: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM code_try WHERE day < $1")
        .bind(now.day_number())
        .execute(conn)
        .await
        .map(drop))
}
