//! Bringing JSON that others wrote into the one form that is hashed (RFC 8785).

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::leaf;

/// How deep a text may nest and still be recognised at a glance; deeper ones take the long way.
const DEPTH: u8 = 16;

/// The RFC 8785 text of a JSON text; `None` when it is no JSON, or has a name twice in one object, so
/// that two readers could see two things in it (RFC 8785 §3.1, RFC 7493 §2.3).
///
/// Nearly every body comes in that form already. Those are recognised in one pass, which spares
/// building and sorting them again: most of the time an audit would take.
#[must_use]
pub fn canonical_text(json: &str) -> Option<Cow<'_, str>> {
    if is_plainly_canonical(json) {
        return Some(Cow::Borrowed(json));
    }
    let Strict(value) = serde_json::from_str(json).ok()?;
    leaf::canonical(&value).ok().map(Cow::Owned)
}

/// A value in which no object has a name twice. It is read as it stands: `serde_json`'s own [`Value`] takes an object of
/// one certain name for the JSON text that it holds.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a name twice in one object")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a name stands twice in one object"));
            }
        }
        Ok(members.into())
    }
}

/// Whether a text is in RFC 8785 form beyond doubt. `false` says nothing: numbers, and names that are
/// not plain ASCII, are left to the long way.
fn is_plainly_canonical(json: &str) -> bool {
    let mut scan = Scan { rest: json.as_bytes() };
    scan.value(DEPTH).is_some() && scan.rest.is_empty()
}

/// What is left of the text. Each method passes over one thing, or returns `None` if it is not there in
/// its only form.
struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn value(&mut self, depth: u8) -> Option<()> {
        match self.rest.first()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.string().map(|_| ()),
            b't' => self.exact(b"true"),
            b'f' => self.exact(b"false"),
            b'n' => self.exact(b"null"),
            _ => None,
        }
    }

    fn exact(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    fn array(&mut self, depth: u8) -> Option<()> {
        self.exact(b"[")?;
        if self.exact(b"]").is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if self.exact(b",").is_none() {
                return self.exact(b"]");
            }
        }
    }

    /// Names in ascending order, none twice. RFC 8785 §3.2.3 orders by UTF-16 units, which for plain
    /// ASCII is the order of bytes.
    fn object(&mut self, depth: u8) -> Option<()> {
        self.exact(b"{")?;
        if self.exact(b"}").is_some() {
            return Some(());
        }
        let mut last: Option<&[u8]> = None;
        loop {
            let name = self.string()?;
            let plain = name.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
            if !plain || last.is_some_and(|last| last >= name) {
                return None;
            }
            last = Some(name);
            self.exact(b":")?;
            self.value(depth)?;
            if self.exact(b",").is_none() {
                return self.exact(b"}");
            }
        }
    }

    /// The bytes between the quotes, with no character escaped that need not be and none otherwise
    /// than RFC 8785 §3.2.2.2 says.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.exact(b"\"")?;
        let text = self.rest;
        let mut at = 0;
        loop {
            match text.get(at)? {
                b'"' => break,
                b'\\' => at += escape(text.get(at + 1..)?)?,
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        self.rest = text.get(at + 1..)?;
        text.get(..at)
    }
}

/// The length of the escape whose backslash stands before `after`.
fn escape(after: &[u8]) -> Option<usize> {
    match after {
        [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(2),
        [b'u', b'0', b'0', high @ b'0'..=b'1', low @ (b'0'..=b'9' | b'a'..=b'f'), ..] => {
            let short = *high == b'0' && matches!(low, b'8' | b'9' | b'a' | b'c' | b'd');
            (!short).then_some(6)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaves = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "([a-z]|\\PC|[\u{0}-\u{22}]|[/\\\\\u{7f}\u{2028}\u{e000}\u{10000}]){0,12}"
                .prop_map(Value::from),
        ];
        leaves.prop_recursive(6, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(
                    "([a-c]|\\PC|[\u{0}-\u{22}\\\\]){0,4}",
                    inner,
                    0..5
                )
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn a_body_is_recognised_at_a_glance() {
        let body = r#"{"at":"2026-11-23T09:00:00.000000Z","email":"zoë@example.org","notice":{"lang":"en-GB","text":"I \"agree\"\nto\u001f this."},"x":[true,null]}"#;
        assert!(is_plainly_canonical(body));
        assert_eq!(canonical_text(body).as_deref(), Some(body));
    }

    #[test]
    fn other_forms_are_brought_into_it() {
        for (text, canonical) in [
            (r#"{ "b": 1.0, "a": "\/\u00e9\u000A" }"#, r#"{"a":"/é\n","b":1}"#),
            ("[1e2]\n", "[100]"),
            (r#"{"é":1,"e":2}"#, r#"{"e":2,"é":1}"#),
            (
                r#"{"$serde_json::private::RawValue": "[]"}"#,
                r#"{"$serde_json::private::RawValue":"[]"}"#,
            ),
            (r#"{"\ud83d\ude00":1,"\ufb33":2}"#, "{\"😀\":1,\"\u{fb33}\":2}"),
        ] {
            assert_eq!(canonical_text(text).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "{",
            "{}{}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":"x","a":"y"}"#,
            r#"{"a":"x","\u0061":"y"}"#,
            r#"[{"b":{"a":1,"a":2}}]"#,
            r#"{"a":1,"a":2,"b":{"$serde_json::private::RawValue":"{\"c\":1,\"d\":2}"}}"#,
            "\"\\ud800\"",
            "1e999",
            &"[".repeat(100_000),
        ] {
            assert_eq!(canonical_text(text), None, "{text:.40}");
        }
    }

    proptest! {
        #[test]
        fn what_is_recognised_is_what_the_long_way_makes(value in values()) {
            let text = leaf::canonical(&value).unwrap();
            let same = canonical_text(&text);
            prop_assert_eq!(same.as_deref(), Some(&text[..]));
            let loose = serde_json::to_string_pretty(&value).unwrap();
            let tidied = canonical_text(&loose);
            prop_assert_eq!(tidied.as_deref(), Some(&text[..]));
        }

        #[test]
        fn nothing_else_is_recognised(
            value in values(), at: proptest::sample::Index, to in "[\\PC\u{0}-\u{22}]|\\\\[a-zA-Z/\"]|\\\\u00[01][0-9a-fA-F]",
        ) {
            let mut text = leaf::canonical(&value).unwrap();
            let places: Vec<_> = text.char_indices().map(|(place, c)| place..place + c.len_utf8()).collect();
            text.replace_range(places[at.index(places.len())].clone(), &to);
            if is_plainly_canonical(&text) {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&leaf::canonical(&value).unwrap(), &text);
            }
            let _ = canonical_text(&text);
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}:,\"\\\\a-fu0-9tnrl. ]{0,60}") {
            if is_plainly_canonical(&text) {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&leaf::canonical(&value).unwrap(), &text);
            }
            let _ = canonical_text(&text);
        }
    }
}
