//! Where a reader came from to the form: what the link that they followed says of itself, and the site whose page the form
//! stood on. Never who they are: what may hold an address is left out.

use percent_encoding::percent_decode_str;
use serde::ser::{Serialize, SerializeMap, Serializer};
use unicode_normalization::UnicodeNormalization;
use url::form_urlencoded;

use crate::domain::text::{is_forbidden, trimmed};

/// The parameters of a link that are kept (the five of Urchin, which every tool for campaigns writes, and `ref`), and last
/// the origin of the page that the form stood on.
pub const NAMES: [&str; 7] =
    ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "ref", PAGE_ORIGIN];

/// By which a page of ours that was begun elsewhere hands on whose page that was.
pub const PAGE_ORIGIN: &str = "page_origin";

/// How many characters of each are kept.
const MOST: usize = 100;

/// Where a reader came from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignupSource([Option<String>; 7]);

impl SignupSource {
    /// Reads the query of an address: whatever else stands there is left out, and of what is given twice the first counts.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        Self::from_pairs(form_urlencoded::parse(query.as_bytes()))
    }

    /// Reads names and values; whatever cannot be kept is left out, for no form is refused for it.
    #[must_use]
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut source = Self::default();
        for (name, value) in pairs {
            let name = name.as_ref();
            if name != PAGE_ORIGIN
                && let Some(place) = source.place(name)
                && place.is_none()
            {
                *place = kept(value.as_ref());
            }
        }
        source
    }

    /// As it lies in a row, in the order of [`NAMES`].
    #[must_use]
    pub fn from_row(row: [Option<String>; 7]) -> Self {
        Self(row)
    }

    /// With the origin of the page that the form stood on, where that was somebody else's.
    #[must_use]
    pub fn on_page_of(mut self, origin: Option<String>) -> Self {
        if let (Some(place), Some(origin)) = (self.place(PAGE_ORIGIN), origin) {
            *place = Some(origin);
        }
        self
    }

    /// Without that.
    #[must_use]
    pub fn without_page(mut self) -> Self {
        if let Some(place) = self.place(PAGE_ORIGIN) {
            *place = None;
        }
        self
    }

    /// What is known under one of [`NAMES`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.known().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All that is known, in the order of [`NAMES`].
    pub fn known(&self) -> impl Iterator<Item = (&'static str, &str)> {
        NAMES.into_iter().zip(&self.0).filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known().next().is_none()
    }

    /// As a query that says the same; empty where nothing is known.
    #[must_use]
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.known()).finish()
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        NAMES.into_iter().zip(&mut self.0).find(|(known, _)| *known == name).map(|(_, place)| place)
    }
}

/// An object of what is known.
impl Serialize for SignupSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut known = serializer.serialize_map(None)?;
        for (name, value) in self.known() {
            known.serialize_entry(name, value)?;
        }
        known.end()
    }
}

/// What is kept of a value: nothing where it may hold an address.
fn kept(value: &str) -> Option<String> {
    if may_name_somebody(value) {
        return None;
    }
    let text: String = value.chars().filter(|c| !is_forbidden(*c)).collect();
    let text: String = trimmed(&text).chars().take(MOST).collect();
    let text = trimmed(&text);
    (!text.is_empty()).then(|| text.to_owned())
}

/// How often a value is decoded. No tool encodes as often; what still changes then is hiding something.
const LAYERS: usize = 6;

/// Whether an address may stand in it, in however many layers of percent-encoding, and with whichever form of the sign.
#[must_use]
pub fn may_name_somebody(value: &str) -> bool {
    let mut text = value.to_owned();
    for _ in 0..LAYERS {
        // What cannot be seen must not part the three characters of an encoded one.
        text.retain(|c| !is_forbidden(c));
        if !text.is_ascii() {
            text = text.nfkc().collect();
        }
        if text.contains('@') {
            return true;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return false;
        }
        text = decoded;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Vec<(&'static str, String)> {
        let source = SignupSource::from_query(query);
        source.known().map(|(name, value)| (name, value.to_owned())).collect()
    }

    #[test]
    fn the_six_are_read_and_nothing_else() {
        assert_eq!(
            read(
                "?x=1&ref=a+b&utm_source=news%20letter&gclid=77&UTM_MEDIUM=x&utm_medium=e-mail&page_origin=https://a.test"
            ),
            [
                ("utm_source", "news letter".to_owned()),
                ("utm_medium", "e-mail".to_owned()),
                ("ref", "a b".to_owned())
            ]
        );
        assert!(SignupSource::from_query("").is_empty());
        assert!(SignupSource::from_query("utm_source=&ref=%20%20&utm_term").is_empty());
        assert_eq!(read("ref=one&ref=two"), [("ref", "one".to_owned())]);
        assert_eq!(read("ref=&ref=two"), [("ref", "two".to_owned())]);
    }

    #[test]
    fn what_may_be_an_address_is_left_out() {
        for value in [
            "ada@b.example",
            "ada%40b.example",
            "ada%2540b.example",
            "ada%25252540b.example",
            "ada%EF%BC%A0b.example",
            "ada%EF%B9%ABb.example",
            "%2525EF%2525BC%2525A0",
            "ada%25%0040b.example",
            &format!("%{}40", "25".repeat(20)),
            &format!("{}@b.example", "a".repeat(5000)),
        ] {
            assert_eq!(
                read(&format!("utm_source={value}&ref=x")),
                [("ref", "x".to_owned())],
                "{value}"
            );
        }
        // A sign that says nothing is no way around it: the first that can be kept counts.
        assert_eq!(read("ref=a@b.example&ref=x"), [("ref", "x".to_owned())]);
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_unseen_is_dropped() {
        let long = "ä".repeat(101);
        assert_eq!(read(&format!("ref={long}")), [("ref", "ä".repeat(100))]);
        assert_eq!(read("ref=a%00b%0d%0ac%E2%80%AEd%1ee"), [("ref", "abcde".to_owned())]);
        assert_eq!(read("ref=%ff%25ff"), [("ref", "\u{fffd}%ff".to_owned())]);
        assert_eq!(read("ref=100%25%20off"), [("ref", "100% off".to_owned())]);
        let huge = format!("ref={}", "%25".repeat(100_000));
        assert_eq!(read(&huge), [("ref", "%".repeat(100))]);
    }

    #[test]
    fn a_query_of_it_says_the_same() {
        let source = SignupSource::from_query("utm_campaign=a%26b%3D&ref=%C3%BC");
        let whole = source.clone().on_page_of(Some("https://press.example".to_owned()));
        assert_eq!(
            whole.to_query(),
            "utm_campaign=a%26b%3D&ref=%C3%BC&page_origin=https%3A%2F%2Fpress.example"
        );
        assert_eq!(
            SignupSource::from_query(&whole.to_query()),
            source,
            "whose page it was is not believed"
        );
        assert_eq!(whole.get("page_origin"), Some("https://press.example"));
        assert_eq!(
            serde_json::to_string(&whole).unwrap(),
            r#"{"utm_campaign":"a&b=","ref":"ü","page_origin":"https://press.example"}"#
        );
    }
}
