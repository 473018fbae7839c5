//! A report is published, and taken back.

use serde_json::json;

use crate::domain::catalog::notice::LANG;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::Act;
use crate::flows::catalog::report_error::ReportError;
use crate::site::Controller;
use crate::store::Tx;
use crate::store::catalog::reports;
use crate::store::policy::versions;

/// Offers a report on its page, once readers can be told who asks and under which policy.
///
/// # Errors
/// When there is no such report, no complete controller or no policy.
pub async fn publish_report(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    controller: &Controller,
) -> Result<(), ReportError> {
    if !controller.is_complete() {
        return Err(ReportError::NoController);
    }
    if versions::find_newest(tx, LANG).await?.is_none() {
        return Err(ReportError::NoPolicy);
    }
    if !reports::mark_published(tx, &act.at, slug).await? {
        return Err(ReportError::Unknown(slug.clone()));
    }
    act.audit(tx, Action::ReportPublish, &json!({"slug": slug})).await?;
    Ok(())
}

/// Takes a report back: its page says so, and grants given before still work.
///
/// # Errors
/// When there is no such report or it was never published.
pub async fn withdraw_report(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<(), ReportError> {
    if !reports::mark_withdrawn(tx, &act.at, slug).await? {
        let known = reports::find(tx, slug).await?.is_some();
        let slug = slug.clone();
        return Err(if known {
            ReportError::NeverPublished(slug)
        } else {
            ReportError::Unknown(slug)
        });
    }
    act.audit(tx, Action::ReportWithdraw, &json!({"slug": slug})).await?;
    Ok(())
}
