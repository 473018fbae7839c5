//! The outsider's check of a bundle: no database, no configuration, and never the whole file in memory. What stays
//! there are some tens of bytes for each person and form, for each leaf that stands bare or is named as emptied, and
//! of a partial bundle for each row, and the names of its files.

mod emptyings;
mod files;
#[cfg(test)]
mod forgery_tests;
#[cfg(test)]
mod fuzz_tests;
mod heads;
#[cfg(test)]
mod holder_tests;
mod keys;
#[cfg(test)]
mod known_tests;
mod lines;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod part_tests;
mod report;
mod resumptions;
mod row;
#[cfg(test)]
pub(crate) mod sample_ledger_tests;
#[cfg(test)]
pub(crate) mod sample_tests;
mod sought;
mod stamps;
#[cfg(test)]
mod stamps_tests;
mod tally;
mod unnamed_files;
mod witness_times;

use std::path::Path;
use std::{panic, thread};

use self::files::{Files, read_text};
use self::heads::Heads;
use self::keys::Keys;
use self::lines::{Chunk, Lines};
pub use self::report::{
    AuditError, AuditReport, EmptiedBy, Emptier, Found, Known, Resumption, Stamped,
};
use self::resumptions::Resumptions;
use self::sought::Sought;
use self::stamps::StampTimes;
use self::tally::{Against, Tally};
use self::witness_times::WitnessTimes;
use crate::bundle::{CHECKPOINT, EVENTS};
use crate::finding::{Findings, Problem};
use crate::note::SignedNote;

/// The most threads that check rows.
const THREADS: usize = 8;

/// Checks the bundle in `dir` against its own checkpoint, and that against what is known from elsewhere.
///
/// # Errors
/// When events or checkpoint cannot be read, or what is known is a stranger's. Whatever else is wrong is a finding.
pub fn audit(dir: &Path, known: Known<'_>) -> Result<AuditReport, AuditError> {
    let note = read_text(&dir.join(CHECKPOINT))
        .map_err(|error| AuditError::Read(CHECKPOINT, error))
        .and_then(|text| SignedNote::parse(&text).map_err(AuditError::Checkpoint))?;
    let mut findings = Findings::default();
    let keys = Keys::new(dir, known.key, &mut findings);
    if let Some(earlier) = known.earlier {
        keys.recognise(earlier)?;
    }
    let key = keys.vouching(&note, &mut findings);

    let witnessed = known.witnesses.map(|witnesses| (witnesses, witnesses.look_at(&note)));
    if let Some((_, witnessed)) = &witnessed
        && !witnessed.is_enough()
    {
        let (count, quorum) = (witnessed.count(), witnessed.quorum);
        findings.file(CHECKPOINT, Problem::Witnesses { count, quorum });
    }

    let unreadable = |error| AuditError::Read(EVENTS, error);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let mut lines = Lines::open(&dir.join(EVENTS)).map_err(unreadable)?;
    let mut round = lines.next_chunks(threads).map_err(unreadable)?;
    let partial = round.first().is_some_and(Chunk::begins_with_proof);
    let mut files = Files::new(dir, partial, &mut findings);
    let read = stamps::read(&mut files, &keys, &mut findings);
    let kept = known.earlier.map(SignedNote::checkpoint);
    let kept_by = known.witnesses.zip(known.earlier).filter(|_| !partial);
    let kept_by = kept_by.map(|(witnesses, kept)| (kept.checkpoint(), witnesses.look_at(kept)));
    let by = witnessed.as_ref().map(|(_, seen)| (note.checkpoint(), seen));
    let heads = Heads::new(note.checkpoint(), kept, &read);
    let stamps: Vec<Stamped> = read.into_iter().map(|stamp| stamp.stamped).collect();
    let against = Against {
        heads,
        stamps: StampTimes::new(stamps.clone()),
        witnesses: WitnessTimes::new(by, kept_by.as_ref().map(|(head, seen)| (*head, seen))),
        resumptions: Resumptions::new(&note.checkpoint().origin),
        sought: known.leaf.map(Sought::new),
    };
    let mut tally = Tally::new(&note, files, against, findings);
    while !round.is_empty() {
        let (checked, next) = thread::scope(|scope| {
            let check = |chunk: &Chunk| chunk.check(note.checkpoint(), partial);
            let threads: Vec<_> =
                round.iter().map(|chunk| scope.spawn(move || check(chunk))).collect();
            let next = lines.next_chunks(threads.len());
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
            };
            (threads.into_iter().map(join).collect::<Vec<Vec<_>>>(), next)
        });
        checked.into_iter().flatten().for_each(|row| tally.take(row));
        round = next.map_err(unreadable)?;
    }
    tally.check_whole(key.as_ref())?;
    let resumed_from = tally.resumed_from();
    let held = known.earlier.filter(|_| tally.is_sound());
    let witnessed = witnessed.map(|(witnesses, seen)| {
        let held = held.map(|held| (held.checkpoint(), witnesses.look_at(held)));
        seen.look_back(held, resumed_from)
    });
    Ok(AuditReport { witnessed, stamps, ..tally.report(key) })
}
