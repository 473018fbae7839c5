//! The times that witnesses signed at, against the times that entries bear: what a witness saw was there by then.

use super::report::WARNED;
use crate::cosignature::Cosigned;
use crate::finding::{Findings, Problem, Row};
use crate::moment::{whole_seconds, written};
use crate::note::Checkpoint;
use crate::timestamp::CLOCKS_APART;
use crate::witnesses::Witnessed;

/// How much later than its event an entry may come into the tree, in seconds: as promised.
const MERGE_DELAY: i64 = 24 * 60 * 60;

/// The bundle's checkpoint and one that was kept, as far as witnesses signed them whom the auditor named.
#[derive(Default)]
pub(super) struct WitnessTimes {
    seen: Vec<Seen>,
    /// The size of the kept checkpoint, and the first time that a witness signed it.
    kept: Option<(u64, i64)>,
}

/// A checkpoint, and the last time at which one of its witnesses first signed it.
struct Seen {
    size: u64,
    at: i64,
    found: bool,
}

impl WitnessTimes {
    pub(super) fn new(
        now: Option<(&Checkpoint, &Witnessed)>,
        kept: Option<(&Checkpoint, &Witnessed)>,
    ) -> Self {
        let seen = now.into_iter().chain(kept).filter_map(|(head, witnessed)| {
            let at = times(witnessed).max()?;
            Some(Seen { size: head.size, at, found: false })
        });
        let kept = kept.and_then(|(head, witnessed)| Some((head.size, times(witnessed).min()?)));
        Self { seen: seen.collect(), kept }
    }

    /// The next entry, and when it says that it was written.
    pub(super) fn take(
        &mut self,
        row: Row,
        at: i64,
        (findings, warnings): (&mut Findings, &mut Vec<String>),
    ) {
        let Some(index) = row.index else { return };
        for seen in &mut self.seen {
            let is_later = at > seen.at.saturating_add(CLOCKS_APART);
            if index < seen.size && is_later && !seen.found {
                seen.found = true;
                let (entry, cosigned, size) = (written(at), written(seen.at), seen.size);
                findings.row(row, Problem::TooNew { entry, cosigned, size });
            }
        }
        if let Some((size, first)) = self.kept
            && index >= size
            && at < first.saturating_sub(MERGE_DELAY)
            && warnings.len() < WARNED
        {
            warnings.push(format!(
                "{row} says that it was written at {}, more than a day before a witness signed the checkpoint over {size} \
                 leaves that you kept, and is not among those",
                written(at)
            ));
        }
    }
}

fn times(witnessed: &Witnessed) -> impl Iterator<Item = i64> {
    witnessed.seen.iter().filter_map(|(_, cosigned)| match cosigned {
        Cosigned::At(at) => whole_seconds(at),
        Cosigned::Missing | Cosigned::False => None,
    })
}
