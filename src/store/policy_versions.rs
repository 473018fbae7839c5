//! Published privacy policies: each version for good.

use uuid::Uuid;

use super::{Tx, on};
use crate::domain::notice::sha256_hex;
use crate::domain::policy::{ChangeClass, PolicyText};
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;

/// One published policy.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PolicyVersion {
    /// Its key.
    pub policy_version_id: Uuid,
    /// What forms and exports call it.
    pub label: Label,
    /// The language, BCP 47.
    pub lang: String,
    /// The text, Markdown.
    pub body: String,
    /// Lower-case hex SHA-256 of the text.
    pub sha256: String,
    /// What it asked of those who agreed to an older one.
    pub change_class: ChangeClass,
    /// When it took effect.
    pub published_at: Timestamp,
}

/// A policy about to be published.
pub struct NewPolicyVersion<'a> {
    /// What it is to be called.
    pub label: &'a Label,
    /// Its language.
    pub lang: &'a str,
    /// Its text.
    pub text: &'a PolicyText,
    /// What it asks of those who agreed to an older one.
    pub change_class: ChangeClass,
}

/// Publishes a version; `None` when the label is taken in that language.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    new: NewPolicyVersion<'_>,
) -> sqlx::Result<Option<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(
        "INSERT INTO policy_version
             (policy_version_id, label, lang, body, sha256, change_class, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (label, lang) DO NOTHING
         RETURNING policy_version_id, label, lang, body, sha256, change_class, published_at"
    )
    .bind(at.new_id())
    .bind(new.label)
    .bind(new.lang)
    .bind(new.text.as_str())
    .bind(sha256_hex(new.text.as_str().as_bytes()))
    .bind(new.change_class)
    .bind(at.now)
    .fetch_optional(conn)
    .await)
}

/// All versions in one language, newest first: the first is the one in force.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx, lang: &str) -> sqlx::Result<Vec<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT policy_version_id, label, lang, body, sha256, change_class, published_at
         FROM policy_version WHERE lang = $1 ORDER BY published_at DESC, policy_version_id DESC"
    )
    .bind(lang)
    .fetch_all(conn)
    .await)
}
