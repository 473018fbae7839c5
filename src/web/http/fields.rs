//! The fields of a form, read strictly: what browsers would never send is not guessed at.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::text::{is_forbidden, is_mark};

/// What is wrong with one field of a form, and what to do.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct FieldError {
    /// Its name; `form` is the whole form.
    pub(in crate::web) field: &'static str,
    pub(in crate::web) message: Cow<'static, str>,
}

impl FieldError {
    pub(in crate::web) fn new(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field, message: message.into() }
    }

    /// One for each of these fields.
    pub(in crate::web) fn samples(fields: &[&'static str]) -> Vec<Self> {
        fields.iter().map(|field| Self::new(field, "Do this instead")).collect()
    }
}

/// What is wrong with one field, or with all of what was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct InvalidField {
    /// Where: the name of a field, or `body` for all of a document.
    pub field: &'static str,
    /// What, for programs.
    pub code: &'static str,
    /// What to do, for people.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
}

impl InvalidField {
    pub(in crate::web) fn new(
        field: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field, code, message: message.into() }
    }
}

impl From<InvalidField> for FieldError {
    fn from(wrong: InvalidField) -> Self {
        Self { field: wrong.field, message: wrong.message }
    }
}

/// The fields of a form in their order, and which of them cannot be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    /// Values as they were sent, where they may have several lines.
    texts: Vec<String>,
    faults: Vec<String>,
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`. A value with invalid UTF-8 or a control character is
    /// kept in readable form, and its field marked as faulty.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let mut fields = Self::default();
        let text = String::from_utf8_lossy(body);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, _) = decode(name);
            fields.texts.push(lines(value));
            let (value, sound) = decode(value);
            if !sound {
                fields.faults.push(name.clone());
            }
            fields.pairs.push((name, value));
        }
        fields
    }

    /// Adds a field that came by itself, as in `multipart/form-data`.
    pub(in crate::web) fn push(&mut self, name: &str, value: &[u8]) {
        self.texts.push(readable_lines(&String::from_utf8_lossy(value)));
        let (value, sound) = readable(value);
        if !sound {
            self.faults.push(name.to_owned());
        }
        self.pairs.push((name.to_owned(), value));
    }

    /// The value of a field that is sent once; empty when it is not sent.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.pairs.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field that may be repeated.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a field that may have several lines, ended by `\n` as its reader expects; tabs are kept,
    /// other control characters are not. Empty when it is not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        let at = self.pairs.iter().position(|(n, _)| n == name);
        at.and_then(|at| self.texts.get(at)).map_or("", String::as_str)
    }

    /// Whether there is a field of another name than these.
    #[must_use]
    pub fn has_other_than(&self, names: &[&str]) -> bool {
        self.pairs.iter().any(|(name, _)| !names.contains(&name.as_str()))
    }

    /// Whether a field was sent twice.
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.all(name).len() > 1
    }

    /// Whether a field held invalid UTF-8 or a control character.
    #[must_use]
    pub fn is_faulty(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault == name)
    }
}

/// The decoded text without what has no place in it, and whether all of it had.
fn decode(text: &str) -> (String, bool) {
    let plain = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode_str(&plain).collect();
    readable(&bytes)
}

/// A value without what has no place on a line, and whether all of it had; marks of direction come with what people paste.
fn readable(value: &[u8]) -> (String, bool) {
    let lossy = String::from_utf8_lossy(value);
    let fits = |c: &char| !is_forbidden(*c) && *c != char::REPLACEMENT_CHARACTER;
    (lossy.chars().filter(fits).collect(), lossy.chars().all(|c| fits(&c) || is_mark(c)))
}

/// The decoded text with its lines, of what browsers send from an area.
fn lines(text: &str) -> String {
    let plain = text.replace('+', " ");
    readable_lines(&percent_decode_str(&plain).decode_utf8_lossy())
}

fn readable_lines(text: &str) -> String {
    let readable = |c: &char| matches!(c, '\n' | '\t') || !is_forbidden(*c);
    text.replace("\r\n", "\n").chars().filter(readable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_browsers_send() {
        let fields =
            Fields::parse(b"email=a%40b.test&name=Ada+L%C3%B6w&newsletter=x&newsletter=y&z");
        assert_eq!((fields.one("email"), fields.one("name")), ("a@b.test", "Ada L\u{f6}w"));
        assert_eq!(fields.all("newsletter"), ["x", "y"]);
        assert!(fields.is_repeated("newsletter") && !fields.is_repeated("email"));
        assert_eq!((fields.one("z"), fields.one("none")), ("", ""));
        assert!(fields.has_other_than(&["email", "name", "newsletter"]));
        assert!(!fields.has_other_than(&["email", "name", "newsletter", "z", "more"]));
    }

    #[test]
    fn takes_fields_that_came_by_themselves() {
        let mut fields = Fields::default();
        fields.push("title", "Ada & L\u{f6}w=1%00".as_bytes());
        fields.push("body", b"one\r\n\ttwo\0\n");
        assert_eq!(fields.one("title"), "Ada & L\u{f6}w=1%00");
        assert_eq!((fields.text("body"), fields.one("body")), ("one\n\ttwo\n", "onetwo"));
        assert!(!fields.is_faulty("title") && fields.is_faulty("body"));
        for bad in [&b"a\nb"[..], b"a\0b", b"\xff", "a\u{202e}b".as_bytes()] {
            fields.push("bad", bad);
        }
        assert_eq!(fields.all("bad"), ["ab", "ab", "", "ab"]);
        assert_eq!(fields.faults.iter().filter(|fault| *fault == "bad").count(), 4);
    }

    #[test]
    fn marks_what_they_would_not() {
        for body in
            [&b"name=a%00b"[..], b"name=a%0d%0ab", b"name=%ff", b"name=\xff", b"name=%E2%80%AE"]
        {
            let fields = Fields::parse(body);
            assert!(fields.is_faulty("name"), "{body:?}");
            assert!(!fields.one("name").contains(is_forbidden));
        }
        let pasted = Fields::parse("name=%E2%80%8EAda%E2%80%AC+%E2%81%A8L\u{f6}w".as_bytes());
        assert_eq!(pasted.one("name"), "Ada L\u{f6}w");
        assert!(!pasted.is_faulty("name"));
        let nameless = Fields::parse(b"&&=&");
        assert_eq!((nameless.pairs.len(), nameless.faults.len()), (1, 0));
    }

    #[test]
    fn keeps_the_lines_of_an_area() {
        let fields = Fields::parse(b"text=%23+One%0D%0A%0D%0A%09two%00%E2%80%AE&name=x");
        assert_eq!(fields.text("text"), "# One\n\n\ttwo");
        assert_eq!((fields.text("name"), fields.text("none")), ("x", ""));
    }
}
