//! Checkpoints: what the tree was, as a text of three lines (C2SP tlog-checkpoint) under Ed25519
//! signatures (C2SP signed-note).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::epoch::Epoch;
pub use super::named_key::{KeyError, KeyName, SigningKey, VerifyingKey};
use super::tree::{Hash, TreeHead};

/// The longest note that is read, in bytes.
const NOTE_LIMIT: usize = 64 * 1024;

/// The most signatures a note may carry.
const SIGNATURE_LIMIT: usize = 16;

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Why a text is not a signed checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than 64 KiB.
    #[error("the checkpoint is longer than 64 KiB")]
    TooLong,
    /// No empty line between text and signatures.
    #[error("the checkpoint has no empty line followed by signatures")]
    NoSignatures,
    /// More than 16 signatures.
    #[error("the checkpoint has more than 16 signatures")]
    TooManySignatures,
    /// A signature line that is not `— name base64`.
    #[error("signature line {0} of the checkpoint does not read `— NAME BASE64`")]
    Signature(usize),
    /// The note does not end with its last line's newline.
    #[error("the checkpoint does not end in a newline; it may have been cut off")]
    CutOff,
    /// Not three lines, each ending in a newline.
    #[error("a checkpoint's text must have three lines: origin, size and root")]
    Lines,
    /// The first line is empty or has a control character.
    #[error("the checkpoint's origin is empty or has a control character")]
    Origin,
    /// The second line is not a number below 2^64 without leading zeros.
    #[error("the checkpoint's size is not a plain decimal number")]
    Size,
    /// The third line is not base64 of 32 bytes.
    #[error("the checkpoint's root is not base64 of 32 bytes")]
    Root,
}

/// What a tree was: whose it is, how many leaves it had, and their root (C2SP tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree: one line, and the name of the key that signs it.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The tree that it was signed over.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root }
    }

    /// The text that is signed: origin, size in decimal, root in base64, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text that [`Checkpoint::text`] writes. Lines of extensions, which the format allows,
    /// are refused: this ledger writes none, and they could not be checked.
    ///
    /// # Errors
    /// A [`NoteError`] that says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let body = text.strip_suffix('\n').ok_or(NoteError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Lines);
        };
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(NoteError::Origin);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: decimal(size).ok_or(NoteError::Size)?,
            root: decode_hash(root).ok_or(NoteError::Root)?,
        })
    }

    /// The checkpoint as a note, with a signature line for each key. Without a key it is not a note
    /// that [`SignedNote::parse`] would read.
    #[must_use]
    pub fn sign(&self, keys: &[SigningKey]) -> String {
        let text = self.text();
        let line = |key: &SigningKey| {
            let bytes = [&key.vkey().id()[..], &key.sign(text.as_bytes())].concat();
            format!("{DASH}{} {}\n", key.name(), STANDARD.encode(bytes))
        };
        let lines = keys.iter().map(line).collect::<Vec<_>>().concat();
        format!("{text}\n{lines}")
    }
}

/// A number as a checkpoint writes it: no sign and no leading zeros, so that it has one text only.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64 with padding, the form of checkpoints, proofs and receipts.
#[must_use]
pub fn encode_hash(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// The hash that [`encode_hash`] wrote; `None` for any other text.
#[must_use]
pub fn decode_hash(base64: &str) -> Option<Hash> {
    STANDARD.decode(base64).ok()?.try_into().ok()
}

/// One signature line of a note: not yet known to be valid, nor of which type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name that the line gives.
    pub name: String,
    /// The id of the key, which hints at which of that name's keys signed.
    pub key_id: [u8; 4],
    /// What follows the id.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
        let name = KeyName::parse(name).ok()?;
        let bytes = STANDARD.decode(base64).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_string(), key_id: *id, bytes: signature.to_vec() })
    }
}

