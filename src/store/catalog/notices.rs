//! The words beside a box: versioned, immutable once shown.

use assent_ledger::digest::sha256_hex;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::random::Moment;
use crate::store::{Tx, on};

/// The words beside one box in one language.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Notice {
    /// Its key.
    pub notice_id: Uuid,
    /// The purpose it asks for.
    pub purpose: Purpose,
    /// The language, BCP 47.
    pub lang: String,
    /// The exact words.
    pub words: String,
    /// Lower-case hex SHA-256 of the words.
    pub sha256: String,
}

/// The notice with exactly these words, made if there is none yet.
pub async fn insert_or_find(
    tx: &mut Tx,
    at: &Moment,
    purpose: &Purpose,
    words: &str,
) -> sqlx::Result<Notice> {
    let sha256 = sha256_hex(words.as_bytes());
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO notice (notice_id, purpose, lang, words, sha256, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (purpose, lang, sha256) DO NOTHING",
        )
        .bind(at.new_id())
        .bind(purpose)
        .bind(LANG)
        .bind(words)
        .bind(&sha256)
        .bind(at.now)
        .execute(&mut *conn)
        .await?;
        sqlx::query_as(
            "SELECT notice_id, purpose, lang, words, sha256 FROM notice
             WHERE purpose = $1 AND lang = $2 AND sha256 = $3",
        )
        .bind(purpose)
        .bind(LANG)
        .bind(&sha256)
        .fetch_one(conn)
        .await
    })
}

/// Writes down that a notice stands beside a box of ours.
///
/// # Errors
/// When the database does not take it.
pub async fn mark_shown(tx: &mut Tx, notice_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO shown_notice (notice_id) VALUES ($1) ON CONFLICT (notice_id) DO NOTHING"
    )
    .bind(notice_id)
    .execute(conn)
    .await
    .map(drop))
}

/// All notices that ever stood beside a box of ours.
///
/// # Errors
/// When the database does not answer.
pub async fn list_shown(tx: &mut Tx) -> sqlx::Result<Vec<Notice>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT n.notice_id, n.purpose, n.lang, n.words, n.sha256 FROM notice n
         JOIN shown_notice s ON s.notice_id = n.notice_id ORDER BY n.notice_id"
    )
    .fetch_all(conn)
    .await)
}

/// All notices: those that were ever shown, and those that imports brought.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Notice>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT notice_id, purpose, lang, words, sha256 FROM notice ORDER BY notice_id"
    )
    .fetch_all(conn)
    .await)
}

/// The words of this hash, beside whichever box they stood.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_hash(tx: &mut Tx, sha256: &str) -> sqlx::Result<Option<Notice>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT notice_id, purpose, lang, words, sha256 FROM notice
         WHERE sha256 = $1 ORDER BY notice_id LIMIT 1"
    )
    .bind(sha256)
    .fetch_optional(conn)
    .await)
}

/// The newest words that stood beside the box of a purpose here, at most `count`; none that came with imports.
///
/// # Errors
/// When the database does not answer.
pub async fn list_shown_of(
    tx: &mut Tx,
    purpose: &Purpose,
    count: i64,
) -> sqlx::Result<Vec<Notice>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT n.notice_id, n.purpose, n.lang, n.words, n.sha256 FROM notice n
         JOIN shown_notice s ON s.notice_id = n.notice_id
         WHERE n.purpose = $1 ORDER BY n.notice_id DESC LIMIT $2"
    )
    .bind(purpose)
    .bind(count)
    .fetch_all(conn)
    .await)
}
