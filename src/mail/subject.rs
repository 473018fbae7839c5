//! What a mail is about, so that every reader sees the words that were meant; and phrases of other fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{self, Header, HeaderName, HeaderValue};

/// The `Subject` of a mail.
#[derive(Clone)]
pub(super) struct Subject(String);

impl Subject {
    /// These words: one line.
    pub(super) fn new(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// So many octets make an encoded word that fits behind `Subject: ` on a line of 76 (RFC 2047 §2).
const OCTETS: usize = 39;
/// The longest phrase that is quoted: one that is encoded can be folded anywhere.
const QUOTED_MAX: usize = 64;

/// Words as a phrase (RFC 5322 §3.2.5): quoted where they can be, else encoded and folded.
pub(super) fn phrase(words: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic();
    if words.len() <= QUOTED_MAX && words.chars().all(plain) && !words.contains("=?") {
        return format!("\"{}\"", words.replace('\\', r"\\").replace('"', "\\\""));
    }
    encoded(words)
}

/// Words as encoded words of base64, a line each.
fn encoded(words: &str) -> String {
    let mut chunks = vec![String::new()];
    for c in words.chars() {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() + c.len_utf8() <= OCTETS => chunk.push(c),
            _ => chunks.push(c.to_string()),
        }
    }
    let word = |chunk: &String| format!("=?utf-8?b?{}?=", STANDARD.encode(chunk));
    chunks.iter().map(word).collect::<Vec<_>>().join("\r\n ")
}

impl Header for Subject {
    fn name() -> HeaderName {
        header::Subject::name()
    }

    fn parse(line: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self::new(line))
    }

    /// Words that look encoded are encoded themselves: left as they are, they would be shown decoded
    /// (RFC 2047 §7).
    fn display(&self) -> HeaderValue {
        if !self.0.contains("=?") {
            return header::Subject::from(self.0.clone()).display();
        }
        let encoded = encoded(&self.0);
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), encoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(words: &str) -> String {
        let mut headers = header::Headers::new();
        headers.set(Subject::new(words));
        headers.to_string()
    }

    #[test]
    fn phrases_are_quoted_where_they_can_be() {
        assert_eq!(phrase("Press: receipts and notices"), "\"Press: receipts and notices\"");
        assert_eq!(phrase(r#"a "b" \ <x@y.example>"#), r#""a \"b\" \\ <x@y.example>""#);
        assert_eq!(phrase("Büro"), "=?utf-8?b?QsO8cm8=?=");
        assert_eq!(phrase("=?x"), "=?utf-8?b?PT94?=");
        assert_eq!(phrase("a\r\nBcc: b"), "=?utf-8?b?YQ0KQmNjOiBi?=");
    }

    #[test]
    fn long_phrases_are_folded() {
        for words in ["A press with a very long name. ".repeat(9), "報".repeat(99)] {
            let folded = phrase(&words);
            let octets = folded.split("\r\n ").flat_map(|word| {
                assert!(word.len() <= 75, "{word}");
                let text = word.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
                let octets = STANDARD.decode(text.expect(word)).unwrap();
                assert!(std::str::from_utf8(&octets).is_ok(), "a character in two: {word}");
                octets
            });
            assert_eq!(String::from_utf8(octets.collect()).unwrap(), words);
        }
    }

    #[test]
    fn leaves_plain_words_as_they_are() {
        assert_eq!(sent("Your link to 7 = 6?"), "Subject: Your link to 7 = 6?\r\n");
    }

    #[test]
    fn shows_what_looks_encoded_as_it_was_typed() {
        for words in ["=?utf-8?q?x?=", &format!("=? {}", "é報".repeat(100))] {
            let head = sent(words);
            assert!(!head.contains("?q?") && head.lines().all(|line| line.len() <= 76), "{head}");
            let raw = format!("{head}\r\n");
            let read = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
            assert_eq!(read.subject(), Some(words));
        }
    }
}
