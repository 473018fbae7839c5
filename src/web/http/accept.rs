//! Which of several media types a request asks for (RFC 9110 §12.5.1).

use axum::http::{HeaderMap, header};

use super::weight::{MOST_LIKED, thousandths};

/// Of these types, written `type/subtype`, the one that is liked best. Where several are liked alike, or none of them
/// at all, it is the first: an answer in another type than asked for says more than 406.
pub(in crate::web) fn preferred<'a>(request: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let lines = request.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges: Vec<Range<'_>> =
        lines.flat_map(|line| line.split(',')).filter_map(Range::parse).collect();
    let liking = |kind: &str| {
        let closest =
            ranges.iter().filter_map(|range| Some((range.closeness(kind)?, range.weight)));
        closest.max().map_or(0, |(_, weight)| weight)
    };
    // Of several that are liked alike, `max_by_key` gives the last.
    offered.iter().rev().max_by_key(|kind| liking(kind)).copied()
}

/// One range of types, and how much it is liked.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// Reads `type/subtype;q=0.5`; what else is said of the type is passed over. `None` of what is no range.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut named = parts.filter_map(|part| part.split_once('='));
        let weight = match named.find(|(name, _)| name.trim_end().eq_ignore_ascii_case("q")) {
            Some((_, text)) => thousandths(text.trim_start())?,
            None => MOST_LIKED,
        };
        Some(Self { kind, subtype, weight })
    }

    /// How closely it names a type; `None` when it does not.
    fn closeness(&self, name: &str) -> Option<u8> {
        let (kind, subtype) = name.split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (own, "*") if own.eq_ignore_ascii_case(kind) => Some(1),
            (own, sub) if own.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subtype) => {
                Some(2)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const OFFERED: [&str; 3] = ["text/plain", "application/jwk-set+json", "application/json"];

    #[test]
    fn the_type_that_is_liked_best_is_given() {
        for (accept, given) in [
            ("*/*", "text/plain"),
            ("", "text/plain"),
            ("text/plain", "text/plain"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/plain"),
            ("application/json", "application/json"),
            ("application/jwk-set+json", "application/jwk-set+json"),
            ("application/jwk-set+json, application/json", "application/jwk-set+json"),
            ("application/*", "application/jwk-set+json"),
            ("Application/JSON ; charset=utf-8", "application/json"),
            ("text/plain;q=0.5, application/json", "application/json"),
            ("text/plain;q=0.5, application/json;q=0.499", "text/plain"),
            ("application/json, */*", "text/plain"),
            ("application/json, */*;q=0.1", "application/json"),
            ("*/*, text/plain;q=0", "application/jwk-set+json"),
            ("text/*;q=0.2, application/json; Q = 0.3", "application/json"),
            ("text/plain;q=0, */*;q=0", "text/plain"),
            ("image/png", "text/plain"),
            ("application/json;q=2", "text/plain"),
            ("application/json;q=0.0001", "text/plain"),
            ("json", "text/plain"),
            (",,;q=1,/,application/json,", "application/json"),
        ] {
            let request =
                HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(preferred(&request, &OFFERED), Some(given), "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new(), &OFFERED), Some("text/plain"));
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut request = HeaderMap::new();
        for line in ["text/plain;q=0.1", "application/json"] {
            request.append(header::ACCEPT, HeaderValue::from_static(line));
        }
        assert_eq!(preferred(&request, &OFFERED), Some("application/json"));
    }
}
