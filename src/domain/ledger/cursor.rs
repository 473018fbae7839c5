//! Where whoever keeps a copy of contacts goes on asking who left.

use std::fmt;
use std::str::FromStr;

use assent_ledger::epoch::Epoch;

/// A place in the ledger, and the epoch it was told in: after a loss the places are given anew, so one of before
/// may stand for somebody else. To be kept as it is; in the first epoch it reads as a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch it was told in.
    pub epoch: Epoch,
    /// The place of the last leaf that was told; -1 before the first.
    pub after: i64,
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("send the cursor that the answer before ended with, or none")]
pub struct CursorError;

impl Cursor {
    /// Before everything.
    pub const START: Self = Self { epoch: Epoch::FIRST, after: -1 };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch == Epoch::FIRST {
            write!(f, "{}", self.after)
        } else {
            write!(f, "{}.{}", self.epoch, self.after)
        }
    }
}

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (epoch, after) = match text.split_once('.') {
            Some((epoch, after)) => (Epoch::parse(epoch), after),
            None => (Some(Epoch::FIRST), text),
        };
        let cursor = epoch.zip(after.parse().ok()).filter(|(_, after)| *after >= -1);
        let cursor = cursor.map(|(epoch, after)| Self { epoch, after }).ok_or(CursorError)?;
        if cursor.to_string() == text { Ok(cursor) } else { Err(CursorError) }
    }
}

/// In the first epoch a number, as programs were told before there were others.
impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.epoch == Epoch::FIRST {
            serializer.serialize_i64(self.after)
        } else {
            serializer.collect_str(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_is_written_and_no_other_way() {
        for text in ["-1", "0", "12345", "r2.-1", "r2.0", "r3.9223372036854775807"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "-2",
            "+1",
            "01",
            " 1",
            "1 ",
            "r1.5",
            "r2",
            "r2.",
            "r2.-2",
            "R2.5",
            "2.5",
            "x",
            "9223372036854775808",
            "r2.5.5",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text:?}");
        }
    }
}
