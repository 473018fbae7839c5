//! Newsletters that can be agreed to, each with its purpose.

use uuid::Uuid;

use super::{Tx, on};
use crate::domain::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::random::Moment;

/// A newsletter on offer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Newsletter {
    /// Its key.
    pub newsletter_id: Uuid,
    /// Its short name.
    pub slug: Slug,
    /// Its name, as readers see it.
    pub name: String,
    /// What to expect from it; may be empty.
    pub description: String,
}

/// Adds a newsletter and its purpose; `None` when the slug is taken.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    slug: &Slug,
    name: &str,
    description: &str,
) -> sqlx::Result<Option<Newsletter>> {
    on!(tx, |conn| {
        let newsletter: Option<Newsletter> = sqlx::query_as(
            "INSERT INTO newsletter (newsletter_id, slug, name, description, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (slug) DO NOTHING
             RETURNING newsletter_id, slug, name, description",
        )
        .bind(at.new_id())
        .bind(slug)
        .bind(name)
        .bind(description)
        .bind(at.now)
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(newsletter) = &newsletter {
            sqlx::query(
                "INSERT INTO purpose (code, newsletter_id, created_at) VALUES ($1, $2, $3)",
            )
            .bind(Purpose::newsletter(slug))
            .bind(newsletter.newsletter_id)
            .bind(at.now)
            .execute(conn)
            .await?;
        }
        Ok(newsletter)
    })
}

/// All newsletters, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Newsletter>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT newsletter_id, slug, name, description FROM newsletter ORDER BY newsletter_id"
    )
    .fetch_all(conn)
    .await)
}
