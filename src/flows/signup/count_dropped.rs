//! Forms whose hidden field was filled in: nothing of them is stored but how many there were.

use std::collections::BTreeMap;

use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::flows::signup::sign_up::HandedIn;
use crate::flows::signup::spend_checks::spend_checks;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::dropped_forms;

/// A form that is dropped.
#[derive(Clone, Debug)]
pub struct DroppedForm {
    /// The report that it was for, or none for the newsletters alone.
    pub report: Option<Slug>,
    /// The answer to a bot check that it brought along: it is used up as by any other form, so that whoever sends both
    /// kinds is answered the same.
    pub check: Option<SolvedCheck>,
}

/// Counts forms that were dropped today. Returns what became of each as its sender is told it, in their order.
///
/// # Errors
/// When the database does not take it; then none is counted.
pub async fn count_dropped(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    dropped: &[DroppedForm],
) -> Result<Vec<HandedIn>, Error> {
    let checks: Vec<Option<SolvedCheck>> = dropped.iter().map(|form| form.check).collect();
    let are_good = spend_checks(tx, &checks).await?;
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut handed_in = Vec::with_capacity(dropped.len());
    for (form, is_good) in dropped.iter().zip(are_good) {
        if is_good {
            *counts.entry(form_name(form.report.as_ref())).or_default() += 1;
        }
        handed_in.push(if is_good { HandedIn::Taken } else { HandedIn::CheckSpent });
    }
    // In the order of their names, so that two who count at once never wait for each other in a circle.
    for (form, count) in counts {
        dropped_forms::add(tx, &form, settings.timezone.day_of(at.now), count).await?;
    }
    Ok(handed_in)
}
