//! A report is added, published, taken back.

use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::catalog::offer_purpose::offer_purpose;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::flows::{Act, Error};
use crate::site::Controller;
use crate::store::Tx;
use crate::store::catalog::newsletters;
use crate::store::catalog::reports::{self, Report};
use crate::store::policy::versions;

/// Why a report cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The slug is in use.
    #[error("there is a report `{0}` already: choose another --slug")]
    Taken(Slug),
    /// The console's page for adding reports has this address.
    #[error("`{0}` stands for adding a report at the console: choose another --slug")]
    Reserved(Slug),
    /// There is no such report.
    #[error("there is no report `{0}`: `assent report list` names them")]
    Unknown(Slug),
    /// There is no such newsletter.
    #[error("there is no newsletter `{0}`: add it first with `assent newsletter add`")]
    UnknownNewsletter(Slug),
    /// There is no such purpose of the operator's own.
    #[error("there is no purpose `{0}` of your own: add it first with `assent purpose add`")]
    UnknownPurpose(Purpose),
    /// A purpose cannot be offered.
    #[error(transparent)]
    Purpose(PurposeError),
    /// Nobody could be told who holds their details (GDPR Art. 13(1)(a)).
    #[error(
        "the controller's name, address and contact must be set before a report is published: set \
         controller.name, controller.address and controller.contact"
    )]
    NoController,
    /// Nobody could agree to anything.
    #[error("publish a privacy policy first, with `assent policy publish`")]
    NoPolicy,
    /// It was never offered, so it cannot be taken back.
    #[error("the report `{0}` was never published")]
    NeverPublished(Slug),
    /// It was offered once, or somebody asked for it, so it cannot be deleted.
    #[error("the report `{0}` is no draft any more: `assent report withdraw` takes it back")]
    NotADraft(Slug),
    /// The database did not take it.
    #[error(transparent)]
    Flow(#[from] Error),
}

impl From<PurposeError> for ReportError {
    fn from(error: PurposeError) -> Self {
        match error {
            PurposeError::Flow(error) => Self::Flow(error),
            error => Self::Purpose(error),
        }
    }
}

impl From<sqlx::Error> for ReportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

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
/// When the slug is taken, or a newsletter or a purpose is unknown.
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
    act.note(tx, Action::ReportAdd, &detail).await?;
    for code in offers.purposes {
        offer_purpose(tx, act, code, &report.slug).await?;
    }
    Ok(())
}

/// Whether a report could be added under this name, so that a form says so together with all else. Who comes
/// first is decided when it is added.
///
/// # Errors
/// When the name is taken.
pub async fn is_free(tx: &mut Tx, slug: &Slug) -> Result<(), ReportError> {
    if slug.as_str() == RESERVED {
        return Err(ReportError::Reserved(slug.clone()));
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
    if versions::list(tx, LANG).await?.is_empty() {
        return Err(ReportError::NoPolicy);
    }
    if !reports::mark_published(tx, &act.at, slug).await? {
        return Err(ReportError::Unknown(slug.clone()));
    }
    act.note(tx, Action::ReportPublish, &json!({"slug": slug})).await?;
    Ok(())
}

/// Takes a report back: its page says so, and grants given before still work.
///
/// # Errors
/// When there is no such report or it was never published.
pub async fn withdraw_report(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<(), ReportError> {
    if !reports::mark_withdrawn(tx, &act.at, slug).await? {
        let known = reports::list(tx).await?.iter().any(|report| report.slug == *slug);
        let slug = slug.clone();
        return Err(if known {
            ReportError::NeverPublished(slug)
        } else {
            ReportError::Unknown(slug)
        });
    }
    act.note(tx, Action::ReportWithdraw, &json!({"slug": slug})).await?;
    Ok(())
}
