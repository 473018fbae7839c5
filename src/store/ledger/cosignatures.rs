//! What witnesses signed of our heads, and a head's note with their lines, as it is shown.

use assent_ledger::cosignature::{Cosigned, WitnessKey};
use assent_ledger::note::{NoteSignature, SignedNote};

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// That a witness signed a head.
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

/// Keeps one; `false` when there is one of that witness under that head already, which stays.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(tx: &mut Tx, new: &Cosignature) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO checkpoint_cosignature (witness, size, line, received_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (witness, size) DO NOTHING"
    )
    .bind(&new.witness)
    .bind(new.size)
    .bind(&new.line)
    .bind(new.received_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
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

/// The one of this witness under the largest head.
///
/// # Errors
/// When the database does not answer.
pub async fn find_newest(tx: &mut Tx, witness: &str) -> sqlx::Result<Option<Cosignature>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT witness, size, line, received_at FROM checkpoint_cosignature
         WHERE witness = $1 ORDER BY size DESC LIMIT 1"
    )
    .bind(witness)
    .fetch_optional(conn)
    .await)
}

/// The note of the head of this size with the lines of witnesses under it, as far as they are what they say and it stays
/// one that can be read: rows are written by whoever holds the database, and one false line would spoil the note.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn join(tx: &mut Tx, size: i64, note: String) -> sqlx::Result<String> {
    let kept = list(tx, size).await?;
    let Some(bare) = SignedNote::parse(&note).ok().filter(|_| !kept.is_empty()) else {
        return Ok(note);
    };
    let joined = kept.iter().fold(bare.clone(), |joined, cosignature| {
        let line = NoteSignature::parse(&cosignature.line).map(|line| [line]);
        let Some((line, key)) = line.zip(WitnessKey::parse(&cosignature.witness).ok()) else {
            return joined;
        };
        match key.cosigned(&bare.with(&line)) {
            Cosigned::At(_) => joined.with(&line),
            Cosigned::Missing | Cosigned::False => joined,
        }
    });
    Ok(joined.as_str().to_owned())
}
