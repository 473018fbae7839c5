//! Forms as they were shown to everybody, kept once and named by their hash (EDPB Guidelines 05/2020 ¶108).

use std::collections::BTreeMap;

use crate::domain::consent::blank_form::BlankForm;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Keeps those that are not kept yet, each once.
pub async fn insert_all(tx: &mut Tx, now: Timestamp, forms: &[&BlankForm]) -> sqlx::Result<()> {
    // In one order, so that two who keep the same forms wait for each other in turn.
    let forms: BTreeMap<&str, &BlankForm> =
        forms.iter().map(|form| (form.sha256.as_str(), *form)).collect();
    for form in forms.into_values() {
        on!(tx, |conn| sqlx::query(
            "INSERT INTO blank_form (sha256, html, shown_at) VALUES ($1, $2, $3)
             ON CONFLICT (sha256) DO NOTHING"
        )
        .bind(&form.sha256)
        .bind(&form.document)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    }
    Ok(())
}

/// The document of this hash, lower-case hex.
pub async fn find(tx: &mut Tx, sha256: &str) -> sqlx::Result<Option<String>> {
    on!(tx, |conn| sqlx::query_scalar("SELECT html FROM blank_form WHERE sha256 = $1")
        .bind(sha256)
        .fetch_optional(conn)
        .await)
}

/// The hashes of all of them, without the documents; there is one for each change of a form that somebody sent.
pub async fn list_hashes(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| sqlx::query_scalar("SELECT sha256 FROM blank_form ORDER BY sha256")
        .fetch_all(conn)
        .await)
}
