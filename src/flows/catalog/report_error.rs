//! Why something cannot be done with a report.

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::flows::Error;
use crate::flows::catalog::purpose_error::PurposeError;

/// Why something cannot be done with a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The slug is in use.
    #[error("there is a report `{0}` already: choose another --slug")]
    Taken(Slug),
    /// The console's page for adding reports has this address.
    #[error("`{0}` stands for adding a report at the console: choose another --slug")]
    Reserved(Slug),
    /// Where forms stand on other pages, the form for newsletters alone has this name.
    #[error("`{0}` is the name of the newsletters’ form on other pages: choose another --slug")]
    OfNewsletters(Slug),
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
