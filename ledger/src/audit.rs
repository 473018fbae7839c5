//! The outsider's check of a bundle: no database, no configuration, and never the whole file in memory. What stays
//! there are some tens of bytes for each person and form, for each leaf that stands bare or is named as emptied, and
//! of a partial bundle for each row.

use std::collections::BTreeSet;
use std::path::Path;
use std::{io, panic, slice, thread};

use super::audit_files::{Files, file_sha256, read_text};
use super::audit_lines::{Chunk, Lines};
use super::audit_row::CheckedRow;
use super::bundle::{CHECKPOINT, EVENTS, EXTENT, KEYS, read_keys};
use super::epoch::Epoch;
use super::extent::Extent;
use super::finding::{Finding, Findings, Location, Problem, Row};
use super::naming::{Naming, NamingProblem, Part};
use super::note::{Checkpoint, NoteError, SignedNote, VerifyingKey};
use super::subjects::Subjects;
use super::tree::{Frontier, Hash};

/// How many warnings are told.
const WARNED: usize = 20;

/// The most threads that check rows.
const THREADS: usize = 8;

/// Why a bundle cannot be audited at all.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file that every bundle has cannot be read.
    #[error("{0} of the bundle cannot be read")]
    Read(&'static str, #[source] io::Error),
    /// There is nothing to check against.
    #[error("checkpoint of the bundle is not a signed checkpoint")]
    Checkpoint(#[source] NoteError),
}

/// What an audit came to.
#[derive(Debug)]
pub struct AuditReport {
    /// Rows of the bundle.
    pub events: u64,
    /// Rows among them that have only their leaf left.
    pub erased: u64,
    /// How many leaves, from the first, stand on the operator's word: they were there before rows were
    /// authenticated. A partial bundle does not say.
    pub adopted: u64,
    /// The first things that are strange and may have their reason, such as a clock that was set back.
    pub warnings: Vec<String>,
    /// Leaves of the tree, as the checkpoint has it.
    pub size: u64,
    /// The root of the tree, as the checkpoint has it.
    pub root: Hash,
    /// Whose tree it is, as the checkpoint has it.
    pub origin: String,
    /// The key that vouched for the checkpoint; none is a finding.
    pub key: Option<VerifyingKey>,
    /// That key's [`VerifyingKey::fingerprint`], to be compared with what its owner says; else empty.
    pub fingerprint: String,
    /// Whether events were left out, and each was checked by its inclusion proof instead of all by the
    /// root. Such a bundle shows that its events are in the ledger, not that they are all.
    pub partial: bool,
    /// The first 20 things that are wrong.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

impl AuditReport {
    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Checks the bundle in `dir` against its own checkpoint, and the checkpoint against `known_key`, or
/// failing that against the keys the bundle brings. `earlier` is a checkpoint that the auditor kept:
/// the ledger must still begin with the leaves it was made over.
///
/// # Errors
/// When events or checkpoint cannot be read. Whatever else is wrong is a finding.
pub fn audit(
    dir: &Path,
    known_key: Option<&VerifyingKey>,
    earlier: Option<&SignedNote>,
) -> Result<AuditReport, AuditError> {
    let note = read_text(&dir.join(CHECKPOINT))
        .map_err(|error| AuditError::Read(CHECKPOINT, error))
        .and_then(|text| SignedNote::parse(&text).map_err(AuditError::Checkpoint))?;
    let unreadable = |error| AuditError::Read(EVENTS, error);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let mut lines = Lines::open(&dir.join(EVENTS)).map_err(unreadable)?;
    let mut round = lines.next_chunks(threads).map_err(unreadable)?;
    let partial = round.first().is_some_and(Chunk::begins_with_proof);
    let mut tally = Tally::new(dir, &note, earlier, partial);
    let key = vouching_key(dir, &note, known_key, &mut tally.findings);
    tally.check_earlier_root();
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
    Ok(tally.report(key))
}

/// The key whose word is taken: the known one alone, or the first of the bundle's that signed.
fn vouching_key(
    dir: &Path,
    note: &SignedNote,
    known_key: Option<&VerifyingKey>,
    findings: &mut Findings,
) -> Option<VerifyingKey> {
    let keys = match read_text(&dir.join(KEYS)) {
        Ok(text) => read_keys(&text).map_err(Problem::Keys),
        Err(error) => Err(Problem::KeysFile(error)),
    };
    let keys = keys.unwrap_or_else(|problem| {
        findings.file(KEYS, problem);
        Vec::new()
    });
    let (keys, problem) = match known_key {
        Some(known) => (slice::from_ref(known), Problem::OtherKey),
        None => (&keys[..], Problem::Unsigned),
    };
    let key = note.verified_by(keys).cloned();
    if key.is_none() {
        findings.file(CHECKPOINT, problem);
    }
    key
}

/// What all rows come to, taken one after the other.
struct Tally<'a> {
    dir: &'a Path,
    note: &'a SignedNote,
    earlier: Option<&'a SignedNote>,
    partial: bool,
    findings: Findings,
    events: u64,
    erased: u64,
    /// The index that comes next, or in a partial bundle the lowest that may.
    next: u64,
    /// The tree over the leaves so far; none once a leaf could not be read, or was left out.
    tree: Option<Frontier>,
    files: Files<'a>,
    naming: Naming,
    subjects: Subjects,
    /// Of a partial bundle, the rows that are there.
    here: BTreeSet<u64>,
    warnings: Vec<String>,
    /// Of a ledger that went on after a loss, how many leaves it went on from the last time.
    resumed_from: Option<u64>,
}

impl<'a> Tally<'a> {
    fn new(
        dir: &'a Path,
        note: &'a SignedNote,
        earlier: Option<&'a SignedNote>,
        partial: bool,
    ) -> Self {
        Self {
            dir,
            note,
            earlier,
            partial,
            findings: Findings::default(),
            events: 0,
            erased: 0,
            next: 0,
            tree: (!partial).then(Frontier::new),
            files: Files::new(dir),
            naming: Naming::default(),
            subjects: Subjects::default(),
            here: BTreeSet::new(),
            warnings: vec![],
            resumed_from: None,
        }
    }

    fn take(&mut self, checked: CheckedRow) {
        let CheckedRow { row, leaf_hash, version, bare, told, in_order, refers, problems } =
            checked;
        self.events += 1;
        self.erased += u64::from(bare);
        for problem in problems {
            self.findings.row(row, problem);
        }
        let index = row.index.unwrap_or(self.next);
        if self.partial && index < self.next {
            self.findings.row(row, Problem::Order);
        } else if !self.partial && index != self.next {
            self.findings.row(row, Problem::Index(self.next));
        }
        self.next = index.saturating_add(1);
        if self.partial {
            self.here.insert(index);
        }
        if let Some(leaf) = leaf_hash {
            if bare {
                self.naming.bare(index, leaf);
            }
            if version == 1 {
                self.naming.first_version(index);
            }
            if let Some(event) = in_order {
                let judged = self.subjects.take(&event, &leaf);
                if let Some(problem) = judged.problem {
                    self.findings.row(row, problem);
                }
                if judged.runs_back && self.warnings.len() < WARNED {
                    self.warnings
                        .push(format!("{row} bears an earlier time than the one before it"));
                }
            }
        }
        if let Some(told) = told {
            self.naming.told(index, &told);
            if let Some(from) = &told.from {
                self.resumed_from = Some(from.size);
            }
        }
        self.tree = match (self.tree.take(), leaf_hash) {
            (Some(mut tree), Some(leaf)) => {
                tree.push(leaf);
                Some(tree)
            }
            _ => None,
        };
        self.check_earlier_root();
        if let Some(refers) = refers {
            self.files.check(row, refers, &mut self.findings);
        }
    }

    fn check_earlier_root(&mut self) {
        if let (Some(earlier), Some(tree)) = (self.earlier, &self.tree) {
            let earlier = earlier.checkpoint();
            if earlier.size == tree.size() && earlier.root != tree.root() {
                let problem = self.lost(earlier).unwrap_or(Problem::EarlierRoot(earlier.size));
                self.findings.file(EVENTS, problem);
            }
        }
    }

    /// What a checkpoint is that was signed over entries which the ledger lost, before it went on under the name
    /// that it has now.
    fn lost(&self, earlier: &Checkpoint) -> Option<Problem> {
        let origin = &self.note.checkpoint().origin;
        let from = self.resumed_from?;
        let is_before = *origin != earlier.origin && Epoch::is_same_ledger(origin, &earlier.origin);
        (is_before && earlier.size > from).then(|| Problem::EarlierLost {
            size: earlier.size,
            from,
            origin: origin.clone(),
        })
    }

    /// What can be said only of all rows together.
    fn check_whole(&mut self, key: Option<&VerifyingKey>) -> Result<(), AuditError> {
        let part = if self.partial { Part::Some(&self.here) } else { Part::Whole(self.events) };
        for (index, problem) in self.naming.problems(part) {
            let row = Row { line: 0, index: Some(index), event_id: None };
            self.findings
                .add(Finding { place: Location::Row(row), problem: Problem::Naming(problem) });
        }
        self.check_refilled()?;
        if self.partial {
            self.check_extent(key);
        }
        self.check_checkpoint();
        Ok(())
    }

    /// Rows that were emptied while they waited for their place are named by their leaves: the file is read once
    /// more, for any of them may have been filled again.
    fn check_refilled(&mut self) -> Result<(), AuditError> {
        if self.naming.waiting().is_empty() {
            return Ok(());
        }
        let unreadable = |error| AuditError::Read(EVENTS, error);
        let mut lines = Lines::open(&self.dir.join(EVENTS)).map_err(unreadable)?;
        loop {
            let round = lines.next_chunks(1).map_err(unreadable)?;
            if round.is_empty() {
                return Ok(());
            }
            for (row, leaf_hash) in round.iter().flat_map(Chunk::filled_leaves) {
                if self.naming.waiting().contains(&leaf_hash) {
                    self.findings.row(row, Problem::Naming(NamingProblem::Filled));
                }
            }
        }
    }

    /// The signed word on how much of the ledger this is.
    fn check_extent(&mut self, key: Option<&VerifyingKey>) {
        let Ok(text) = read_text(&self.dir.join(EXTENT)) else {
            return self.findings.file(EXTENT, Problem::NoExtent);
        };
        let extent = match Extent::verify(&text, key.map_or(&[], slice::from_ref)) {
            Ok(extent) => extent,
            Err(error) => return self.findings.file(EXTENT, Problem::Extent(error)),
        };
        let sha256 = file_sha256(&self.dir.join(EVENTS)).unwrap_or_default();
        if extent != Extent::new(self.events, sha256, self.note.checkpoint()) {
            self.findings.file(EXTENT, Problem::OtherExtent);
        }
    }

    fn check_checkpoint(&mut self) {
        let checkpoint = self.note.checkpoint();
        if !self.partial {
            let (events, size) = (self.events, checkpoint.size);
            if events != size {
                self.findings.file(EVENTS, Problem::Size { events, size });
            } else if self.tree.as_ref().is_some_and(|tree| tree.root() != checkpoint.root) {
                self.findings.file(EVENTS, Problem::Root);
            }
        }
        let Some(earlier) = self.earlier.map(SignedNote::checkpoint) else { return };
        if !Epoch::is_same_ledger(&earlier.origin, &checkpoint.origin) {
            self.findings.file(CHECKPOINT, Problem::EarlierOrigin(earlier.origin.clone()));
        }
        if earlier.size > checkpoint.size {
            let problem = self.lost(earlier).unwrap_or(Problem::EarlierSize(earlier.size));
            self.findings.file(CHECKPOINT, problem);
        } else if self.partial && earlier.size < checkpoint.size {
            self.findings.file(CHECKPOINT, Problem::EarlierPartial);
        } else if self.partial && earlier.root != checkpoint.root {
            self.findings.file(CHECKPOINT, Problem::EarlierRoot(earlier.size));
        }
    }

    fn report(self, key: Option<VerifyingKey>) -> AuditReport {
        let checkpoint = self.note.checkpoint();
        AuditReport {
            events: self.events,
            erased: self.erased,
            adopted: self.naming.adopted_of(checkpoint.size),
            warnings: self.warnings,
            size: checkpoint.size,
            root: checkpoint.root,
            origin: checkpoint.origin.clone(),
            fingerprint: key.as_ref().map(VerifyingKey::fingerprint).unwrap_or_default(),
            key,
            partial: self.partial,
            findings: self.findings.listed,
            more: self.findings.more,
        }
    }
}
