//! Forms whose hidden field was filled in: nothing of them is stored but how many there were, and by which keys their senders
//! may send them again: those are answered as for any other form.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::flows::signup::do_once;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::dropped_forms;
use crate::store::signup::idempotent_requests::{self, NewRequest};

/// A form that is dropped.
pub struct DroppedForm {
    /// The key that its sender is told of, of no form.
    pub signup_id: Uuid,
    /// The report that it was for, or none for the newsletters alone.
    pub report: Option<(Uuid, Slug)>,
    /// The request by which its sender may send it again.
    pub request: Option<IdempotentRequest>,
}

/// Counts forms that were dropped today, each by its report.
///
/// # Errors
/// When the database does not take it; then none is counted.
pub async fn count_dropped(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    dropped: &[DroppedForm],
) -> Result<(), Error> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for form in dropped {
        let slug = form.report.as_ref().map(|(_, slug)| slug);
        *counts.entry(form_name(slug)).or_default() += 1;
    }
    // In the order of their names, so that two who count at once never wait for each other in a circle.
    for (form, count) in counts {
        dropped_forms::add(tx, &form, settings.timezone.day_of(at.now), count).await?;
    }
    let requests: Vec<NewRequest> = dropped.iter().filter_map(repeatable).collect();
    if !requests.is_empty() {
        let kept_since = at.now.minus(do_once::KEPT_FOR);
        idempotent_requests::insert_all(tx, at.now, kept_since, &requests).await?;
    }
    Ok(())
}

fn repeatable(form: &DroppedForm) -> Option<NewRequest> {
    let report_id = form.report.as_ref().map(|(report_id, _)| *report_id);
    Some(NewRequest { request: form.request?, signup_id: form.signup_id, report_id })
}
