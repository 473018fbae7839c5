//! What a mail is about, so that every reader sees the words that were meant.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{self, Header, HeaderName, HeaderValue};

/// The `Subject` of a mail.
#[derive(Clone)]
pub(super) struct Subject(String);

impl Subject {
    /// These words: one line.
    pub(super) fn of(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// So many octets make an encoded word that fits behind `Subject: ` on a line of 76 (RFC 2047 §2).
const OCTETS: usize = 39;

impl Header for Subject {
    fn name() -> HeaderName {
        header::Subject::name()
    }

    fn parse(line: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self::of(line))
    }

    /// Words that look encoded are encoded themselves: left as they are, they would be shown decoded
    /// (RFC 2047 §7).
    fn display(&self) -> HeaderValue {
        if !self.0.contains("=?") {
            return header::Subject::from(self.0.clone()).display();
        }
        let mut chunks = vec![String::new()];
        for c in self.0.chars() {
            match chunks.last_mut() {
                Some(chunk) if chunk.len() + c.len_utf8() <= OCTETS => chunk.push(c),
                _ => chunks.push(c.to_string()),
            }
        }
        let word = |chunk: &String| format!("=?utf-8?b?{}?=", STANDARD.encode(chunk));
        let encoded = chunks.iter().map(word).collect::<Vec<_>>().join("\r\n ");
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), encoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(words: &str) -> String {
        let mut headers = header::Headers::new();
        headers.set(Subject::of(words));
        headers.to_string()
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
