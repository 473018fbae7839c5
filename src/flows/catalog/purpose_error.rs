//! Why a purpose of the operator's own cannot be added, changed or offered.

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::flows::Error;

/// Why a purpose cannot be added, changed or offered.
#[derive(Debug, thiserror::Error)]
pub enum PurposeError {
    /// The code belongs to the privacy policy or to a newsletter.
    #[error("`{0}` is not a code of your own: choose a slug such as `partner-offers`")]
    NotOwn(Purpose),
    /// The code is in use.
    #[error("there is a purpose `{0}` already: `assent purpose edit` changes it")]
    Taken(Purpose),
    /// There is no such purpose of the operator's own.
    #[error("there is no purpose `{0}` of your own: `assent purpose list` names them")]
    Unknown(Purpose),
    /// There is no such report.
    #[error("there is no report `{0}`: `assent report list` names them")]
    UnknownReport(Slug),
    /// The database did not take it.
    #[error(transparent)]
    Flow(#[from] Error),
}

impl From<sqlx::Error> for PurposeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}
