//! The keys by which what is signed in a bundle is judged.

use std::path::Path;
use std::slice;

use super::files::read_text;
use super::report::AuditError;
use crate::bundle::{CHECKPOINT, KEYS, read_keys};
use crate::finding::{Findings, Problem};
use crate::note::{SignedNote, VerifyingKey};

/// The key that the auditor knows, or failing that those that the bundle brings.
pub(super) struct Keys<'a> {
    known: Option<&'a VerifyingKey>,
    brought: Vec<VerifyingKey>,
}

impl<'a> Keys<'a> {
    /// Reads those that the bundle brings.
    pub(super) fn new(
        dir: &Path,
        known: Option<&'a VerifyingKey>,
        findings: &mut Findings,
    ) -> Self {
        let brought = match read_text(&dir.join(KEYS)) {
            Ok(text) => read_keys(&text).map_err(Problem::Keys),
            Err(error) => Err(Problem::KeysFile(error)),
        };
        let brought = brought.unwrap_or_else(|problem| {
            findings.file(KEYS, problem);
            Vec::new()
        });
        Self { known, brought }
    }

    /// The keys whose word is taken: the known one alone, where there is one.
    fn trusted(&self) -> &[VerifyingKey] {
        self.known.map_or(&self.brought[..], slice::from_ref)
    }

    /// The key that vouches for the checkpoint of the bundle: it signed, and the checkpoint is of its ledger.
    pub(super) fn vouching(
        &self,
        note: &SignedNote,
        findings: &mut Findings,
    ) -> Option<VerifyingKey> {
        let own = note.verified_for_its_ledger(self.trusted());
        if own.is_none() {
            let problem = match note.verified_by(self.trusted()) {
                Some(key) => Problem::Origin {
                    origin: note.checkpoint().origin.clone(),
                    key: key.name().to_string(),
                },
                None if self.known.is_some() => Problem::OtherKey,
                None => Problem::Unsigned,
            };
            findings.file(CHECKPOINT, problem);
        }
        own.cloned()
    }

    /// Whether a checkpoint that the auditor kept is the ledger's own: a stranger's says nothing of it.
    ///
    /// # Errors
    /// When it is a stranger's.
    pub(super) fn recognise(&self, kept: &SignedNote) -> Result<(), AuditError> {
        match kept.verified_by(self.trusted()) {
            Some(_) => Ok(()),
            None if self.known.is_some() => Err(AuditError::ForeignToKey),
            None => Err(AuditError::ForeignToBundle),
        }
    }

    /// Whether a checkpoint within the bundle is the ledger's. Of a whole ledger, which has to hold it, an older key
    /// will do that only the bundle names: a key that signs no more stands there for what it signed before.
    pub(super) fn have_signed(&self, note: &SignedNote, partial: bool) -> bool {
        let signed = |keys| note.verified_for_its_ledger(keys).is_some();
        signed(self.trusted()) || (!partial && signed(&self.brought))
    }
}
