//! One line that a person typed: a name, an organisation, a job title.

use std::fmt;

/// One line of text, trimmed, 1 to 200 characters, without control or direction-changing characters:
/// those forge mail headers and disguise what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

/// Why a text is not one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// More than [`Line::MAX`] characters.
    #[error("Use at most 200 characters")]
    TooLong,
    /// A control, line-breaking or direction-changing character.
    #[error("Use letters, numbers and punctuation only, on one line")]
    Forbidden,
}

impl Line {
    /// The longest line, in characters.
    pub const MAX: usize = 200;

    /// Reads a line; nothing but spaces is no line at all.
    ///
    /// # Errors
    /// Says what to do when the text is too long or holds a character that has no place in a line.
    pub fn parse(text: &str) -> Result<Option<Self>, LineError> {
        let text = text.trim();
        if text.chars().any(is_forbidden) {
            return Err(LineError::Forbidden);
        }
        if text.chars().count() > Self::MAX {
            return Err(LineError::TooLong);
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Control characters, the line and paragraph separators, and the characters that change reading
/// direction unseen (Unicode TR 36, §2.11).
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_names_as_they_are() {
        for name in
            ["Ada Lovelace", "Zoë Þórsdóttir", "李小龍", "O'Neill-Smith", "=cmd|x", "<script>"]
        {
            assert_eq!(Line::parse(name).unwrap().unwrap().as_str(), name);
        }
        assert_eq!(Line::parse("  \u{a0} ").unwrap(), None);
    }

    #[test]
    fn refuses_what_forges_and_disguises() {
        for text in [
            "a\r\nBcc: x",
            "a\0b",
            "a\tb",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2028}b",
            "\u{1b}[2J",
        ] {
            assert_eq!(Line::parse(text), Err(LineError::Forbidden), "{text:?}");
        }
        assert_eq!(Line::parse(&"é".repeat(201)), Err(LineError::TooLong));
        assert!(Line::parse(&"é".repeat(200)).is_ok());
    }
}
