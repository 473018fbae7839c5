//! What parts the cells of a row.

use std::fmt;

/// One character between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separator(u8);

impl Separator {
    pub(super) const COMMA: Self = Self(b',');
    /// Those that are looked for, the usual one first.
    pub(super) const ALL: [Self; 4] = [Self::COMMA, Self(b';'), Self(b'\t'), Self(b'|')];

    pub(super) fn byte(self) -> u8 {
        self.0
    }

    /// What a first line `sep=;` says, which Excel writes and reads.
    pub(super) fn said(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\"").unwrap_or(line);
        let (name, rest) = line.split_at_checked(4)?;
        let rest = rest.strip_suffix(b"\"").unwrap_or(rest);
        match rest {
            [byte] if name.eq_ignore_ascii_case(b"sep=") && is_fit(*byte) => Some(Self(*byte)),
            _ => None,
        }
    }
}

/// Whether it can part anything.
fn is_fit(byte: u8) -> bool {
    byte == b'\t' || (byte.is_ascii_punctuation() && byte != b'"')
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b',' => f.write_str("a comma"),
            b';' => f.write_str("a semicolon"),
            b'\t' => f.write_str("a tab"),
            b'|' => f.write_str("a vertical bar"),
            other => write!(f, "`{}`", char::from(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excels_line_is_read() {
        let said = |line: &str| Separator::said(line.as_bytes()).map(|s| s.to_string());
        assert_eq!(said("sep=,").as_deref(), Some("a comma"));
        assert_eq!(said("SEP=;").as_deref(), Some("a semicolon"));
        assert_eq!(said("\"sep=|\"").as_deref(), Some("a vertical bar"));
        assert_eq!(said("sep=\t").as_deref(), Some("a tab"));
        assert_eq!(said("sep=^").as_deref(), Some("`^`"));
        for other in ["sep=", "sep=;;", "sep=x", "sep=\"", "email", "", "sep"] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
