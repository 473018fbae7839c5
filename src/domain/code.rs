//! The six digits in mail 1, for readers whose links are stripped or who read mail on another device.

use std::fmt;

use subtle::ConstantTimeEq;

/// How many codes may be tried for one address on one day (UTC), right ones included: six digits alone would
/// be guessed in time.
pub const TRIES_A_DAY: i32 = 5;

const COUNT: u32 = 1_000_000;

/// `000000` to `999999`.
#[derive(Clone, Copy)]
pub struct Code(u32);

impl Code {
    /// Reads what was typed; spaces and hyphens are how people group digits.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let groups = |c: &char| !c.is_whitespace() && !"-\u{2010}\u{2011}\u{2013}".contains(*c);
        let digits: String = typed.chars().filter(groups).collect();
        let six = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| six).map(Self)
    }

    /// The code of eight random bytes: of their 2⁶⁴ values each code gets the same share, but for one part in
    /// 10¹³.
    pub(super) fn of(random: [u8; 8]) -> Self {
        let code = u64::from_be_bytes(random) % u64::from(COUNT);
        Self(u32::try_from(code).unwrap_or_default())
    }

    /// Whether both are the same; takes as long when they are not.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
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
        for typed in ["", "12345", "1234567", "+12345", "1234.5", "12345a", "１２３４５６"] {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn only_the_same_is_the_same() {
        let [a, b] = ["000001", "000010"].map(|text| Code::parse(text).unwrap());
        assert!(a.is(a) && !a.is(b));
        assert_eq!(Code::of([0xff; 8]).to_string(), "551615", "2⁶⁴ - 1 is 18446744073709551615");
    }
}
