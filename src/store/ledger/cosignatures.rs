//! What is stored as the signatures of witnesses under our heads. Whoever can write the database can write such rows:
//! nothing here says that one is what it claims to be (`flows::ledger::cosigned_head` does).

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// That a witness signed a head, by what its row says.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Cosignature {
    /// The witness, by its verifier key.
    pub witness: String,
    /// How many leaves the head covers.
    pub size: i64,
    /// The signature as a line of the note, without its newline.
    pub line: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// One, and the note that it should be under, as it was signed here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CosignatureOfHead {
    /// The row.
    #[sqlx(flatten)]
    pub cosignature: Cosignature,
    /// The head's note.
    pub note: String,
}

/// How many of one witness are looked at for a true one, the newest first.
const NEWEST: i64 = 64;

/// Keeps one, in place of what stood there of that witness under that head.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, new: &Cosignature) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO checkpoint_cosignature (witness, size, line, received_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (witness, size)
         DO UPDATE SET line = excluded.line, received_at = excluded.received_at"
    )
    .bind(&new.witness)
    .bind(new.size)
    .bind(&new.line)
    .bind(new.received_at)
    .execute(conn)
    .await
    .map(drop))
}

/// Those under the head of this size, by witness.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx, size: i64) -> sqlx::Result<Vec<Cosignature>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT witness, size, line, received_at FROM checkpoint_cosignature
         WHERE size = $1 ORDER BY witness"
    )
    .bind(size)
    .fetch_all(conn)
    .await)
}

/// The newest of this witness under heads of up to so many leaves, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_newest(
    tx: &mut Tx,
    witness: &str,
    up_to: i64,
) -> sqlx::Result<Vec<CosignatureOfHead>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT s.witness, s.size, s.line, s.received_at, c.note
         FROM checkpoint_cosignature s JOIN checkpoint c ON c.size = s.size
         WHERE s.witness = $1 AND s.size <= $2 ORDER BY s.size DESC LIMIT $3"
    )
    .bind(witness)
    .bind(up_to)
    .bind(NEWEST)
    .fetch_all(conn)
    .await)
}

/// The next `count` of all behind this head and witness, in the order of heads.
///
/// # Errors
/// When the database does not answer.
pub async fn list_after(
    tx: &mut Tx,
    (size, witness): (i64, &str),
    count: i64,
) -> sqlx::Result<Vec<CosignatureOfHead>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT s.witness, s.size, s.line, s.received_at, c.note
         FROM checkpoint_cosignature s JOIN checkpoint c ON c.size = s.size
         WHERE s.size > $1 OR (s.size = $1 AND s.witness > $2)
         ORDER BY s.size, s.witness LIMIT $3"
    )
    .bind(size)
    .bind(witness)
    .bind(count)
    .fetch_all(conn)
    .await)
}
