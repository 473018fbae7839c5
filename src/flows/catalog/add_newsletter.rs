//! A newsletter is added.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::newsletters::{self, NewNewsletter, Newsletter};

/// Adds a newsletter and the purpose people agree to; `None` when the slug is taken.
pub async fn add_newsletter(
    tx: &mut Tx,
    act: &Act,
    new: NewNewsletter<'_>,
) -> Result<Option<Newsletter>, Error> {
    let added = newsletters::insert(tx, &act.at, new).await?;
    if added.is_some() {
        let detail = json!({"slug": new.slug, "offered": new.offered});
        act.audit(tx, Action::NewsletterAdd, &detail).await?;
    }
    Ok(added)
}
