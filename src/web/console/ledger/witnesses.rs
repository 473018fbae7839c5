//! The witnesses of the ledger, as its page shows them.

use assent_ledger::cosignature::WitnessKey;
use serde::Serialize;

use crate::domain::alarm::witness as subject_of;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::cosigned_head::is_by;
use crate::store::Tx;
use crate::store::alarms::Alarm;
use crate::store::ledger::cosignatures::{self, CosignatureOfHead};

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ShownWitness {
    name: String,
    last: Option<ShownSignature>,
    /// Whether that is the newest checkpoint.
    signs_newest: bool,
    trouble: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ShownSignature {
    size: i64,
    at: Timestamp,
}

/// What is stored of each witness, the newest first: not looked at yet.
pub(super) async fn read(
    tx: &mut Tx,
    witnesses: &[WitnessKey],
    newest: Option<i64>,
) -> sqlx::Result<Vec<Vec<CosignatureOfHead>>> {
    let mut stored = Vec::with_capacity(witnesses.len());
    for witness in witnesses {
        let up_to = newest.unwrap_or(0);
        stored.push(cosignatures::list_newest(tx, &witness.to_string(), up_to).await?);
    }
    Ok(stored)
}

impl ShownWitness {
    /// A witness, of which this is stored, beside the newest checkpoint of this size and what the operator must look at.
    pub(super) fn of(
        witness: &WitnessKey,
        stored: &[CosignatureOfHead],
        (newest, standing): (Option<i64>, &[Alarm]),
    ) -> Self {
        let name = witness.name().to_string();
        let last = stored.iter().find(|row| is_by(witness, row)).map(|row| &row.cosignature);
        let subject = subject_of(&name);
        let alarm = standing.iter().find(|alarm| alarm.subject == subject);
        Self {
            signs_newest: last.is_some() && last.map(|last| last.size) == newest,
            trouble: alarm.map(|alarm| alarm.detail.clone()),
            last: last.map(|last| ShownSignature { size: last.size, at: last.received_at }),
            name,
        }
    }

    /// One in each state.
    pub(super) fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let witness = |name: &str, size: Option<i64>, trouble: Option<&str>| Self {
            name: name.to_owned(),
            last: size.map(|size| ShownSignature { size, at }),
            signs_newest: size == Some(4118),
            trouble: trouble.map(str::to_owned),
        };
        vec![
            witness("witness.example", Some(4118), None),
            witness("university.example", Some(4100), Some("it cannot be reached")),
            witness("library.example", None, None),
        ]
    }
}
