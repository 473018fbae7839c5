//! A database that is away is told from mistakes.

use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// Whether the database cannot be used at this moment, so that trying again later helps. All else is a mistake of ours: a
/// statement that it does not understand, or a row that is not as this program writes it.
#[must_use]
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // As of a proxy that takes a connection while nobody is behind it.
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| passes(&code)) || is_standby(error.as_ref())
        }
        _ => false,
    }
}

/// Whether a standby was asked to begin a transaction that writes. It has no code of its own for that, but refuses it where
/// it looks at what is set (`check_transaction_read_only`).
fn is_standby(error: &dyn DatabaseError) -> bool {
    let error = error.try_downcast_ref::<PgDatabaseError>();
    error.is_some_and(|error| {
        error.code() == "0A000" && error.routine() == Some("call_bool_check_hook")
    })
}

/// Whether SQLite found the file locked, in whichever of its ways.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| primary(&code) == BUSY)
}

/// The codes by which PostgreSQL ends a transaction so that another goes on, and keeps nothing of it: it could not be put
/// into one order with others, or waited for one that waited for it (its manual, §13.5).
pub(super) const GAVE_WAY: &[&str] = &["40001", "40P01"];

/// Whether what went wrong is behind this error by one of these codes.
pub(super) fn has_code(error: &(dyn std::error::Error + 'static), codes: &[&str]) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| {
        let shared = || cause.downcast_ref().map(Arc::<sqlx::Error>::as_ref);
        let store = cause.downcast_ref().or_else(shared);
        let store = store.and_then(sqlx::Error::as_database_error);
        store.and_then(DatabaseError::code).is_some_and(|code| codes.contains(&code.as_ref()))
    })
}

/// `SQLITE_BUSY`.
const BUSY: i64 = 5;

/// SQLite's result code, without what extends it: the low byte. 0, which is no error's, of what is no number.
fn primary(code: &str) -> i64 {
    code.parse().map_or(0, |code: i64| code & 0xff)
}

/// By the code of the error: five characters are PostgreSQL's (its manual, appendix A), a number is SQLite's.
fn passes(code: &str) -> bool {
    if code.len() == 5 {
        // Connections, conflicts with others, resources, locks, an operator's act, a disk.
        const CLASSES: [&str; 6] = ["08", "40", "53", "55", "57", "58"];
        // And a server that only reads.
        return CLASSES.iter().any(|class| code.starts_with(class)) || code == "25006";
    }
    // Busy, locked, no memory, read-only, interrupted, a disk that fails or is full, a file that does not open.
    [BUSY, 6, 7, 8, 9, 10, 13, 14].contains(&primary(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_mistakes() {
        for code in ["5", "261", "517", "6", "8", "10", "778", "13", "14"] {
            assert!(passes(code), "SQLite {code}");
        }
        for code in ["1", "11", "19", "787", "2067", "26", "", "x", "élan!"] {
            assert!(!passes(code), "SQLite {code}");
        }
        for code in [
            "08006", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "58030",
            "25006",
        ] {
            assert!(passes(code), "PostgreSQL {code}");
        }
        for code in ["42703", "42P01", "23505", "22P02", "25P02", "XX000", "0A000"] {
            assert!(!passes(code), "PostgreSQL {code}");
        }
        assert!(is_away(&sqlx::Error::PoolTimedOut) && is_away(&std::io::Error::other("x").into()));
        assert!(
            !is_away(&sqlx::Error::RowNotFound)
                && !is_away(&sqlx::Error::ColumnNotFound("x".into()))
        );
    }
}
