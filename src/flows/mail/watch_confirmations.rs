//! Many are mailed through a form and hardly anybody confirms: somebody else types their addresses.

use crate::domain::alarm::{OnCollapse, confirmations, has_collapsed, is_of_confirmations};
use crate::flows::raise_alarm::{AlarmChanges, clear, raise};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::alarms;
use crate::store::signup::confirmations::Confirmations;

/// Raises the alarm for each form whose confirmations have collapsed, and ends it for all others.
pub async fn watch_confirmations(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    counted: &[Confirmations],
) -> Result<AlarmChanges, Error> {
    let mut changes = AlarmChanges::default();
    let mut stand = Vec::new();
    for Confirmations { report, mailed, confirmed } in counted {
        if settings.on_collapse == OnCollapse::Off || !has_collapsed(*mailed, *confirmed) {
            continue;
        }
        let subject = confirmations(report.as_ref());
        let rests = if settings.on_collapse == OnCollapse::Pause { "; its form rests" } else { "" };
        let detail = format!(
            "only {confirmed} of {mailed} signups mailed in the last hour are confirmed{rests}"
        );
        if raise(tx, at, &subject, &detail).await? {
            changes.raised.push((subject.clone(), detail));
        }
        stand.push(subject);
    }
    for alarm in alarms::list(tx).await? {
        let over = is_of_confirmations(&alarm.subject) && !stand.contains(&alarm.subject);
        if over && clear(tx, &alarm.subject).await? {
            changes.ended.push(alarm.subject);
        }
    }
    Ok(changes)
}
