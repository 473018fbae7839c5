//! A purpose of the operator's own is added, offered on reports' forms, put in other words.

use serde_json::json;

use super::Error;
use super::edit_newsletter::Reworded;
use crate::domain::action::Action;
use crate::domain::notice::OwnWords;
use crate::domain::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::random::Moment;
use crate::store::purposes::{self, OwnPurpose};
use crate::store::{Tx, audit_entries, reports};

/// Why a purpose cannot be added or changed.
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

/// Lets a report's form offer a purpose; one that it offers already stays where it is.
///
/// # Errors
/// When there is no such purpose of the operator's own, or no such report.
pub async fn offer_purpose(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    code: &Purpose,
    report: &Slug,
) -> Result<(), PurposeError> {
    let all = reports::list(tx).await?;
    let offering = all.iter().find(|known| known.slug == *report);
    let offering = offering.ok_or_else(|| PurposeError::UnknownReport(report.clone()))?;
    if purposes::offer(tx, code, offering.report_id).await? {
        let detail = json!({"purpose": code, "report": report});
        audit_entries::append(tx, at, actor, Action::PurposeOffer, &detail).await?;
    } else if !purposes::list(tx).await?.iter().any(|own| own.code == *code) {
        return Err(PurposeError::Unknown(code.clone()));
    }
    Ok(())
}

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
    at: &Moment,
    actor: &str,
    code: &Purpose,
    edit: &PurposeEdit,
) -> Result<(), PurposeError> {
    let (name, words) = (edit.name.as_ref(), edit.words.as_ref());
    let (name, words) = (name.map(Line::as_str), words.map(OwnWords::as_str));
    let known = purposes::list(tx).await?;
    let before = known.iter().find(|own| own.code == *code);
    let before = before.ok_or_else(|| PurposeError::Unknown(code.clone()))?;
    if !purposes::update(tx, code, name, words).await? {
        return Err(PurposeError::Unknown(code.clone()));
    }
    let after = (name.unwrap_or(&before.name), words.unwrap_or(&before.words));
    write_down(tx, at, actor, before, after).await?;
    Ok(())
}

/// Names and words a purpose anew, unless somebody else did since `seen`.
///
/// # Errors
/// When the database does not take it.
pub async fn reword_purpose(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    seen: &OwnPurpose,
    (name, words): (&Line, &OwnWords),
) -> Result<Reworded, Error> {
    if !purposes::reword(tx, seen, name.as_str(), words.as_str()).await? {
        let known = purposes::list(tx).await?.iter().any(|own| own.code == seen.code);
        return Ok(if known { Reworded::Overtaken } else { Reworded::Unknown });
    }
    write_down(tx, at, actor, seen, (name.as_str(), words.as_str())).await?;
    Ok(Reworded::Done)
}

async fn write_down(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    before: &OwnPurpose,
    (name, words): (&str, &str),
) -> sqlx::Result<()> {
    let (mut changed, mut from, mut to) = (vec![], json!({}), json!({}));
    for (field, before, after) in [("name", &before.name, name), ("words", &before.words, words)] {
        if before != after {
            changed.push(field);
            from[field] = json!(before);
            to[field] = json!(after);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let detail = json!({"purpose": before.code, "changed": changed, "before": from, "after": to});
    audit_entries::append(tx, at, actor, Action::PurposeEdit, &detail).await
}
