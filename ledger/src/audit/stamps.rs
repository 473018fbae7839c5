//! The time stamps of a bundle: each is over a checkpoint of the ledger, which stands beside it.
//!
//! Nothing is proved by one here, for who signed it is not checked. What can be seen is that it says what cannot be true.

use super::files::{Files, read_bytes, read_text};
use super::keys::Keys;
use super::report::Stamped;
use crate::bundle::{TIMESTAMPS, stamp_files};
use crate::digest::sha256;
use crate::finding::{Findings, Problem, Row};
use crate::moment::{whole_seconds, written};
use crate::note::{Checkpoint, SignedNote};
use crate::timestamp::{CLOCKS_APART, TimeStamp};

/// A time stamp that is over the checkpoint beside it, and that a key of the ledger signed.
pub(super) struct ReadStamp {
    pub(super) stamped: Stamped,
    /// The file of the checkpoint.
    pub(super) beside: String,
    pub(super) checkpoint: Checkpoint,
}

/// Reads the time stamps of the bundle, in the order of their days.
pub(super) fn read(
    files: &mut Files<'_>,
    keys: &Keys<'_>,
    findings: &mut Findings,
) -> Vec<ReadStamp> {
    let days = files.within(TIMESTAMPS);
    let days = days.iter().filter_map(|name| name.strip_suffix(".tsr"));
    let mut stamps = Vec::new();
    for day in days.filter(|day| is_day(day)) {
        let (file, beside) = stamp_files(day);
        files.name(&file);
        files.name(&beside);
        let stamp = read_bytes(&files.dir().join(&file)).map_err(Problem::StampFile);
        let stamp = stamp.and_then(|der| TimeStamp::read(&der).map_err(Problem::Stamp));
        let note = read_text(&files.dir().join(&beside)).map_err(Problem::StampFile);
        let note = note.and_then(|text| SignedNote::parse(&text).map_err(Problem::StampNote));
        let note = note.and_then(|note| {
            let own = keys.have_signed(&note, files.partial());
            if own { Ok(note) } else { Err(Problem::StampUnsigned) }
        });
        match (stamp, note) {
            (Ok(stamp), Ok(note)) if stamp.sha256 == sha256(note.text().as_bytes()) => {
                let checkpoint = note.checkpoint().clone();
                let stamped = Stamped { file, at: stamp.at, size: checkpoint.size };
                stamps.push(ReadStamp { stamped, beside, checkpoint });
            }
            (Ok(_), Ok(_)) => findings.file(file, Problem::Imprint),
            (stamp, note) => {
                for (path, problem) in [(file, stamp.err()), (beside, note.err())] {
                    if let Some(problem) = problem {
                        findings.file(path, problem);
                    }
                }
            }
        }
    }
    stamps
}

/// Whether a text is a day as `2026-11-23`, to name a file by.
fn is_day(text: &str) -> bool {
    text.len() == 10 && whole_seconds(&format!("{text}T00:00:00Z")).is_some()
}

/// Holds each time stamp against the newest entry that its checkpoint covers: one that is older was made up, or a clock
/// was wrong.
#[derive(Default)]
pub(super) struct StampTimes {
    /// In the order of their sizes.
    stamps: Vec<Stamped>,
    /// How many of them cover no more than what was taken so far.
    judged: usize,
    /// The newest entry so far, and when it was written.
    newest: Option<(Row, i64)>,
}

impl StampTimes {
    pub(super) fn new(mut stamps: Vec<Stamped>) -> Self {
        stamps.sort_by_key(|stamp| stamp.size);
        Self { stamps, ..Self::default() }
    }

    /// Takes the next entry in the order of the tree, and when it was written.
    pub(super) fn take(&mut self, row: Row, at: i64, findings: &mut Findings) {
        self.judge(|stamp| row.index.is_some_and(|index| stamp.size <= index), findings);
        if self.newest.is_none_or(|(_, newest)| at > newest) {
            self.newest = Some((row, at));
        }
    }

    /// Judges those that cover all that there is.
    pub(super) fn judge_the_rest(&mut self, findings: &mut Findings) {
        self.judge(|_| true, findings);
    }

    fn judge(&mut self, covers_no_more: impl Fn(&Stamped) -> bool, findings: &mut Findings) {
        while let Some(stamp) = self.stamps.get(self.judged).filter(|stamp| covers_no_more(stamp)) {
            let at = whole_seconds(&stamp.at).unwrap_or(i64::MIN);
            if let Some((row, newest)) = self.newest
                && at < newest.saturating_sub(CLOCKS_APART)
            {
                let (stamped, entry) = (stamp.at.clone(), written(newest));
                findings.file(stamp.file.clone(), Problem::StampTooOld { stamped, row, entry });
            }
            self.judged += 1;
        }
    }
}
