//! A newsletter is named or described in other words.

use serde_json::json;

use crate::domain::catalog::edit::{Reworded, changes};
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::newsletters::{self, NewsletterWords};

/// A newsletter in other words.
#[derive(Clone, Copy)]
pub struct NewsletterEdit<'a> {
    /// The words that its editor saw.
    pub seen: NewsletterWords<'a>,
    /// Its name from now on.
    pub name: &'a Line,
    /// What to expect from it.
    pub description: Option<&'a Line>,
}

/// Changes how a newsletter is named and described, unless somebody else did since `seen`. The words beside
/// its box are made of both, so forms show new words from then on; whoever agreed before agreed to the old
/// ones, which are kept.
pub async fn edit_newsletter(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    edit: NewsletterEdit<'_>,
) -> Result<Reworded, Error> {
    let NewsletterEdit { seen, name, description } = edit;
    let new =
        NewsletterWords { name: name.as_str(), description: description.map_or("", Line::as_str) };
    if !newsletters::update(tx, slug, seen, new).await? {
        let known = newsletters::find(tx, slug).await?.is_some();
        return Ok(if known { Reworded::Overtaken } else { Reworded::Unknown });
    }
    let changed = changes([
        ("name", json!(seen.name), json!(new.name)),
        ("description", json!(seen.description), json!(new.description)),
    ]);
    if let Some(mut detail) = changed {
        detail["slug"] = json!(slug);
        act.audit(tx, Action::NewsletterEdit, &detail).await?;
    }
    Ok(Reworded::Done)
}
