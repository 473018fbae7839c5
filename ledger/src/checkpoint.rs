//! Checkpoints: what the tree was, as a text of three lines (C2SP tlog-checkpoint).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::named_key::SigningKey;
use super::note_signature::NoteSignature;
use super::tree::{Hash, TreeHead};

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
    /// Fewer than three lines, or one that does not end in a newline.
    #[error("a checkpoint's text must have three lines: origin, size and root")]
    Lines,
    /// A line behind the three is empty or has a control character.
    #[error("a line behind the checkpoint's root is empty or has a control character")]
    Extension,
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

    /// Reads the text of a note. Lines of extensions, which the format allows behind the three, are looked at no
    /// further: nothing here depends on them, and [`SignedNote::text`](super::note::SignedNote::text) has them.
    ///
    /// # Errors
    /// A [`NoteError`] that says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let body = text.strip_suffix('\n').ok_or(NoteError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Lines);
        };
        if lines.any(|line| line.is_empty() || line.contains(|c: char| c < ' ')) {
            return Err(NoteError::Extension);
        }
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
            let signature = NoteSignature {
                name: key.name().to_string(),
                key_id: key.vkey().id(),
                bytes: key.sign(text.as_bytes()).to_vec(),
            };
            format!("{signature}\n")
        };
        let lines = keys.iter().map(line).collect::<Vec<_>>().concat();
        format!("{text}\n{lines}")
    }
}

/// A number as a checkpoint writes it: no sign and no leading zeros, so that it has one text only.
pub(super) fn decimal(text: &str) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "example.org/ledger".into(), size: 7, root: [9; 32] }
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
            (format!("o\n7\n{root}\nmore"), NoteError::Lines),
            (format!("o\n7\n{root}\n\n"), NoteError::Extension),
            (format!("o\n7\n{root}\nmore\n\nand more\n"), NoteError::Extension),
            (format!("o\n7\n{root}\nmore\r\n"), NoteError::Extension),
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
}
