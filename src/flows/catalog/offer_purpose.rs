//! The forms of reports offer a purpose, or stop offering it.

use serde_json::json;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::catalog::{newsletters, purposes, reports};

/// Lets a report's form offer a purpose; one that it offers already stays where it is.
///
/// # Errors
/// When there is no such purpose of the operator's own, or no such report.
pub async fn offer_purpose(
    tx: &mut Tx,
    act: &Act,
    code: &Purpose,
    report: &Slug,
) -> Result<(), PurposeError> {
    let offering = reports::find(tx, report).await?;
    let offering = offering.ok_or_else(|| PurposeError::UnknownReport(report.clone()))?;
    if purposes::offer(tx, code, offering.report_id).await? {
        let detail = json!({"purpose": code, "report": report});
        act.audit(tx, Action::PurposeOffer, &detail).await?;
    } else if purposes::find(tx, code).await?.is_none() {
        return Err(PurposeError::Unknown(code.clone()));
    }
    Ok(())
}

/// The boxes of reports, as a page had them.
#[derive(Clone, Copy)]
pub struct ReportBoxes<'a> {
    /// Those that it showed.
    pub shown: &'a [Slug],
    /// Those that were ticked.
    pub ticked: &'a [Slug],
}

/// Lets the forms of the reports that are `ticked` offer a purpose, and of those that were `shown` no other.
/// Reports that were not shown stay as they are. Whoever agreed stays agreed.
pub async fn offer_on_reports(
    tx: &mut Tx,
    act: &Act,
    purpose: &Purpose,
    boxes: ReportBoxes<'_>,
) -> Result<(), Error> {
    let mut shown = boxes.shown.to_vec();
    // In one order, so that two of these never wait for each other.
    shown.sort();
    shown.dedup();
    let (mut offered, mut no_longer) = (Vec::new(), Vec::new());
    for slug in shown {
        let Some(report) = reports::lock(tx, &slug).await? else { continue };
        if boxes.ticked.contains(&slug) {
            let own = purpose.is_own();
            let done = if own {
                purposes::offer(tx, purpose, report.report_id).await?
            } else {
                newsletters::offer(tx, purpose, report.report_id).await?
            };
            offered.extend(done.then_some(slug));
        } else {
            let done = reports::stop_offering(tx, report.report_id, purpose).await?;
            no_longer.extend(done.then_some(slug));
        }
    }
    for (action, reports) in
        [(Action::PurposeOffer, offered), (Action::PurposeStopOffering, no_longer)]
    {
        for report in reports {
            let detail = json!({"purpose": purpose, "report": report});
            act.audit(tx, action, &detail).await?;
        }
    }
    Ok(())
}
