//! Newsletters that can be agreed to, each with its purpose.

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Effect, Tx, on};

/// A newsletter that people can agree to, or could.
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
    /// Since when it is archived; none while forms offer it.
    pub withdrawn_at: Option<Timestamp>,
}

impl Newsletter {
    /// Whether forms and pages offer it. Whoever agreed stays agreed either way.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

/// A newsletter as its publisher describes it.
#[derive(Clone, Copy)]
pub struct NewNewsletter<'a> {
    /// Its short name.
    pub slug: &'a Slug,
    /// Its name, as readers see it.
    pub name: &'a Line,
    /// What to expect from it.
    pub description: Option<&'a Line>,
    /// Whether it is offered at once, or archived at first.
    pub offered: bool,
}

/// Adds a newsletter and its purpose, offered or archived; `None` when the slug is taken.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    new: NewNewsletter<'_>,
) -> sqlx::Result<Option<Newsletter>> {
    let NewNewsletter { slug, name, description, offered } = new;
    tx.after(Effect::RefreshCatalog);
    let withdrawn_at = (!offered).then_some(at.now);
    on!(tx, |conn| {
        let newsletter: Option<Newsletter> = sqlx::query_as(
            "INSERT INTO newsletter (newsletter_id, slug, name, description, created_at, withdrawn_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (slug) DO NOTHING
             RETURNING newsletter_id, slug, name, description, withdrawn_at",
        )
        .bind(at.new_id())
        .bind(slug)
        .bind(name.as_str())
        .bind(description.map_or("", Line::as_str))
        .bind(at.now)
        .bind(withdrawn_at)
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

/// All newsletters, oldest first; those that are archived too.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Newsletter>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT newsletter_id, slug, name, description, withdrawn_at FROM newsletter
         ORDER BY newsletter_id"
    )
    .fetch_all(conn)
    .await)
}

/// The newsletter of this name, whether or not it is archived.
pub async fn find(tx: &mut Tx, slug: &Slug) -> sqlx::Result<Option<Newsletter>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT newsletter_id, slug, name, description, withdrawn_at FROM newsletter WHERE slug = $1"
    )
    .bind(slug)
    .fetch_optional(conn)
    .await
    })
}

/// The newsletter of this name, if anybody may have agreed to it: it was offered once, or consent to it was brought
/// from elsewhere. One that was archived from its beginning on is its publisher's matter.
///
/// # Errors
/// When the database does not answer.
pub async fn find_known(tx: &mut Tx, slug: &Slug) -> sqlx::Result<Option<Newsletter>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT newsletter_id, slug, name, description, withdrawn_at FROM newsletter
         WHERE slug = $1 AND (withdrawn_at IS NULL OR withdrawn_at <> created_at
                              OR EXISTS (SELECT 1 FROM consent WHERE purpose = $2))"
    )
    .bind(slug)
    .bind(Purpose::newsletter(slug))
    .fetch_optional(conn)
    .await)
}

/// How a newsletter is named and described.
#[derive(Clone, Copy, Debug)]
pub struct NewsletterWords<'a> {
    /// Its name.
    pub name: &'a str,
    /// What to expect from it; may be empty.
    pub description: &'a str,
}

/// Changes how a newsletter is named and described; `false` when there is none of that name, or it is not
/// described as `seen` any more.
pub async fn update(
    tx: &mut Tx,
    slug: &Slug,
    seen: NewsletterWords<'_>,
    new: NewsletterWords<'_>,
) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE newsletter SET name = $2, description = $3
         WHERE slug = $1 AND name = $4 AND description = $5"
    )
    .bind(slug)
    .bind(new.name)
    .bind(new.description)
    .bind(seen.name)
    .bind(seen.description)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Offers a newsletter that is archived; `false` when there is none of that name, or it is offered.
pub async fn mark_offered(tx: &mut Tx, slug: &Slug) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE newsletter SET withdrawn_at = NULL WHERE slug = $1 AND withdrawn_at IS NOT NULL"
    )
    .bind(slug)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Archives a newsletter; `false` when there is none of that name, or it is archived.
pub async fn mark_withdrawn(tx: &mut Tx, at: &Moment, slug: &Slug) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE newsletter SET withdrawn_at = $2 WHERE slug = $1 AND withdrawn_at IS NULL"
    )
    .bind(slug)
    .bind(at.now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Lets a report's form offer a newsletter, after those it offers already; `false` when it is among them, or
/// the purpose is no newsletter's.
pub async fn offer(tx: &mut Tx, purpose: &Purpose, report_id: Uuid) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "INSERT INTO report_newsletter (report_id, newsletter_id, position)
         SELECT $2, newsletter_id, (SELECT COALESCE(MAX(position) + 1, 0) FROM report_newsletter
                                    WHERE report_id = $2)
         FROM purpose WHERE code = $1 AND newsletter_id IS NOT NULL
         ON CONFLICT (report_id, newsletter_id) DO NOTHING"
    )
    .bind(purpose)
    .bind(report_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
