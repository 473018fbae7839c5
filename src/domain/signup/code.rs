//! The six digits in mail 1, for readers whose links are stripped or who read mail on another device.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::domain::text::{is_unseen, trimmed};

/// How many codes may be tried for one address on one day (UTC), right ones included: six digits alone would
/// be guessed in time.
pub const TRIES_A_DAY: i32 = 5;

const COUNT: u32 = 1_000_000;

/// `000000` to `999999`.
#[derive(Clone, Copy)]
pub struct Code(u32);

impl Code {
    /// Reads what was typed or pasted: spaces and hyphens are how people group digits, what cannot be seen comes with
    /// a paste, and so does the end of a sentence. Digits are those of keyboards: ASCII, full-width, Arabic, Persian.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = trimmed(typed).trim_end_matches(['.', ',', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
        let (mut code, mut count) = (0, 0);
        for c in typed.chars().filter(|c| !is_unseen(*c) && !is_hyphen(*c)) {
            count += 1;
            // A seventh is one too many.
            if count > 6 {
                return None;
            }
            code = code * 10 + digit(c)?;
        }
        (count == 6).then_some(Self(code))
    }

    /// The code of eight random bytes: of their 2⁶⁴ values each code gets the same share, but for one part in
    /// 10¹³.
    pub(in crate::domain) fn from_random(random: [u8; 8]) -> Self {
        let code = u64::from_be_bytes(random) % u64::from(COUNT);
        Self(u32::try_from(code).unwrap_or_default())
    }

    /// Whether both are the same; takes as long when they are not.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 4] = ['0', '\u{ff10}', '\u{660}', '\u{6f0}'];
    let value = |zero: char| u32::from(c).checked_sub(u32::from(zero)).filter(|value| *value < 10);
    ZEROS.into_iter().find_map(value)
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_hyphens_are_ignored() {
        for typed in
            ["012345", " 012 345 ", "012-345", "0 1 2 3 4 5", "012\u{a0}345", "012\u{2011}345"]
        {
            assert_eq!(Code::parse(typed).unwrap().to_string(), "012345", "{typed}");
        }
        let (few, many) = ("1".repeat(5), "1".repeat(100_000));
        for typed in [
            "",
            ".",
            "1234567",
            "+12345",
            "1234.5",
            ".12345",
            "12345a",
            "12345\u{2165}",
            &few,
            &many,
        ] {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn what_comes_with_a_paste_is_dropped() {
        for typed in [
            "\u{200b}012345",
            "012345\u{2060}",
            "012\u{200b}345",
            "\u{feff}012\u{ad}345\u{200e}",
            "\u{2068}012\u{202f}345\u{2069}",
            "012345.",
            "012 345. ",
            "\u{a0}012\u{2009}345,\u{200b}",
            "０１２３４５",
            "０１２　３４５。",
            "٠١٢٣٤٥",
            "۰۱۲۳۴۵",
            "012\u{2012}345",
        ] {
            assert_eq!(
                Code::parse(typed).map(|code| code.to_string()).as_deref(),
                Some("012345"),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn only_the_same_is_the_same() {
        let [a, b] = ["000001", "000010"].map(|text| Code::parse(text).unwrap());
        assert!(a.is(a) && !a.is(b));
        assert_eq!(
            Code::from_random([0xff; 8]).to_string(),
            "551615",
            "2⁶⁴ - 1 is 18446744073709551615"
        );
    }
}
