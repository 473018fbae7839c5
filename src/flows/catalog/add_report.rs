//! A report is added.

use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::Act;
use crate::flows::catalog::offer_purpose::offer_purpose;
use crate::flows::catalog::report_error::ReportError;
use crate::store::Tx;
use crate::store::catalog::newsletters;
use crate::store::catalog::reports::{self, Report};

/// The console adds reports at `/console/reports/new`.
const RESERVED: &str = "new";

/// What the form of a report offers besides the report.
#[derive(Clone, Copy, Default)]
pub struct ReportOffers<'a> {
    /// Newsletters.
    pub newsletters: &'a [Slug],
    /// Purposes of the operator's own.
    pub purposes: &'a [Purpose],
}

/// Adds a report whose file lies in the file store already, with what its form offers.
///
/// # Errors
/// When the slug cannot be used, or a newsletter or a purpose is unknown.
pub async fn add_report(
    tx: &mut Tx,
    act: &Act,
    report: &Report,
    offers: ReportOffers<'_>,
) -> Result<(), ReportError> {
    is_free(tx, &report.slug).await?;
    let offered = known_newsletters(tx, offers.newsletters).await?;
    if !reports::insert(tx, report, &offered).await? {
        return Err(ReportError::Taken(report.slug.clone()));
    }
    let detail =
        json!({"slug": report.slug, "sha256": report.sha256, "newsletters": offers.newsletters});
    act.audit(tx, Action::ReportAdd, &detail).await?;
    for code in offers.purposes {
        offer_purpose(tx, act, code, &report.slug).await?;
    }
    Ok(())
}

/// Whether a report could be added under this name, so that a form says so together with all else. Who comes
/// first is decided when it is added.
///
/// # Errors
/// When it is taken, or stands for something else.
pub async fn is_free(tx: &mut Tx, slug: &Slug) -> Result<(), ReportError> {
    if slug.as_str() == RESERVED {
        return Err(ReportError::Reserved(slug.clone()));
    }
    if slug.as_str() == form_name(None) {
        return Err(ReportError::OfNewsletters(slug.clone()));
    }
    match reports::find(tx, slug).await? {
        Some(_) => Err(ReportError::Taken(slug.clone())),
        None => Ok(()),
    }
}

/// The keys of these newsletters, each once.
pub(in crate::flows) async fn known_newsletters(
    tx: &mut Tx,
    offers: &[Slug],
) -> Result<Vec<Uuid>, ReportError> {
    let known = newsletters::list(tx).await?;
    let mut offered: Vec<Uuid> = Vec::with_capacity(offers.len());
    for slug in offers {
        let newsletter = known.iter().find(|newsletter| newsletter.slug == *slug);
        let newsletter = newsletter.ok_or_else(|| ReportError::UnknownNewsletter(slug.clone()))?;
        if !offered.contains(&newsletter.newsletter_id) {
            offered.push(newsletter.newsletter_id);
        }
    }
    Ok(offered)
}
