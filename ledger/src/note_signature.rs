//! The signature lines of a note (C2SP signed-note, "Signatures").

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::named_key::KeyName;

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

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
    /// Reads a line without its newline; `None` unless it is `— NAME BASE64` with more than an id in it.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
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

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named_key::SigningKey;

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
        assert_eq!(signature.to_string(), line);
    }
}
