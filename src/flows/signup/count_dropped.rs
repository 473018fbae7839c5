//! Forms whose hidden field was filled in: nothing of them is stored but how many there were, and by which keys their senders
//! may send them again: those are answered as for any other form.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::flows::signup::take_each::{HandedIn, Once, take_each};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::dropped_forms;

/// A form that is dropped.
pub struct DroppedForm {
    /// The key that its sender is told of, of no form.
    pub signup_id: Uuid,
    /// The report that it was for, or none for the newsletters alone.
    pub report: Option<(Uuid, Slug)>,
    /// The request by which its sender may send it again.
    pub request: Option<IdempotentRequest>,
    /// The answer to a bot check that it brought along: it is used up as by any other form, so that whoever sends both
    /// kinds is answered the same.
    pub check: Option<SolvedCheck>,
}

/// Counts forms that were dropped today, each by its report. Returns what became of each as its sender is told it, in
/// their order.
///
/// # Errors
/// When the database does not take it; then none is counted.
pub async fn count_dropped(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    dropped: &[DroppedForm],
) -> Result<Vec<HandedIn>, Error> {
    let once = dropped.iter().map(|form| Once {
        signup_id: form.signup_id,
        report_id: form.report.as_ref().map(|(report_id, _)| *report_id),
        request: form.request,
        check: form.check,
    });
    let handed_in = take_each(tx, at, &once.collect::<Vec<_>>()).await?;
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let taken = dropped.iter().zip(&handed_in).filter(|(_, became)| **became == HandedIn::Taken);
    for (form, _) in taken {
        let slug = form.report.as_ref().map(|(_, slug)| slug);
        *counts.entry(form_name(slug)).or_default() += 1;
    }
    // In the order of their names, so that two who count at once never wait for each other in a circle.
    for (form, count) in counts {
        dropped_forms::add(tx, &form, settings.timezone.day_of(at.now), count).await?;
    }
    Ok(handed_in)
}
