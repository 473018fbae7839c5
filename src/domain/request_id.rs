//! The name of one request, by which all that the log says of it is found.

use serde::Serialize;
use uuid::Uuid;

/// It is short and plain: whoever gave it, it stands in a line of the log as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RequestId(String);

/// The longest one.
const MOST: usize = 64;

impl RequestId {
    /// Reads one that somebody gave; none where it could not stand in a line.
    #[must_use]
    pub fn parse(given: &[u8]) -> Option<Self> {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=/+".contains(byte);
        let fits = (1..=MOST).contains(&given.len()) && given.iter().all(is_plain);
        fits.then(|| Self(String::from_utf8_lossy(given).into_owned()))
    }

    /// As the log and answers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One that the program makes.
impl From<Uuid> for RequestId {
    fn from(id: Uuid) -> Self {
        Self(id.simple().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_given_is_plain() {
        for given in ["7f3a", "b1c2-d3:e4_f5.6=7/8+9", &"a".repeat(64)] {
            let id = RequestId::parse(given.as_bytes());
            assert_eq!(id.as_ref().map(RequestId::as_str), Some(given));
        }
        for given in ["", "a b", "a\"b", "a\nb", "é", "a{b", "ada@b.example", &"a".repeat(65)] {
            assert_eq!(RequestId::parse(given.as_bytes()), None, "{given}");
        }
        assert_eq!(RequestId::parse(b"\xff"), None);
        let made = RequestId::from(Uuid::max());
        assert_eq!(RequestId::parse(made.as_str().as_bytes()), Some(made));
    }
}
