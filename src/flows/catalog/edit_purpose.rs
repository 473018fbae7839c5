//! A purpose of the operator's own is named or worded anew.

use serde_json::json;

use crate::domain::catalog::edit::{Reworded, changes};
use crate::domain::catalog::notice::OwnWords;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::purposes::{self, OwnPurpose};

/// What to change of a purpose; what is `None` stays.
pub struct PurposeEdit {
    /// Its name.
    pub name: Option<Line>,
    /// The words beside its box. Whoever agreed before agreed to the old ones, which are kept.
    pub words: Option<OwnWords>,
}

/// Changes how a purpose is named or worded from now on.
///
/// # Errors
/// When there is no such purpose of the operator's own.
pub async fn edit_purpose(
    tx: &mut Tx,
    act: &Act,
    code: &Purpose,
    edit: &PurposeEdit,
) -> Result<(), PurposeError> {
    let (name, words) = (edit.name.as_ref(), edit.words.as_ref());
    let (name, words) = (name.map(Line::as_str), words.map(OwnWords::as_str));
    let before = purposes::find(tx, code).await?;
    let before = before.ok_or_else(|| PurposeError::Unknown(code.clone()))?;
    if !purposes::update(tx, code, name, words).await? {
        return Err(PurposeError::Unknown(code.clone()));
    }
    let after = (name.unwrap_or(&before.name), words.unwrap_or(&before.words));
    write_down(tx, act, &before, after).await?;
    Ok(())
}

/// A purpose in other words.
#[derive(Clone, Copy)]
pub struct PurposeWords<'a> {
    /// Its name.
    pub name: &'a Line,
    /// The words beside its box.
    pub words: &'a OwnWords,
}

/// Names and words a purpose anew, unless somebody else did since `seen`.
pub async fn reword_purpose(
    tx: &mut Tx,
    act: &Act,
    seen: &OwnPurpose,
    new: PurposeWords<'_>,
) -> Result<Reworded, Error> {
    let PurposeWords { name, words } = new;
    if !purposes::reword(tx, seen, name.as_str(), words.as_str()).await? {
        let known = purposes::find(tx, &seen.code).await?.is_some();
        return Ok(if known { Reworded::Overtaken } else { Reworded::Unknown });
    }
    write_down(tx, act, seen, (name.as_str(), words.as_str())).await?;
    Ok(Reworded::Done)
}

async fn write_down(
    tx: &mut Tx,
    act: &Act,
    before: &OwnPurpose,
    (name, words): (&str, &str),
) -> sqlx::Result<()> {
    let changed = changes([
        ("name", json!(before.name), json!(name)),
        ("words", json!(before.words), json!(words)),
    ]);
    let Some(mut detail) = changed else { return Ok(()) };
    detail["purpose"] = json!(before.code);
    act.audit(tx, Action::PurposeEdit, &detail).await
}
