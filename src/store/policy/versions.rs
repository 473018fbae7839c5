//! Published privacy policies: each version for good.

use std::collections::HashMap;

use assent_ledger::digest::sha256_hex;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::policy::version::{Change, ChangeClass, PolicyText, WhatChanges};
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Effect, Sql, Tx, in_force, on};

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
    /// Until when consents under older versions count, if this one asks people again.
    pub renew_until: Option<Timestamp>,
    /// What it changes for those who agreed to an older one; versions published before that was asked have none.
    pub changes: Option<String>,
}

/// A policy about to be published.
#[derive(Clone, Copy)]
pub struct NewPolicyVersion<'a> {
    /// What it is to be called.
    pub label: &'a Label,
    /// Its language.
    pub lang: &'a str,
    /// Its text.
    pub text: &'a PolicyText,
    /// What it asks of those who agreed to an older one.
    pub change: &'a Change,
}

/// What a version is read by.
macro_rules! columns {
    () => {
        "policy_version_id, label, lang, body, sha256, change_class, published_at, renew_until,
         changes"
    };
}

/// Publishes a version; `None` when the label is taken in that language.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    new: NewPolicyVersion<'_>,
    published_at: Timestamp,
) -> sqlx::Result<Option<PolicyVersion>> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query_as(concat!(
        "INSERT INTO policy_version (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (label, lang) DO NOTHING RETURNING ",
        columns!()
    ))
    .bind(at.new_id())
    .bind(new.label)
    .bind(new.lang)
    .bind(new.text.as_str())
    .bind(sha256_hex(new.text.as_str().as_bytes()))
    .bind(new.change.class())
    .bind(published_at)
    .bind(new.change.until())
    .bind(new.change.changes().map(WhatChanges::as_str))
    .fetch_optional(conn)
    .await)
}

/// All versions in one language, newest first: the first is the one in force.
pub async fn list(tx: &mut Tx, lang: &str) -> sqlx::Result<Vec<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM policy_version WHERE lang = $1 ORDER BY published_at DESC, policy_version_id DESC"
    ))
    .bind(lang)
    .fetch_all(conn)
    .await)
}

/// The version in force in one language.
pub async fn find_newest(tx: &mut Tx, lang: &str) -> sqlx::Result<Option<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM policy_version WHERE lang = $1
         ORDER BY published_at DESC, policy_version_id DESC LIMIT 1"
    ))
    .bind(lang)
    .fetch_optional(conn)
    .await)
}

/// The labels of versions that this program did not publish so: in another language than its one, or two of one label.
/// No hash is over the language, and by it a version is found that ends consents under older ones.
pub async fn list_strange(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT p.label FROM policy_version p
         WHERE p.lang <> $1 OR EXISTS (SELECT 1 FROM policy_version o WHERE o.label = p.label
                                         AND o.policy_version_id <> p.policy_version_id)
         ORDER BY p.label, p.policy_version_id LIMIT 20"
    )
    .bind(LANG)
    .fetch_all(conn)
    .await)
}

/// A version, and what it asks of consents under older ones.
#[derive(sqlx::FromRow)]
struct Asking {
    policy_version_id: Uuid,
    label: String,
    change_class: ChangeClass,
    published_at: Timestamp,
    renew_until: Option<Timestamp>,
}

/// The labels of the versions under which consents count at this moment: of those that none published later asked
/// people to agree to anew until a date that is over. Told from all rows as they are read, without a condition that an
/// index could answer.
pub async fn list_counting(tx: &mut Tx, now: Timestamp) -> sqlx::Result<HashMap<Uuid, String>> {
    let all: Vec<Asking> = on!(tx, |conn| {
        sqlx::query_as(
        "SELECT policy_version_id, label, change_class, published_at, renew_until FROM policy_version"
    )
    .fetch_all(conn)
    .await
    })?;
    let over = |asking: &&Asking| {
        asking.change_class == ChangeClass::Reconsent
            && asking.renew_until.is_some_and(|until| until <= now)
    };
    let since = all.iter().filter(over).map(|asking| asking.published_at).max();
    let counts = |version: &Asking| since.is_none_or(|since| version.published_at >= since);
    let counting = all.into_iter().filter(counts);
    Ok(counting.map(|version| (version.policy_version_id, version.label)).collect())
}

/// The version in force, after which nobody else publishes one before this transaction ends.
pub async fn lock_newest(tx: &mut Tx, lang: &str) -> sqlx::Result<Option<PolicyVersion>> {
    // A writing transaction on SQLite is alone already. The whole table, for before the first version there is
    // no row to hold; it goes on being read, and referred to.
    const LOCK: Sql = Sql {
        sqlite: "SELECT 1",
        postgres: "LOCK TABLE policy_version IN SHARE ROW EXCLUSIVE MODE",
    };
    on!(tx, LOCK, |conn, sql| sqlx::query(sql).execute(conn).await.map(drop))?;
    find_newest(tx, lang).await
}

/// One version.
pub async fn find(tx: &mut Tx, policy_version_id: Uuid) -> sqlx::Result<Option<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM policy_version WHERE policy_version_id = $1"
    ))
    .bind(policy_version_id)
    .fetch_optional(conn)
    .await)
}

/// The versions that people are told of or asked about now, oldest first: those to notify of that were
/// published after `since`, and those that ask until a date after `now`.
pub async fn list_announced(
    tx: &mut Tx,
    since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Vec<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM policy_version
         WHERE (change_class = 'notify' AND published_at > $1)
            OR (change_class = 'reconsent' AND renew_until > $2)
         ORDER BY published_at, policy_version_id"
    ))
    .bind(since)
    .bind(now)
    .fetch_all(conn)
    .await)
}

/// The versions that asked people again until a date after `since` that is over now, oldest first.
pub async fn list_over(
    tx: &mut Tx,
    since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Vec<PolicyVersion>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM policy_version
         WHERE change_class = 'reconsent' AND renew_until > $1 AND renew_until <= $2
         ORDER BY published_at, policy_version_id"
    ))
    .bind(since)
    .bind(now)
    .fetch_all(conn)
    .await)
}

/// How many people hold the privacy-policy consent under each version, those that nobody does left out.
pub async fn count_people(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, i64)>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT policy_version_id, count(*) FROM consent
         WHERE purpose = 'privacy-policy' AND ",
        in_force!("state"),
        "
         GROUP BY policy_version_id"
    ))
    .fetch_all(conn)
    .await)
}
