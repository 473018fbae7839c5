//! Who outside vouches for the ledger, as its page shows it.

use serde::Serialize;

use crate::domain::alarm::{TIME_STAMPS, witness};
use crate::domain::timestamp::Timestamp;
use crate::notaries::Notaries;
use crate::store::Tx;
use crate::store::alarms::{self, Alarm};
use crate::store::ledger::{cosignatures, head_timestamps};

/// Witnesses and time stamps.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::web::console) struct Vouchers {
    witnesses: Vec<ShownWitness>,
    /// Whether heads are stamped.
    stamps: bool,
    stamp: Option<ShownStamp>,
    /// Why none is.
    stamp_trouble: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ShownWitness {
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

#[derive(Clone, Debug, Serialize)]
struct ShownStamp {
    size: i64,
    /// What it states.
    at: Timestamp,
}

impl Vouchers {
    /// Reads what is kept of them, beside the newest checkpoint of this size.
    pub(super) async fn find(
        tx: &mut Tx,
        notaries: &Notaries,
        newest: Option<i64>,
    ) -> sqlx::Result<Self> {
        let standing = alarms::list(tx).await?;
        let trouble = |subject: &str| {
            let alarm = standing.iter().find(|alarm: &&Alarm| alarm.subject == subject);
            alarm.map(|alarm| alarm.detail.clone())
        };
        let mut witnesses = Vec::with_capacity(notaries.witnesses().len());
        for set in notaries.witnesses() {
            let last = cosignatures::find_newest(tx, &set.key.to_string()).await?;
            witnesses.push(ShownWitness {
                name: set.name().to_owned(),
                signs_newest: last.is_some() && last.as_ref().map(|last| last.size) == newest,
                trouble: trouble(&witness(set.name())),
                last: last.map(|last| ShownSignature { size: last.size, at: last.received_at }),
            });
        }
        let stamp = head_timestamps::find_newest(tx).await?;
        Ok(Self {
            witnesses,
            stamps: notaries.stamps(),
            stamp: stamp.map(|stamp| ShownStamp { size: stamp.size, at: stamp.stamped_at }),
            stamp_trouble: trouble(TIME_STAMPS),
        })
    }

    /// With a witness in each state, and a stamp.
    pub(super) fn sample() -> Self {
        let at = Timestamp::SAMPLE;
        let witness = |name: &str, size: Option<i64>, trouble: Option<&str>| ShownWitness {
            name: name.to_owned(),
            last: size.map(|size| ShownSignature { size, at }),
            signs_newest: size == Some(4118),
            trouble: trouble.map(str::to_owned),
        };
        Self {
            witnesses: vec![
                witness("witness.example", Some(4118), None),
                witness("notary.example", Some(4100), Some("it cannot be reached")),
                witness("library.example", None, None),
            ],
            stamps: true,
            stamp: Some(ShownStamp { size: 4100, at }),
            stamp_trouble: None,
        }
    }

    /// Where heads are to be stamped and nobody does.
    pub(super) fn sample_unstamped() -> Self {
        let stamp_trouble = Some("it cannot be reached".to_owned());
        Self { stamp: None, stamp_trouble, ..Self::sample() }
    }
}
