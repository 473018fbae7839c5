//! Forms whose hidden field was filled in: nothing of them is stored but how many there were.

use std::collections::BTreeMap;

use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::dropped_forms;

/// Counts forms that were dropped today, each by the report that it was for, or none for the newsletters alone.
///
/// # Errors
/// When the database does not take it; then none is counted.
pub async fn count_dropped(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    dropped: &[Option<Slug>],
) -> Result<(), Error> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for report in dropped {
        *counts.entry(form_name(report.as_ref())).or_default() += 1;
    }
    // In the order of their names, so that two who count at once never wait for each other in a circle.
    for (form, count) in counts {
        dropped_forms::add(tx, &form, settings.timezone.day_of(at.now), count).await?;
    }
    Ok(())
}
