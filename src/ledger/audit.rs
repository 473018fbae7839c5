//! The outsider's check of a bundle: no database, no configuration, and as little memory for a million
//! events as for one.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::{panic, slice, thread};

use sha2::{Digest, Sha256};

use super::audit_lines::{Chunk, Lines};
use super::audit_row::{CheckedRow, References};
use super::bundle::{CHECKPOINT, EVENTS, KEYS, notice_file, policy_file, read_keys};
use super::finding::{Finding, Findings, Problem, Row};
use super::note::{NoteError, SignedNote, VerifyingKey};
use super::tree::{Frontier, Hash};
use crate::domain::notice::hex;

/// The longest checkpoint and list of keys that are read, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// How many files are remembered as looked at; with more, some are looked at again.
const REMEMBERED: usize = 4096;

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
    /// Rows among them of which an erasure left only the leaf.
    pub erased: u64,
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
    let mut findings = Findings::default();
    let key = vouching_key(dir, &note, known_key, &mut findings);

    let unreadable = |error| AuditError::Read(EVENTS, error);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let mut lines = Lines::open(&dir.join(EVENTS)).map_err(unreadable)?;
    let mut round = lines.next_chunks(threads).map_err(unreadable)?;
    let partial = round.first().is_some_and(Chunk::begins_with_proof);
    let mut tally = Tally::new(dir, &note, earlier, partial, findings);
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
    notices: HashSet<String>,
    policies: HashSet<(String, String)>,
}

impl<'a> Tally<'a> {
    fn new(
        dir: &'a Path,
        note: &'a SignedNote,
        earlier: Option<&'a SignedNote>,
        partial: bool,
        findings: Findings,
    ) -> Self {
        let mut tally = Self {
            dir,
            note,
            earlier,
            partial,
            findings,
            events: 0,
            erased: 0,
            next: 0,
            tree: (!partial).then(Frontier::new),
            notices: HashSet::new(),
            policies: HashSet::new(),
        };
        tally.check_earlier_root();
        tally
    }

    fn take(&mut self, checked: CheckedRow) {
        let CheckedRow { row, leaf_hash, erased, refers, problems } = checked;
        self.events += 1;
        self.erased += u64::from(erased);
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
        self.tree = match (self.tree.take(), leaf_hash) {
            (Some(mut tree), Some(leaf)) => {
                tree.push(leaf);
                Some(tree)
            }
            _ => None,
        };
        self.check_earlier_root();
        if let Some(refers) = refers {
            self.check_files(row, refers);
        }
    }

    fn check_earlier_root(&mut self) {
        if let (Some(earlier), Some(tree)) = (self.earlier, &self.tree) {
            let earlier = earlier.checkpoint();
            if earlier.size == tree.size() && earlier.root != tree.root() {
                self.findings.file(EVENTS, Problem::EarlierRoot(earlier.size));
            }
        }
    }

    /// The files that a row refers to, each the first time that it is referred to.
    fn check_files(&mut self, row: Row, refers: References) {
        let References { notice_sha256, policy_label, policy_sha256 } = refers;
        if !self.notices.contains(&notice_sha256) {
            let path = notice_file(&notice_sha256);
            // The words stand in the body too, so their file may be left out.
            match file_sha256(&self.dir.join(&path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(sha256) if sha256 == notice_sha256 => {}
                Ok(_) => self.findings.file(path, Problem::Content(row)),
                Err(error) => self.findings.file(path, Problem::Unreadable(row, error)),
            }
            remember(&mut self.notices, notice_sha256);
        }
        let policy = (policy_label, policy_sha256);
        if !self.policies.contains(&policy) {
            let path = policy_file(&policy.0);
            match file_sha256(&self.dir.join(&path)) {
                Ok(sha256) if sha256 == policy.1 => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.findings.file(path, Problem::Missing(row));
                }
                Ok(_) => self.findings.file(path, Problem::Content(row)),
                Err(error) => self.findings.file(path, Problem::Unreadable(row, error)),
            }
            remember(&mut self.policies, policy);
        }
    }

    fn check_whole(&mut self) {
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
        if earlier.origin != checkpoint.origin {
            self.findings.file(CHECKPOINT, Problem::EarlierOrigin(earlier.origin.clone()));
        }
        if earlier.size > checkpoint.size {
            self.findings.file(CHECKPOINT, Problem::EarlierSize(earlier.size));
        } else if self.partial && earlier.size < checkpoint.size {
            self.findings.file(CHECKPOINT, Problem::EarlierPartial);
        } else if self.partial && earlier.root != checkpoint.root {
            self.findings.file(CHECKPOINT, Problem::EarlierRoot(earlier.size));
        }
    }

    fn report(mut self, key: Option<VerifyingKey>) -> AuditReport {
        self.check_whole();
        let checkpoint = self.note.checkpoint();
        AuditReport {
            events: self.events,
            erased: self.erased,
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

/// Memory stays flat whatever a bundle claims to refer to.
fn remember<T: Eq + std::hash::Hash>(seen: &mut HashSet<T>, item: T) {
    if seen.len() < REMEMBERED {
        seen.insert(item);
    }
}

/// A file of a bundle; never a pipe or a device, which might not end.
fn open(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    File::open(path)
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?;
    if read as u64 > FILE_LIMIT {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

fn file_sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut digest, mut buffer) = (open(path)?, Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}
