//! The time stamps over heads of the ledger, as its page shows them.

use serde::Serialize;

use crate::domain::alarm::TIME_STAMPS;
use crate::domain::timestamp::Timestamp;
use crate::flows::Case;
use crate::flows::ledger::own_stamp::find_last_stamp;
use crate::store::Tx;
use crate::store::alarms::Alarm;

/// The last, and what keeps the next one away.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::web::console) struct ShownStamps {
    /// Whether heads are stamped.
    asked_for: bool,
    last: Option<ShownStamp>,
    trouble: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ShownStamp {
    size: i64,
    /// What it states.
    at: Timestamp,
}

impl ShownStamps {
    /// Reads the last, beside what the operator must look at.
    pub(super) async fn find(
        tx: &mut Tx,
        case: Case<'_>,
        (asked_for, standing): (bool, &[Alarm]),
    ) -> sqlx::Result<Self> {
        let last = find_last_stamp(tx, case).await?;
        let alarm = standing.iter().find(|alarm| alarm.subject == TIME_STAMPS);
        Ok(Self {
            asked_for,
            last: last.map(|stamp| ShownStamp { size: stamp.size, at: stamp.stamped_at }),
            trouble: alarm.map(|alarm| alarm.detail.clone()),
        })
    }

    /// With a stamp.
    pub(super) fn sample() -> Self {
        let last = Some(ShownStamp { size: 4100, at: Timestamp::SAMPLE });
        Self { asked_for: true, last, trouble: None }
    }

    /// Where heads are to be stamped and nobody does.
    pub(super) fn sample_without() -> Self {
        let trouble = Some("it cannot be reached".to_owned());
        Self { last: None, trouble, ..Self::sample() }
    }
}
