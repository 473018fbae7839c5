//! A newsletter is offered.

use serde_json::json;

use super::Error;
use crate::domain::action::Action;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::random::Moment;
use crate::store::newsletters::{self, Newsletter};
use crate::store::{Tx, audit_entries};

/// Adds a newsletter and the purpose people agree to; `None` when the slug is taken.
///
/// # Errors
/// When the database does not take it.
pub async fn add_newsletter(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    slug: &Slug,
    name: &Line,
    description: Option<&Line>,
) -> Result<Option<Newsletter>, Error> {
    let description = description.map_or("", Line::as_str);
    let added = newsletters::insert(tx, at, slug, name.as_str(), description).await?;
    if added.is_some() {
        audit_entries::append(tx, at, actor, Action::NewsletterAdd, &json!({"slug": slug})).await?;
    }
    Ok(added)
}
