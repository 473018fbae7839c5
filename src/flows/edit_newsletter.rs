//! A newsletter is named or described in other words, or offered on other forms.

use serde_json::json;

use super::Error;
use crate::domain::action::Action;
use crate::domain::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::random::Moment;
use crate::store::newsletters::{self, NewsletterWords};
use crate::store::{Tx, audit_entries, purposes, reports};

/// What became of an edit that says what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reworded {
    /// It stands so from now on.
    Done,
    /// There is no such newsletter.
    Unknown,
    /// Somebody else changed it since the form was filled; nothing was saved.
    Overtaken,
}

/// Changes how a newsletter is named and described, unless somebody else did since `seen`. The words beside
/// its box are made of both, so forms show new words from then on; whoever agreed before agreed to the old
/// ones, which are kept.
///
/// # Errors
/// When the database does not take it.
pub async fn edit_newsletter(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    slug: &Slug,
    (seen, name, description): (NewsletterWords<'_>, &Line, Option<&Line>),
) -> Result<Reworded, Error> {
    let new =
        NewsletterWords { name: name.as_str(), description: description.map_or("", Line::as_str) };
    if !newsletters::update(tx, slug, seen, new).await? {
        let known = newsletters::list(tx).await?.iter().any(|newsletter| newsletter.slug == *slug);
        return Ok(if known { Reworded::Overtaken } else { Reworded::Unknown });
    }
    let (mut changed, mut from, mut to) = (vec![], json!({}), json!({}));
    for (field, before, after) in
        [("name", seen.name, new.name), ("description", seen.description, new.description)]
    {
        if before != after {
            changed.push(field);
            from[field] = json!(before);
            to[field] = json!(after);
        }
    }
    if !changed.is_empty() {
        let detail = json!({"slug": slug, "changed": changed, "before": from, "after": to});
        audit_entries::append(tx, at, actor, Action::NewsletterEdit, &detail).await?;
    }
    Ok(Reworded::Done)
}

/// Lets the forms of the reports that are `ticked` offer a purpose, and of those that were `shown` no other.
/// Reports that were not shown stay as they are. Whoever agreed stays agreed.
///
/// # Errors
/// When the database does not take it.
pub async fn offer_on_reports(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    purpose: &Purpose,
    (shown, ticked): (&[Slug], &[Slug]),
) -> Result<(), Error> {
    let mut shown = shown.to_vec();
    // In one order, so that two of these never wait for each other.
    shown.sort();
    shown.dedup();
    let (mut offered, mut no_longer) = (Vec::new(), Vec::new());
    for slug in shown {
        let Some(report) = reports::lock(tx, &slug).await? else { continue };
        if ticked.contains(&slug) {
            let own = purpose.is_own();
            let done = if own {
                purposes::offer(tx, purpose, report.report_id).await?
            } else {
                newsletters::offer(tx, purpose, report.report_id).await?
            };
            offered.extend(done.then_some(slug));
        } else {
            let done = reports::stop_offering(tx, report.report_id, purpose).await?;
            no_longer.extend(done.then_some(slug));
        }
    }
    for (action, reports) in
        [(Action::PurposeOffer, offered), (Action::PurposeStopOffering, no_longer)]
    {
        for report in reports {
            let detail = json!({"purpose": purpose, "report": report});
            audit_entries::append(tx, at, actor, action, &detail).await?;
        }
    }
    Ok(())
}
