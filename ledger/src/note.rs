//! Checkpoints under Ed25519 signatures (C2SP signed-note).

use std::collections::BTreeSet;

pub(super) use super::checkpoint::decimal;
pub use super::checkpoint::{Checkpoint, NoteError, decode_hash, encode_hash};
use super::epoch::Epoch;
pub use super::named_key::{KeyError, KeyName, SigningKey, VerifyingKey};
pub use super::note_signature::NoteSignature;

/// The longest note that is read, in bytes.
const NOTE_LIMIT: usize = 64 * 1024;

/// The most signatures a note may carry.
const SIGNATURE_LIMIT: usize = 16;

/// A signed checkpoint as it was read, word for word. Having been read it is well formed, no more:
/// [`SignedNote::verified_by`] says whether to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    note: String,
    /// How much of the note is signed.
    signed: usize,
    checkpoint: Checkpoint,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Reads a note of at most 64 KiB and 16 signatures (C2SP signed-note, "Format").
    ///
    /// # Errors
    /// A [`NoteError`] that says which part is wrong.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_LIMIT {
            return Err(NoteError::TooLong);
        }
        let body = note.strip_suffix('\n').ok_or(NoteError::CutOff)?;
        let (text, lines) = body.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        if lines.split('\n').count() > SIGNATURE_LIMIT {
            return Err(NoteError::TooManySignatures);
        }
        let signatures = lines
            .split('\n')
            .enumerate()
            .map(|(at, line)| NoteSignature::parse(line).ok_or(NoteError::Signature(at + 1)))
            .collect::<Result<_, _>>()?;
        let signed = text.len() + 1;
        let checkpoint = Checkpoint::parse(&note[..signed])?;
        Ok(Self { note: note.to_owned(), signed, checkpoint, signatures })
    }

    /// What the tree was.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// What is signed, word for word: the checkpoint, and lines of extensions where there are any.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.note[..self.signed]
    }

    /// Who claims to have signed, in the order of the lines.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The note as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.note
    }

    /// The note without signatures, to hold single lines against it with [`SignedNote::with`].
    #[must_use]
    pub fn bare(&self) -> Self {
        let note = format!("{}\n", self.text());
        Self { note, signatures: Vec::new(), ..self.clone() }
    }

    /// The note with these lines behind its own, as far as there is room; those that it has already are not added.
    #[must_use]
    pub fn with(&self, signatures: &[NoteSignature]) -> Self {
        let mut with = self.clone();
        for signature in signatures {
            let line = format!("{signature}\n");
            let has_room = with.signatures.len() < SIGNATURE_LIMIT
                && with.note.len() + line.len() <= NOTE_LIMIT;
            if has_room && !with.signatures.contains(signature) {
                with.note.push_str(&line);
                with.signatures.push(signature.clone());
            }
        }
        with
    }

    /// Whether it is of the ledger that this key signs for, in whichever epoch since: a key may be made to sign for
    /// another ledger too.
    #[must_use]
    pub fn is_of(&self, key: &VerifyingKey) -> bool {
        Epoch::from_name(&self.checkpoint.origin, key.name().as_str()).is_some()
    }

    /// The first of these keys that signed. Lines by other keys are passed over, for a note may carry
    /// witnesses we don't know; but a line in the name and id of one of these keys that does not
    /// verify makes the whole note invalid, and the answer `None`. A key counts under the names of a ledger's
    /// later epochs too.
    #[must_use]
    pub fn verified_by<'k>(&self, keys: &'k [VerifyingKey]) -> Option<&'k VerifyingKey> {
        self.signers(keys).next()
    }

    /// The first of these keys that signed and whose own ledger it is of.
    #[must_use]
    pub fn verified_for_its_ledger<'k>(
        &self,
        keys: &'k [VerifyingKey],
    ) -> Option<&'k VerifyingKey> {
        self.signers(keys).find(|key| self.is_of(key))
    }

    /// Those of these keys that signed, in their order; none where a line in the name of one is false.
    fn signers<'k>(&self, keys: &'k [VerifyingKey]) -> impl Iterator<Item = &'k VerifyingKey> {
        let signed = self.signed_at(keys).unwrap_or_default();
        signed.into_iter().filter_map(|at| keys.get(at))
    }

    /// The places of those that signed among these keys; `None` where a line in the name of one is false.
    fn signed_at(&self, keys: &[VerifyingKey]) -> Option<BTreeSet<usize>> {
        let text = self.text();
        let origin = &self.checkpoint.origin;
        let under = |key: &VerifyingKey| match Epoch::from_name(origin, key.name().as_str()) {
            None | Some(Epoch::FIRST) => key.clone(),
            Some(_) => {
                KeyName::parse(origin).map_or_else(|_| key.clone(), |name| key.renamed(name))
            }
        };
        let named_now: Vec<VerifyingKey> = keys.iter().map(under).collect();
        let mut signed = BTreeSet::new();
        for signature in &self.signatures {
            let named = |key: &VerifyingKey| {
                key.name().as_str() == signature.name && key.id() == signature.key_id
            };
            if named_now.iter().any(named) {
                signed.insert(
                    named_now.iter().position(|key| {
                        named(key) && key.verify(text.as_bytes(), &signature.bytes)
                    })?,
                );
            }
        }
        Some(signed)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "example.org/ledger".into(), size: 7, root: [9; 32] }
    }

    #[test]
    fn a_note_is_vouched_for_by_its_key_alone() {
        let (ours, theirs) = (key("example.org/ledger", 1), key("witness", 2));
        let note = SignedNote::parse(&checkpoint().sign(std::slice::from_ref(&ours))).unwrap();
        assert_eq!(note.checkpoint(), &checkpoint());
        assert_eq!(note.verified_by(&[theirs.vkey(), ours.vkey()]), Some(&ours.vkey()));
        assert_eq!(note.verified_by(&[theirs.vkey()]), None);
        assert_eq!(note.verified_by(&[]), None);

        let both = checkpoint().sign(&[theirs.clone(), ours.clone()]);
        let both = SignedNote::parse(&both).unwrap();
        assert_eq!(both.verified_by(&[ours.vkey()]), Some(&ours.vkey()));
        assert_eq!(both.verified_by(&[ours.vkey(), theirs.vkey()]), Some(&ours.vkey()));
        let keys = [theirs.vkey(), ours.vkey()];
        assert_eq!(both.verified_by(&keys), keys.first());
        assert_eq!(both.verified_for_its_ledger(&keys), keys.last(), "the other is of no ledger");
        assert_eq!(both.verified_for_its_ledger(&keys[..1]), None);
    }

    #[test]
    fn another_key_of_the_same_name_does_not_pass() {
        let (ours, forged) = (key("example.org/ledger", 1), key("example.org/ledger", 2));
        let note = SignedNote::parse(&checkpoint().sign(std::slice::from_ref(&forged))).unwrap();
        assert_eq!(note.verified_by(&[ours.vkey()]), None);
        // Nor when it borrows the id of ours.
        let mut bytes = ours.vkey().id().to_vec();
        bytes.extend(forged.sign(checkpoint().text().as_bytes()));
        let text = checkpoint().text();
        let line = format!("\u{2014} example.org/ledger {}", STANDARD.encode(bytes));
        let note = SignedNote::parse(&format!("{text}\n{line}\n")).unwrap();
        assert_eq!(note.verified_by(&[ours.vkey()]), None);
    }

    #[test]
    fn a_key_counts_under_its_ledgers_later_epochs_and_no_other_name() {
        let key = key("example.org/ledger", 1);
        for (origin, counts) in [
            ("example.org/ledger/r2", true),
            ("example.org/ledger/r3", true),
            ("example.org/ledger/r1", false),
            ("example.org/ledgers", false),
        ] {
            let renamed = key.renamed(KeyName::parse(origin).unwrap());
            let head = Checkpoint { origin: origin.into(), ..checkpoint() };
            let note = SignedNote::parse(&head.sign(&[renamed])).unwrap();
            assert_eq!(note.verified_by(&[key.vkey()]).is_some(), counts, "{origin}");
        }
        // A head of one epoch is none of another.
        let head = Checkpoint { origin: "example.org/ledger/r2".into(), ..checkpoint() };
        let note = SignedNote::parse(&head.sign(std::slice::from_ref(&key))).unwrap();
        assert_eq!(note.verified_by(&[key.vkey()]), None);
    }

    #[test]
    fn a_false_line_in_a_known_name_spoils_the_note() {
        let (ours, witness) = (key("example.org/ledger", 1), key("witness", 2));
        let other = Checkpoint { size: 8, ..checkpoint() };
        let false_line = other.sign(std::slice::from_ref(&witness));
        let false_line = false_line.lines().last().unwrap();
        let note = format!("{}{false_line}\n", checkpoint().sign(std::slice::from_ref(&ours)));
        let note = SignedNote::parse(&note).unwrap();
        assert_eq!(note.verified_by(&[ours.vkey()]), Some(&ours.vkey()));
        assert_eq!(note.verified_by(&[ours.vkey(), witness.vkey()]), None);
    }

    #[test]
    fn lines_of_extensions_are_signed_with_the_rest() {
        let key = key("example.org/ledger", 1);
        let text = format!("{}one extension\n\u{2014} another\n", checkpoint().text());
        let line = |text: &str| NoteSignature {
            name: key.name().to_string(),
            key_id: key.vkey().id(),
            bytes: key.sign(text.as_bytes()).to_vec(),
        };
        let note = format!("{text}\n{}\n", line(&text));
        let read = SignedNote::parse(&note).unwrap();
        assert_eq!((read.text(), read.as_str()), (&*text, &*note));
        assert_eq!(read.checkpoint(), &checkpoint());
        assert_eq!(read.verified_by(&[key.vkey()]), Some(&key.vkey()));
        for spoilt in [
            note.replace("one ext", "two ext"),
            note.replace("one extension\n", ""),
            format!("{text}\n{}\n", line(&checkpoint().text())),
            format!("{}\n{}\n", checkpoint().text(), line(&text)),
        ] {
            let spoilt = SignedNote::parse(&spoilt).unwrap();
            assert_eq!(spoilt.verified_by(&[key.vkey()]), None, "{spoilt:?}");
        }
    }

    #[test]
    fn lines_are_added_once_and_as_far_as_there_is_room() {
        let note = SignedNote::parse(&checkpoint().sign(&[key("example.org/ledger", 1)])).unwrap();
        let line = |n: u8| NoteSignature { name: "w".into(), key_id: [n; 4], bytes: vec![n; 72] };
        let two = note.with(&[line(1), line(2), line(1)]).with(&[line(2)]);
        assert_eq!(SignedNote::parse(two.as_str()), Ok(two.clone()));
        assert_eq!((two.signatures().len(), two.text()), (3, note.text()));
        let full = note.with(&(0..40).map(line).collect::<Vec<_>>());
        assert_eq!(SignedNote::parse(full.as_str()), Ok(full.clone()));
        assert_eq!(full.signatures().len(), SIGNATURE_LIMIT);
        let long = NoteSignature { bytes: vec![1; NOTE_LIMIT], ..line(1) };
        assert_eq!(note.with(&[long]), note);
    }

    #[test]
    fn mangled_notes_are_refused() {
        let key = key("example.org/ledger", 1);
        let good = checkpoint().sign(std::slice::from_ref(&key));
        let line = good.lines().last().unwrap().to_owned();
        for (note, error) in [
            (good.trim_end().to_owned(), NoteError::CutOff),
            (good.replace("\n\n", "\n"), NoteError::NoSignatures),
            (checkpoint().sign(&[]), NoteError::NoSignatures),
            (format!("{good}\n"), NoteError::Signature(2)),
            (good.replace('\u{2014}', "-"), NoteError::Signature(1)),
            (good.replace("\u{2014} ", "\u{2014}  "), NoteError::Signature(1)),
            (format!("{good}{line} extra\n"), NoteError::Signature(2)),
            (format!("{good}\u{2014} short AAAAAA==\n"), NoteError::Signature(2)),
            (good.replace("\n7\n", "\n7 \n"), NoteError::Size),
            (good.replace('\n', "\r\n"), NoteError::NoSignatures),
            (format!("{good}{}", format!("{line}\n").repeat(16)), NoteError::TooManySignatures),
            (format!("{}{good}", "x".repeat(NOTE_LIMIT)), NoteError::TooLong),
        ] {
            assert_eq!(SignedNote::parse(&note), Err(error), "{note:?}");
        }
        assert!(SignedNote::parse(&format!("{good}{}", format!("{line}\n").repeat(15))).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_changed_byte_is_refused_or_not_vouched_for(at: proptest::sample::Index, to: u8) {
            let key = key("example.org/ledger", 1);
            let good = checkpoint().sign(std::slice::from_ref(&key));
            let mut bytes = good.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            if let Ok(note) = String::from_utf8(bytes)
                && let Ok(note) = SignedNote::parse(&note)
            {
                prop_assert!(note.verified_by(&[key.vkey()]).is_none());
            }
        }

        #[test]
        fn reading_never_panics(text: String, lines in "(\u{2014} |[a-z+/=0-9 ]|\n){0,80}") {
            let _ = SignedNote::parse(&text);
            let _ = SignedNote::parse(&lines);
            let _ = Checkpoint::parse(&text);
            let _ = SigningKey::parse(&text);
            let _ = VerifyingKey::parse(&lines);
        }
    }
}
