//! A purpose of the operator's own is added.

use serde_json::json;

use crate::domain::catalog::notice::OwnWords;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::Act;
use crate::flows::catalog::offer_purpose::offer_purpose;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::store::Tx;
use crate::store::catalog::purposes::{self, OwnPurpose};

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
    act: &Act,
    new: &NewPurpose,
    offered_on: &[Slug],
) -> Result<(), PurposeError> {
    let NewPurpose { code, name, words } = new;
    if !code.is_own() {
        return Err(PurposeError::NotOwn(code.clone()));
    }
    let (name, words) = (name.as_str().to_owned(), words.as_str().to_owned());
    let purpose = OwnPurpose { code: code.clone(), name, words };
    if !purposes::insert(tx, &act.at, &purpose).await? {
        return Err(PurposeError::Taken(purpose.code));
    }
    let detail = json!({"purpose": purpose.code});
    act.audit(tx, Action::PurposeAdd, &detail).await?;
    for report in offered_on {
        offer_purpose(tx, act, &purpose.code, report).await?;
    }
    Ok(())
}
