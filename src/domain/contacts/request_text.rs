//! What people write of a request, and what is written to them: text of several lines.

use crate::domain::text::{is_forbidden, is_mark, trimmed};

/// Text of several lines, trimmed, 1 to 4000 characters, without control characters besides ends of lines and tabs, and
/// without those that change reading direction unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestText(String);

/// A text is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Use at most 4,000 characters: there are {0} now")]
pub struct TooLong(pub usize);

impl RequestText {
    /// The longest text, in characters: a form of nothing but the longest ones fits into what a form may send.
    pub const MAX: usize = 4000;

    /// Reads a text; nothing but spaces is none at all. What has no place in it is left out: it says nothing.
    ///
    /// # Errors
    /// When it is too long; says by how much.
    pub fn parse(text: &str) -> Result<Option<Self>, TooLong> {
        let fits = |c: &char| matches!(c, '\n' | '\t') || !(is_forbidden(*c) || is_mark(*c));
        let text: String = text.replace("\r\n", "\n").chars().filter(fits).collect();
        let text = trimmed(&text);
        let length = text.chars().count();
        if length > Self::MAX {
            return Err(TooLong(length));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same with a paragraph more at its end.
    #[must_use]
    pub fn with(self, paragraph: &str) -> Self {
        Self(format!("{}\n\n{paragraph}", self.0))
    }
}

/// The paragraphs of a text, each as its lines.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines
        .split(|line| line.is_empty())
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| paragraph.iter().map(ToString::to_string).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_nothing_that_disguises() {
        let read = |text: &str| RequestText::parse(text).unwrap().map(|text| text.0);
        assert_eq!(
            read(" One\r\n\r\n\ttwo\u{202e}\0\u{200b} ").as_deref(),
            Some(trimmed("One\n\n\ttwo\u{200b}"))
        );
        for nothing in ["", " \r\n\t ", "\u{200b}\u{202e}"] {
            assert_eq!(read(nothing), None, "{nothing:?}");
        }
        assert!(RequestText::parse(&"é".repeat(4000)).is_ok());
        assert_eq!(RequestText::parse(&"é".repeat(4001)), Err(TooLong(4001)));
    }

    #[test]
    fn paragraphs_are_parted_by_empty_lines() {
        let read = paragraphs("Dear Ada\n\n\nOne \ntwo\n \n\nYours");
        assert_eq!(read, [vec!["Dear Ada"], vec!["One", "two"], vec!["Yours"]]);
        assert!(paragraphs("").is_empty());
        let text = RequestText::parse("One").unwrap().unwrap().with("Two");
        assert_eq!(paragraphs(text.as_str()).len(), 2);
    }
}
