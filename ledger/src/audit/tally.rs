//! What all rows of a bundle come to, taken one after the other.

use std::collections::BTreeSet;
use std::slice;

use uuid::Uuid;

use super::emptyings::{Counted, Emptyings};
use super::files::{Files, file_sha256, read_text};
use super::heads::Heads;
use super::lines::{Chunk, Lines};
use super::report::{AuditError, AuditReport, WARNED};
use super::resumptions::Resumptions;
use super::row::CheckedRow;
use super::sought::Sought;
use super::stamps::StampTimes;
use super::witness_times::WitnessTimes;
use crate::bundle::{CHECKPOINT, EVENTS, EXTENT};
use crate::extent::Extent;
use crate::finding::{Finding, Findings, Location, Problem, Row};
use crate::leaf::LeafType;
use crate::naming::{Naming, NamingProblem, Part};
use crate::note::{SignedNote, VerifyingKey};
use crate::record::{Chain, Told};
use crate::subjects::{InOrder, Subjects};
use crate::tree::{Frontier, Hash};

/// The sum of all rows, which are taken one after the other.
pub(super) struct Tally<'a> {
    note: &'a SignedNote,
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
    emptyings: Emptyings,
    subjects: Subjects,
    /// The random halves of the ids of events: 8 bytes for each.
    event_ids: BTreeSet<u64>,
    /// How far the claims have come.
    claims: Chain,
    /// Of a partial bundle, the rows that are there.
    here: BTreeSet<u64>,
    warnings: Vec<String>,
    against: Against<'a>,
}

