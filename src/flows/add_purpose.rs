//! A purpose of the operator's own is added.

use serde_json::json;

use super::Error;
use super::offer_purpose::offer_purpose;
use crate::domain::action::Action;
use crate::domain::notice::OwnWords;
use crate::domain::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::random::Moment;
use crate::store::purposes::{self, OwnPurpose};
use crate::store::{Tx, audit_entries};

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

/// A purpose as its operator words it.
pub struct NewPurpose {
    /// Its code.
    pub code: Purpose,
    /// Its name, as readers see it.
    pub name: Line,
    /// The words beside its box.
    pub words: OwnWords,
}

/// Adds a purpose that people can agree to, or not: it is optional wherever it is offered (GDPR
/// Art. 7(4)). The forms of these reports offer it.
///
/// # Errors
/// When the code is taken or not the operator's to give, or a report is unknown.
pub async fn add_purpose(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    new: NewPurpose,
    offered_on: &[Slug],
) -> Result<(), PurposeError> {
    let NewPurpose { code, name, words } = new;
    if !code.is_own() {
        return Err(PurposeError::NotOwn(code));
    }
    let purpose = OwnPurpose { code, name: name.into_string(), words: words.as_str().to_owned() };
    if !purposes::insert(tx, at, &purpose).await? {
        return Err(PurposeError::Taken(purpose.code));
    }
    let detail = json!({"purpose": purpose.code});
    audit_entries::append(tx, at, actor, Action::PurposeAdd, &detail).await?;
    for report in offered_on {
        offer_purpose(tx, at, actor, &purpose.code, report).await?;
    }
    Ok(())
}
