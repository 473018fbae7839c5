//! What time it is where the database is.

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;

use super::{Db, Tx};

/// Sets the clock by the database's, where it goes by that; gives by how many microseconds the machine's own is behind.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_time(db: &Db, clock: &Clock) -> sqlx::Result<Option<i64>> {
    let behind = find_behind(db, clock).await?;
    if let Some(behind) = behind {
        clock.go_by(behind);
    }
    Ok(behind)
}

/// By how many microseconds the machine's clock is behind the database's; 0 while the two agree as far as can be told. None
/// where it does not count: SQLite has no clock of its own, and not every clock is set by another.
///
/// # Errors
/// When the database does not answer.
pub async fn find_behind(db: &Db, clock: &Clock) -> sqlx::Result<Option<i64>> {
    let Tx::Postgres(mut tx) = db.read().await? else { return Ok(None) };
    let Some(asked) = clock.own_now() else { return Ok(None) };
    let told: Timestamp =
        sqlx::query_scalar("SELECT pg_catalog.clock_timestamp()").fetch_one(&mut *tx).await?;
    let Some(answered) = clock.own_now() else { return Ok(None) };
    Ok(Some(behind(asked, told, answered)))
}

/// The time that was told is of some moment in between.
fn behind(asked: Timestamp, told: Timestamp, answered: Timestamp) -> i64 {
    if told > answered {
        told.micros() - answered.micros()
    } else {
        told.micros() - told.micros().max(asked.micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_took_long_says_less() {
        let at = Timestamp::from_micros;
        for (asked, told, answered, expected) in [
            (100, 100, 200, 0),
            (100, 150, 200, 0),
            (100, 200, 200, 0),
            (100, 270, 200, 70),
            (100, 30, 200, -70),
            (200, 150, 100, 50),
        ] {
            assert_eq!(behind(at(asked), at(told), at(answered)), expected);
        }
    }
}
