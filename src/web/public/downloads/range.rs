//! Byte ranges of a file: one at a time (RFC 9110 §14).

use std::ops::Range;

use axum::http::{HeaderMap, header};

use crate::web::http::validators::Validators;

/// What a request asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it.
    Whole,
    /// These bytes, which exist.
    Part(Range<u64>),
    /// Several ranges, or bytes that do not exist.
    Unsatisfiable,
}

/// Reads `Range` against a file of this size and state. One that is not understood is ignored, as is one whose
/// `If-Range` names another state of the file (RFC 9110 §13.1.5, §14.2).
pub(super) fn asked(headers: &HeaderMap, state: &Validators, size: u64) -> Asked {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some((unit, set)) = range.and_then(|range| range.split_once('=')) else {
        return Asked::Whole;
    };
    if !unit.eq_ignore_ascii_case("bytes") || !state.has_range(headers) {
        return Asked::Whole;
    }
    if set.contains(',') {
        return Asked::Unsatisfiable;
    }
    match parse(set.trim(), size) {
        None => Asked::Whole,
        Some(range) if range.is_empty() => Asked::Unsatisfiable,
        Some(range) => Asked::Part(range),
    }
}

/// The bytes that a range names of a file of this size; empty when there are none; `None` when it is
/// not a range.
fn parse(range: &str, size: u64) -> Option<Range<u64>> {
    // More digits than fit stand for a place beyond any file.
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match range.split_once('-')? {
        ("", "") => None,
        ("", last) => Some(size.saturating_sub(number(last)?)..size),
        (first, "") => Some(number(first)?.min(size)..size),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first.min(size)..last.saturating_add(1).min(size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timestamp::Timestamp;

    fn of_ten(range: &str, if_range: Option<&str>) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        if let Some(etag) = if_range {
            headers.insert(header::IF_RANGE, etag.parse().unwrap());
        }
        let state = Validators::of_file("x", None, Timestamp::EARLIEST);
        asked(&headers, &state, 10)
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(of_ten("bytes=0-0", None), Asked::Part(0..1));
        assert_eq!(of_ten("bytes=2-4", None), Asked::Part(2..5));
        assert_eq!(of_ten("bytes=2-", None), Asked::Part(2..10));
        assert_eq!(of_ten("bytes=2-99999999999999999999999", None), Asked::Part(2..10));
        assert_eq!(of_ten("bytes=-3", None), Asked::Part(7..10));
        assert_eq!(of_ten("bytes=-99", None), Asked::Part(0..10));
        assert_eq!(of_ten("bytes=2-4", Some("\"x\"")), Asked::Part(2..5));
        assert_eq!(of_ten("Bytes=2-4", None), Asked::Part(2..5), "units have no case");
        assert_eq!(of_ten("BYTES=-3", None), Asked::Part(7..10));
    }

    #[test]
    fn the_rest_is_refused_or_ignored() {
        for refused in ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=0-1,3-4", "bytes=,"] {
            assert_eq!(of_ten(refused, None), Asked::Unsatisfiable, "{refused}");
        }
        for ignored in [
            "bytes=4-2",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "lines=1-2",
            "bytes=+1-2",
            "bytes",
            "bytes =1-2",
        ] {
            assert_eq!(of_ten(ignored, None), Asked::Whole, "{ignored}");
        }
        for other in ["\"y\"", "W/\"x\"", "Mon, 23 Nov 2026 09:00:00 GMT"] {
            assert_eq!(of_ten("bytes=2-4", Some(other)), Asked::Whole, "{other}");
        }
    }
}
