//! A newsletter is offered again, or archived.

use serde_json::json;

use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::newsletters;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Moved {
    /// It is as was asked.
    Done,
    /// It was so before.
    Already,
    /// There is no such newsletter.
    Unknown,
}

/// Offers a newsletter that was archived: on the page of newsletters, the front page, and the forms that
/// offered it before.
pub async fn offer_newsletter(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<Moved, Error> {
    let done = newsletters::mark_offered(tx, slug).await?;
    tell(tx, act, slug, (done, Action::NewsletterOffer)).await
}

/// Archives a newsletter: no form or page offers it. Whoever agreed stays agreed, and whoever asked for it
/// before can still confirm that.
pub async fn withdraw_newsletter(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<Moved, Error> {
    let done = newsletters::mark_withdrawn(tx, &act.at, slug).await?;
    tell(tx, act, slug, (done, Action::NewsletterWithdraw)).await
}

async fn tell(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    (done, action): (bool, Action),
) -> Result<Moved, Error> {
    if done {
        act.audit(tx, action, &json!({"slug": slug})).await?;
        return Ok(Moved::Done);
    }
    let known = newsletters::find(tx, slug).await?.is_some();
    Ok(if known { Moved::Already } else { Moved::Unknown })
}
