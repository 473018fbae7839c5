//! The time stamps of a bundle: each is over a checkpoint of the ledger, which stands beside it.

use super::files::{Files, read_bytes, read_text};
use super::keys::Keys;
use super::report::Stamped;
use crate::bundle::{TIMESTAMPS, stamp_files};
use crate::digest::sha256;
use crate::finding::{Findings, Problem};
use crate::note::{Checkpoint, SignedNote};
use crate::timestamp::TimeStamp;

/// The time stamps, and the checkpoints that they are over, each with its file.
pub(super) fn read(
    files: &mut Files<'_>,
    keys: &Keys<'_>,
    findings: &mut Findings,
) -> (Vec<Stamped>, Vec<(String, Checkpoint)>) {
    let days = files.within(TIMESTAMPS);
    let days = days.iter().filter_map(|name| name.strip_suffix(".tsr"));
    let (mut stamps, mut stamped) = (Vec::new(), Vec::new());
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
                stamps.push(Stamped { file, at: stamp.at, size: checkpoint.size });
                stamped.push((beside, checkpoint));
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
    (stamps, stamped)
}

/// Whether a text is a day as `2026-11-23`, to name a file by.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}
