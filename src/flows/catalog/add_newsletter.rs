//! A newsletter is added.

use serde_json::json;

use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::newsletters::{self, Newsletter, NewsletterWords};

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

/// Adds a newsletter and the purpose people agree to; `None` when the slug is taken.
pub async fn add_newsletter(
    tx: &mut Tx,
    act: &Act,
    new: NewNewsletter<'_>,
) -> Result<Option<Newsletter>, Error> {
    let NewNewsletter { slug, name, description, offered } = new;
    let words =
        NewsletterWords { name: name.as_str(), description: description.map_or("", Line::as_str) };
    let added = newsletters::insert(tx, &act.at, slug, words, offered).await?;
    if added.is_some() {
        let detail = json!({"slug": slug, "offered": offered});
        act.audit(tx, Action::NewsletterAdd, &detail).await?;
    }
    Ok(added)
}
