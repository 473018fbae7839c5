//! What a request is called before whoever asked.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Digits and letters without those that are taken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many of them there are: 60 bits.
const LETTERS: usize = 12;

/// The reference of a request, such as `7QF2-MZD9-XA0B`: nobody can guess one, and it says nothing of how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestReference(String);

/// A text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a reference such as 7QF2-MZD9-XA0B")]
pub struct NotAReference;

impl RequestReference {
    /// That of a hash that only we can make.
    #[must_use]
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let letters = hash.iter().take(LETTERS).map(|byte| letter(*byte));
        Self(grouped(letters))
    }

    /// The text, as people are shown it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One for samples of pages and mails.
    #[must_use]
    pub fn sample() -> Self {
        Self("7QF2-MZD9-XA0B".to_owned())
    }
}

fn letter(byte: u8) -> char {
    ALPHABET[usize::from(byte) % ALPHABET.len()].into()
}

fn grouped(letters: impl Iterator<Item = char>) -> String {
    let mut text = String::with_capacity(LETTERS + 2);
    for (at, letter) in letters.enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

impl AsRef<str> for RequestReference {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In either case, with whatever people put between, and with the letters that they take for others.
impl FromStr for RequestReference {
    type Err = NotAReference;
    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let plain = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '.'));
        let read: Vec<char> = plain
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .take(LETTERS + 1)
            .collect();
        let is_ours = |c: &char| u8::try_from(*c).is_ok_and(|byte| ALPHABET.contains(&byte));
        if read.len() == LETTERS && read.iter().all(is_ours) {
            Ok(Self(grouped(read.into_iter())))
        } else {
            Err(NotAReference)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_however_it_is_written() {
        let whole = RequestReference::sample();
        for text in ["7QF2-MZD9-XA0B", " 7qf2 mzd9 xa0b ", "7qf2mzd9xaOb", "7QF2–MZD9–XA0B."] {
            assert_eq!(text.parse(), Ok(whole.clone()), "{text}");
        }
        for text in ["", "7QF2-MZD9-XA0", "7QF2-MZD9-XA0BB", "7QF2-MZD9-XA0U", "7QF2-MZD9-XA0é"] {
            assert_eq!(text.parse::<RequestReference>(), Err(NotAReference), "{text}");
        }
    }

    #[test]
    fn each_hash_has_one_of_twelve_letters() {
        for byte in 0..=u8::MAX {
            let reference = RequestReference::from_hash(&[byte; 32]);
            assert_eq!(reference.as_str().len(), 14, "{reference}");
            assert_eq!(reference.as_str().parse(), Ok(reference));
        }
        let mut other = [7; 32];
        other[11] = 8;
        assert_ne!(RequestReference::from_hash(&[7; 32]), RequestReference::from_hash(&other));
    }
}
