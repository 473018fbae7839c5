//! A newsletter is added.

use serde_json::json;

use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::catalog::newsletters::{self, Newsletter, NewsletterWords};
use crate::store::staff::audit_entries;

/// A newsletter as its publisher describes it.
pub struct NewNewsletter<'a> {
    /// Its short name.
    pub slug: &'a Slug,
    /// Its name, as readers see it.
    pub name: &'a Line,
    /// What to expect from it.
    pub description: Option<&'a Line>,
    /// Whether it is offered at once, or set aside at first.
    pub offered: bool,
}

/// Adds a newsletter and the purpose people agree to; `None` when the slug is taken.
///
/// # Errors
/// When the database does not take it.
pub async fn add_newsletter(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    new: NewNewsletter<'_>,
) -> Result<Option<Newsletter>, Error> {
    let NewNewsletter { slug, name, description, offered } = new;
    let words =
        NewsletterWords { name: name.as_str(), description: description.map_or("", Line::as_str) };
    let added = newsletters::insert(tx, at, slug, words, offered).await?;
    if added.is_some() {
        let detail = json!({"slug": slug, "offered": offered});
        audit_entries::append(tx, at, actor, Action::NewsletterAdd, &detail).await?;
    }
    Ok(added)
}
