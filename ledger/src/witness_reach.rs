//! How far back witnesses speak. After a loss a ledger goes on under another name, which to a witness is another log:
//! it begins there with nothing (C2SP tlog-witness keeps a size for each origin), so that its signature says nothing
//! of what was there before.

use std::fmt;

use super::epoch::Epoch;
use super::note::Checkpoint;

/// How far back witnesses speak of a ledger that went on after a loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessReach {
    /// The name that it has since.
    since: String,
    /// How many leaves it went on from, where that is known.
    from: Option<u64>,
    kept: Option<KeptHead>,
}

/// A checkpoint of before the loss that the auditor kept, and what it has of the same witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptHead {
    pub(super) origin: String,
    pub(super) size: u64,
    /// How many of them signed it.
    pub(super) count: usize,
    /// Whether those are enough.
    pub(super) is_enough: bool,
}

impl WitnessReach {
    /// Of witnesses who signed this checkpoint; none where the ledger has its first name, by which they always knew it.
    pub(super) fn of(head: &Checkpoint) -> Option<Self> {
        let later = Epoch::of_name(&head.origin) > Epoch::FIRST;
        later.then(|| Self { since: head.origin.clone(), from: None, kept: None })
    }

    /// With how many leaves the ledger went on from.
    pub(super) fn go_on_from(&mut self, leaves: Option<u64>) {
        self.from = leaves;
    }

    /// With a checkpoint that was kept, if it is of before the loss.
    pub(super) fn look_back(&mut self, kept: KeptHead) {
        let same = Epoch::is_same_ledger(&kept.origin, &self.since);
        if same && Epoch::of_name(&kept.origin) < Epoch::of_name(&self.since) {
            self.kept = Some(kept);
        }
    }
}

const WANTED: &str = "the last checkpoint that they signed under the name before covers that; give it with a bundle of \
                      the whole ledger (--checkpoint FILE)";

impl fmt::Display for WitnessReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = &self.since;
        write!(
            f,
            "They say so only since it is called {since}, under which name they began anew."
        )?;
        let Some(KeptHead { origin, size, count, is_enough }) = &self.kept else {
            match self.from {
                Some(from) => write!(f, " Of the first {from} leaves they say nothing")?,
                None => f.write_str(" Of what is older they say nothing")?,
            }
            return write!(f, ": {WANTED}");
        };
        if !is_enough {
            return write!(
                f,
                " The checkpoint over {size} leaves that you kept, of {origin}, is signed by {count} of them, too few: of \
                 what is older they say nothing; {WANTED}"
            );
        }
        write!(
            f,
            " {count} of them signed the checkpoint over {size} leaves that you kept, of {origin}, too: those they had seen"
        )?;
        if let Some(last) = self.from.filter(|from| from > size).map(|from| from - 1) {
            write!(f, "; of index {size} to {last} they say nothing")?;
        }
        if Epoch::of_name(origin) > Epoch::FIRST {
            write!(f, "; and that only since it was called {origin}: of what is older, {WANTED}")?;
        }
        Ok(())
    }
}
