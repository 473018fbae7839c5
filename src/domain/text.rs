//! One line that a person typed: a name, an organisation, a job title.

use std::fmt;

/// One line of text, trimmed, 1 to 200 characters, without control or direction-changing characters:
/// those forge mail headers and disguise what is shown. Marks of direction, which come with names that are pasted, are
/// dropped.
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
        let text: String = text.chars().filter(|c| !is_mark(*c)).collect();
        let text = trimmed(&text);
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

/// Marks, embeddings and isolates of direction, which people paste without knowing: unlike the two overrides, they turn
/// no letters around (Unicode UAX 9, §2).
#[must_use]
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}' | '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}')
}

/// What cannot be seen: spaces of all kinds, those of no width, and marks of direction.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || is_mark(c)
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\u{180e}')
}

/// A text without what cannot be seen at its ends.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_unseen)
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
    fn drops_what_comes_with_a_paste() {
        for pasted in [
            "\u{200e}Ada\u{200f} Hughes\u{feff}",
            "\u{202a}Ada Hughes\u{202c}",
            "\u{2068}Ada\u{2069} Hughes",
            "\u{a0}\u{2009}\u{200b}Ada Hughes\u{2060}\u{3000}",
        ] {
            assert_eq!(Line::parse(pasted).unwrap().unwrap().as_str(), "Ada Hughes", "{pasted:?}");
        }
        assert_eq!(Line::parse("\u{200e}\u{200b}").unwrap(), None);
        // What joins letters stays between them.
        assert_eq!(Line::parse("می\u{200c}خواهم").unwrap().unwrap().as_str(), "می\u{200c}خواهم");
    }

    #[test]
    fn refuses_what_forges_and_disguises() {
        for text in [
            "a\r\nBcc: x",
            "a\0b",
            "a\tb",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{202d}b",
            "a\u{2028}b",
            "\u{1b}[2J",
        ] {
            assert_eq!(Line::parse(text), Err(LineError::Forbidden), "{text:?}");
        }
        assert_eq!(Line::parse(&"é".repeat(201)), Err(LineError::TooLong));
        assert!(Line::parse(&"é".repeat(200)).is_ok());
    }
}