/// A signed checkpoint as it was read, word for word. Having been read it is well formed, no more:
/// [`SignedNote::verified_by`] says whether to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    note: String,
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
        let checkpoint = Checkpoint::parse(&format!("{text}\n"))?;
        Ok(Self { note: note.to_owned(), checkpoint, signatures })
    }

    /// What is signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
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

    /// The first of these keys that signed. Lines by other keys are passed over, for a note may carry
    /// witnesses we don't know; but a line in the name and id of one of these keys that does not
    /// verify makes the whole note invalid, and the answer `None`. A key counts under the names of a ledger's
    /// later epochs too.
    #[must_use]
    pub fn verified_by<'k>(&self, keys: &'k [VerifyingKey]) -> Option<&'k VerifyingKey> {
        let text = self.checkpoint.text();
        let origin = &self.checkpoint.origin;
        let under = |key: &VerifyingKey| match Epoch::from_name(origin, key.name().as_str()) {
            None | Some(Epoch::FIRST) => key.clone(),
            Some(_) => {
                KeyName::parse(origin).map_or_else(|_| key.clone(), |name| key.renamed(name))
            }
        };
        let named_now: Vec<VerifyingKey> = keys.iter().map(under).collect();
        let mut first: Option<usize> = None;
        for signature in &self.signatures {
            let named = |key: &VerifyingKey| {
                key.name().as_str() == signature.name && key.id() == signature.key_id
            };
            if !named_now.iter().any(named) {
                continue;
            }
            let signer = named_now
                .iter()
                .position(|key| named(key) && key.verify(text.as_bytes(), &signature.bytes))?;
            first = Some(first.map_or(signer, |known| known.min(signer)));
        }
        first.and_then(|at| keys.get(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "example.org/ledger".into(), size: 7, root: [9; 32] }
    }

    #[test]
    fn signs_as_gos_note_package_does() {
        // The signature is that of the text in the package's documentation; a note's text is free there.
        let key = SigningKey::parse(
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        )
        .unwrap();
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let signature = NoteSignature::parse(line).unwrap();
        assert_eq!(signature.key_id, key.vkey().id());
        assert_eq!(signature.bytes, key.sign(text.as_bytes()));
        assert!(key.vkey().verify(text.as_bytes(), &signature.bytes));
    }

    #[test]
    fn a_checkpoint_reads_as_written() {
        let text = checkpoint().text();
        assert_eq!(text, "example.org/ledger\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n");
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint()));
    }

    #[test]
    fn bent_checkpoints_are_refused() {
        let root = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
        for (text, error) in [
            (String::new(), NoteError::Lines),
            (format!("o\n7\n{root}"), NoteError::Lines),
            (format!("o\n7\n{root}\nmore\n"), NoteError::Lines),
            (format!("\n7\n{root}\n"), NoteError::Origin),
            (format!("o\r\n7\n{root}\n"), NoteError::Origin),
            (format!("o\n07\n{root}\n"), NoteError::Size),
            (format!("o\n+7\n{root}\n"), NoteError::Size),
            (format!("o\n-7\n{root}\n"), NoteError::Size),
            (format!("o\n\n{root}\n"), NoteError::Size),
            (format!("o\n18446744073709551616\n{root}\n"), NoteError::Size),
            (format!("o\n7\n{}\n", root.trim_end_matches('=')), NoteError::Root),
            (format!("o\n7\n{}\n", root.replace("k=", "l=")), NoteError::Root),
            ("o\n7\nCQk=\n".into(), NoteError::Root),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
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
        let line = format!("{DASH}example.org/ledger {}", STANDARD.encode(bytes));
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
    fn mangled_notes_are_refused() {
        let key = key("example.org/ledger", 1);
        let good = checkpoint().sign(std::slice::from_ref(&key));
        let line = good.lines().last().unwrap().to_owned();
        for (note, error) in [
            (good.trim_end().to_owned(), NoteError::CutOff),
            (good.replace("\n\n", "\n"), NoteError::NoSignatures),
            (checkpoint().sign(&[]), NoteError::NoSignatures),
            (format!("{good}\n"), NoteError::Signature(2)),
            (good.replace(DASH, "- "), NoteError::Signature(1)),
            (good.replace(DASH, "\u{2014}  "), NoteError::Signature(1)),
            (format!("{good}{line} extra\n"), NoteError::Signature(2)),
            (format!("{good}{DASH}short AAAAAA==\n"), NoteError::Signature(2)),
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