/// What all rows are held against but each other.
pub(super) struct Against<'a> {
    pub(super) heads: Heads<'a>,
    pub(super) stamps: StampTimes,
    pub(super) witnesses: WitnessTimes,
    pub(super) resumptions: Resumptions<'a>,
    pub(super) sought: Option<Sought>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(
        note: &'a SignedNote,
        files: Files<'a>,
        against: Against<'a>,
        findings: Findings,
    ) -> Self {
        let partial = files.partial();
        let mut tally = Self {
            note,
            partial,
            findings,
            events: 0,
            erased: 0,
            next: 0,
            tree: (!partial).then(Frontier::new),
            files,
            naming: Naming::default(),
            emptyings: Emptyings::default(),
            event_ids: BTreeSet::new(),
            claims: Chain::default(),
            subjects: Subjects::default(),
            here: BTreeSet::new(),
            warnings: vec![],
            against,
        };
        tally.meet_heads();
        tally
    }

    pub(super) fn take(&mut self, checked: CheckedRow) {
        let CheckedRow { row, leaf_hash, version, leaf_type, bare, .. } = checked;
        let CheckedRow { at, told, in_order, refers, problems, .. } = checked;
        let is_whole = problems.is_empty();
        self.events += 1;
        self.erased += u64::from(bare);
        for problem in problems {
            self.findings.row(row, problem);
            self.files.miss_a_row();
        }
        let index = self.take_place(row);
        if let Some(leaf) = leaf_hash {
            if let Some(sought) = &mut self.against.sought {
                sought.take(row, leaf, bare);
            }
            if bare {
                self.naming.bare(index, leaf);
                self.emptyings.bare(index, &leaf, leaf_type);
            }
            if version == 1 {
                self.naming.first_version(index);
            }
            if let Some(event) = in_order {
                self.take_event(row, &event, &leaf);
            }
        }
        if let Some(told) = told {
            self.take_told((row, index), (&told, leaf_type), at);
        }
        if is_whole && let Some(id) = row.event_id {
            self.take_event_id(row, id);
        }
        self.take_leaf(leaf_hash);
        if let Some(at) = at {
            self.against.stamps.take(row, at, &mut self.findings);
            let said = (&mut self.findings, &mut self.warnings);
            self.against.witnesses.take(row, at, said);
        }
        if let Some(refers) = refers {
            self.files.check(row, refers, &mut self.findings);
        }
    }

    /// Holds the index of a row against those before it, and gives it.
    fn take_place(&mut self, row: Row) -> u64 {
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
        index
    }

    /// Holds an event against those of the same subject before it.
    fn take_event(&mut self, row: Row, event: &InOrder, leaf: &Hash) {
        let judged = self.subjects.take(event, leaf);
        if let Some(problem) = judged.problem {
            self.findings.row(row, problem);
        }
        if judged.runs_back && self.warnings.len() < WARNED {
            self.warnings.push(format!("{row} bears an earlier time than the one before it"));
        }
    }

    /// No two events have one id.
    fn take_event_id(&mut self, row: Row, id: Uuid) {
        // The last bytes of an id are its random ones.
        let (_, random) = id.as_u64_pair();
        if !self.event_ids.insert(random) {
            self.findings.row(row, Problem::SameEvent);
        }
    }

    /// What a leaf says of others, and when that was written.
    fn take_told(
        &mut self,
        (row, index): (Row, u64),
        (told, leaf_type): (&Told, Option<LeafType>),
        at: Option<i64>,
    ) {
        self.naming.told(index, told);
        self.emptyings.told(index, &told.emptied, leaf_type);
        if let Some(sought) = &mut self.against.sought {
            sought.told(told, at);
        }
        if let Some(problem) = self.against.resumptions.take(index, told, self.tree.as_ref()) {
            self.findings.row(row, problem);
        }
        self.against.heads.resumed_from = self.against.resumptions.last();
        if let Some(claims) = &told.claims {
            let before = std::mem::replace(&mut self.claims, claims.clone());
            let others = claims.count == before.count && claims.sha256 != before.sha256;
            if claims.count < before.count || others {
                self.findings.row(row, Problem::Claims);
            }
        }
    }

    /// Lets the tree grow by a leaf, if none before it is missing.
    fn take_leaf(&mut self, leaf_hash: Option<Hash>) {
        self.tree = match (self.tree.take(), leaf_hash) {
            (Some(mut tree), Some(leaf)) => {
                tree.push(leaf);
                Some(tree)
            }
            _ => None,
        };
        self.meet_heads();
    }

    fn meet_heads(&mut self) {
        if let Some(tree) = &self.tree {
            self.against.heads.meet(tree, &mut self.findings);
        }
    }

    /// Finds what can be said only of all rows together.
    pub(super) fn check_whole(&mut self, key: Option<&VerifyingKey>) -> Result<(), AuditError> {
        let part = if self.partial { Part::Some(&self.here) } else { Part::Whole(self.events) };
        for (index, problem) in self.naming.problems(part) {
            let row = Row { line: 0, index: Some(index), event_id: None };
            self.findings
                .add(Finding { place: Location::Row(row), problem: Problem::Naming(problem) });
        }
        self.check_refilled()?;
        if self.partial {
            self.check_extent(key)?;
        }
        self.check_checkpoint();
        self.against.stamps.judge_the_rest(&mut self.findings);
        self.warnings.extend(self.files.find_unnamed(&mut self.findings));
        Ok(())
    }

    /// Rows that were emptied while they waited for their place are named by their leaves: the file is read once
    /// more, for any of them may have been filled again.
    fn check_refilled(&mut self) -> Result<(), AuditError> {
        if self.naming.waiting().is_empty() {
            return Ok(());
        }
        let unreadable = |error| AuditError::Read(EVENTS, error);
        let mut lines = Lines::open(&self.files.dir().join(EVENTS)).map_err(unreadable)?;
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
    fn check_extent(&mut self, key: Option<&VerifyingKey>) -> Result<(), AuditError> {
        let dir = self.files.dir();
        let sha256 = file_sha256(&dir.join(EVENTS));
        let sha256 = sha256.map_err(|error| AuditError::Read(EVENTS, error))?;
        let own = Extent::new(self.events, sha256, self.note.checkpoint());
        let said = read_text(&dir.join(EXTENT)).map_err(|_| Problem::NoExtent).and_then(|text| {
            Extent::verify(&text, key.map_or(&[], slice::from_ref)).map_err(Problem::Extent)
        });
        match said {
            Ok(said) if said == own => {}
            Ok(_) => self.findings.file(EXTENT, Problem::OtherExtent),
            Err(problem) => self.findings.file(EXTENT, problem),
        }
        Ok(())
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
        if !self.partial
            && let Some(problem) = self.against.resumptions.judge()
        {
            self.findings.file(CHECKPOINT, problem);
        }
        self.against.heads.judge(self.partial, &mut self.findings);
    }

    /// Whether nothing was found so far.
    pub(super) fn is_sound(&self) -> bool {
        self.findings.listed.is_empty()
    }

    /// Of a ledger that went on after a loss, how many leaves it went on from the last time.
    pub(super) fn resumed_from(&self) -> Option<u64> {
        self.against.heads.resumed_from
    }

    pub(super) fn report(mut self, key: Option<VerifyingKey>) -> AuditReport {
        let checkpoint = self.note.checkpoint();
        let Counted { emptied, remarks } =
            if self.is_sound() { self.emptyings.count() } else { Counted::default() };
        self.warnings.extend(remarks.into_iter().take(WARNED));
        AuditReport {
            events: self.events,
            erased: self.erased,
            emptied,
            resumptions: self.against.resumptions.told(),
            adopted: self.naming.adopted_of(checkpoint.size),
            warnings: self.warnings,
            size: checkpoint.size,
            root: checkpoint.root,
            origin: checkpoint.origin.clone(),
            fingerprint: key.as_ref().map(VerifyingKey::fingerprint).unwrap_or_default(),
            key,
            witnessed: None,
            stamps: vec![],
            found: self.against.sought.and_then(Sought::found),
            partial: self.partial,
            findings: self.findings.listed,
            more: self.findings.more,
        }
    }
}
