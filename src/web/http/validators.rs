//! Conditional requests (RFC 9110 §13): whoever names the state of a file or page that they have is told whether it
//! is still that one, so that nobody puts a file together from two.

use std::time::{Duration, SystemTime};

use assent_ledger::digest::sha256_hex;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::timestamp::Timestamp;
use crate::web::Error;

/// What tells one state of a file or page from another.
pub(in crate::web) struct Validators {
    /// What stands between the quotation marks of its entity tag.
    tag: String,
    /// A weak tag does not say byte for byte: what is compressed on its way has one.
    weak: bool,
    /// Since when it is in this state, where that is known.
    modified: Option<Timestamp>,
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Conditions {
    /// There are none, or they hold: it is answered as without them.
    Hold,
    /// It is what the client has already: 304.
    NotModified,
    /// It is not what the client builds upon: 412.
    Failed,
}

impl Validators {
    /// Of bytes that are sent as they are, named by a tag that no other bytes have. A moment that is still to come
    /// is now (RFC 9110 §8.8.2.1).
    pub(in crate::web) fn of_file(
        tag: impl Into<String>,
        put: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self { tag: tag.into(), weak: false, modified: put.map(|put| put.min(now)) }
    }

    /// Of a text that may be compressed on its way.
    pub(in crate::web) fn of_text(text: &str) -> Self {
        Self::of_hashed_text(&sha256_hex(text.as_bytes())[..32])
    }

    /// The same of a text whose hash is known.
    pub(in crate::web) fn of_hashed_text(hash: impl Into<String>) -> Self {
        Self { tag: hash.into(), weak: true, modified: None }
    }

    /// Weighs what a GET or HEAD asks for, in the order of RFC 9110 §13.2.2.
    pub(in crate::web) fn weigh(&self, request: &HeaderMap) -> Conditions {
        let builds_upon_it = match self.is_named(request, &header::IF_MATCH, true) {
            Some(named) => named,
            None => self
                .age_against(request, &header::IF_UNMODIFIED_SINCE)
                .is_none_or(|(modified, since)| modified <= since),
        };
        if !builds_upon_it {
            return Conditions::Failed;
        }
        let has_it = match self.is_named(request, &header::IF_NONE_MATCH, false) {
            Some(named) => named,
            None => self
                .age_against(request, &header::IF_MODIFIED_SINCE)
                .is_some_and(|(modified, since)| modified <= since),
        };
        if has_it { Conditions::NotModified } else { Conditions::Hold }
    }

    /// Whether a range belongs to this state: always without `If-Range`, else only if that names this very state. A
    /// date never does, for a file may change twice in a second (RFC 9110 §8.8.2.2, §13.1.5).
    pub(in crate::web) fn has_range(&self, request: &HeaderMap) -> bool {
        let Some(given) = request.get(header::IF_RANGE) else {
            return true;
        };
        tags(given.as_bytes()).is_some_and(|tags| match tags.as_slice() {
            [Tag::Of { weak: false, opaque }] => !self.weak && *opaque == self.tag.as_bytes(),
            _ => false,
        })
    }

    /// Whether one of the entity tags of this field is ours; `None` when there is no such field. What is no list of
    /// tags names nothing.
    fn is_named(&self, request: &HeaderMap, field: &HeaderName, strongly: bool) -> Option<bool> {
        let mut lines = request.get_all(field).iter().peekable();
        lines.peek()?;
        let named = |tag: &Tag<'_>| match tag {
            Tag::Any => true,
            Tag::Of { weak, opaque } => {
                *opaque == self.tag.as_bytes() && !(strongly && (*weak || self.weak))
            }
        };
        Some(lines.any(|line| tags(line.as_bytes()).is_some_and(|tags| tags.iter().any(named))))
    }

    /// In seconds since 1970, since when it is in this state and the date of this field; `None` when either is not
    /// known, for then the field is ignored.
    fn age_against(&self, request: &HeaderMap, field: &HeaderName) -> Option<(u64, u64)> {
        let mut dates = request.get_all(field).iter();
        let (Some(date), None) = (dates.next(), dates.next()) else {
            return None;
        };
        let date = httpdate::parse_http_date(date.to_str().ok()?).ok()?;
        let date = date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        Some((seconds(self.modified?)?, date))
    }

    /// As a response tells them.
    pub(in crate::web) fn headers(&self) -> HeaderMap {
        let tag = format!("{}\"{}\"", if self.weak { "W/" } else { "" }, self.tag);
        let mut headers = HeaderMap::new();
        headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
        let since = self.modified.and_then(seconds).map(Duration::from_secs);
        let since = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        let date =
            since.and_then(|since| HeaderValue::try_from(httpdate::fmt_http_date(since)).ok());
        headers.extend(date.map(|date| (header::LAST_MODIFIED, date)));
        headers
    }

    /// The answer to a GET or HEAD of what the client has already, with these headers; `None` where it is to be
    /// answered whole.
    ///
    /// # Errors
    /// When the client builds upon another state.
    pub(in crate::web) fn not_modified(
        &self,
        request: &HeaderMap,
        headers: &HeaderMap,
    ) -> Result<Option<Response>, Error> {
        match self.weigh(request) {
            Conditions::Failed => Err(Error::PreconditionFailed),
            Conditions::NotModified => {
                Ok(Some((StatusCode::NOT_MODIFIED, headers.clone()).into_response()))
            }
            Conditions::Hold => Ok(None),
        }
    }
}

/// A page that anybody may keep, and must ask after before it is shown again.
///
/// # Errors
/// When a condition of the request failed.
pub(in crate::web) fn public_page(request: &HeaderMap, page: String) -> Result<Response, Error> {
    public_text(request, ("text/html; charset=utf-8", "accept-encoding"), page)
}

/// The same of a text of this media type, which varies by these fields of the request.
///
/// # Errors
/// When a condition of the request failed.
pub(in crate::web) fn public_text(
    request: &HeaderMap,
    (kind, vary): (&'static str, &'static str),
    text: String,
) -> Result<Response, Error> {
    let validators = Validators::of_text(&text);
    let mut headers = public_headers(&validators, vary);
    if let Some(same) = validators.not_modified(request, &headers)? {
        return Ok(same);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok((headers, text).into_response())
}

/// What such a text says of itself, sent or not. Packing says by itself that it varies, but not beside 304.
pub(super) fn public_headers(validators: &Validators, vary: &'static str) -> HeaderMap {
    let mut headers = validators.headers();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    headers
}

fn seconds(at: Timestamp) -> Option<u64> {
    u64::try_from(at.micros().div_euclid(1_000_000)).ok()
}

/// One member of `If-Match` or `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
enum Tag<'a> {
    /// `*`: any state there is.
    Any,
    Of {
        weak: bool,
        opaque: &'a [u8],
    },
}

/// Reads a list of entity tags (RFC 9110 §8.8.3), which may hold commas themselves; `None` when it is none.
fn tags(list: &[u8]) -> Option<Vec<Tag<'_>>> {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return Some(vec![Tag::Any]);
    }
    let mut tags = Vec::new();
    while !rest.is_empty() {
        if let Some(next) = rest.strip_prefix(b",") {
            rest = next.trim_ascii_start();
            continue;
        }
        let weak = rest.strip_prefix(b"W/");
        let quoted = weak.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = quoted.split_at(end);
        if opaque.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
            return None;
        }
        tags.push(Tag::Of { weak: weak.is_some(), opaque });
        rest = after.get(1..)?.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// Put on Monday, 23 November 2026, at nine and a half seconds.
    fn file() -> Validators {
        let (put, now) = (at("2026-11-23T09:00:00.5Z"), at("2026-11-24T09:00:00Z"));
        Validators::of_file("x,y", Some(put), now)
    }

    fn request(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn weighed(fields: &[(HeaderName, &str)]) -> Conditions {
        file().weigh(&request(fields))
    }

    const SAME: &str = "Mon, 23 Nov 2026 09:00:00 GMT";
    const BEFORE: &str = "Mon, 23 Nov 2026 08:59:59 GMT";

    #[test]
    fn who_builds_upon_another_state_is_refused() {
        use Conditions::{Failed, Hold};
        for (value, expected) in [
            ("\"x,y\"", Hold),
            ("*", Hold),
            (" * ", Hold),
            ("\"a\", \"x,y\"", Hold),
            (",, \"a\" , ,\"x,y\",", Hold),
            ("\"x\"", Failed),
            ("W/\"x,y\"", Failed),
            ("w/\"x,y\"", Failed),
            ("x,y", Failed),
            ("\"x,y\" \"a\"", Failed),
            ("\"x,y", Failed),
            ("", Failed),
            ("\"\"", Failed),
            ("\u{e4}", Failed),
        ] {
            assert_eq!(weighed(&[(header::IF_MATCH, value)]), expected, "{value}");
        }
        let lines = [(header::IF_MATCH, "\"a\""), (header::IF_MATCH, "\"x,y\"")];
        assert_eq!(weighed(&lines), Hold, "lines of one field are one list");
        for (value, expected) in [
            (SAME, Hold),
            (BEFORE, Failed),
            ("Monday, 23-Nov-26 08:59:59 GMT", Failed),
            ("Mon Nov 23 08:59:59 2026", Failed),
            ("2026-11-23T08:59:59Z", Hold),
            ("", Hold),
        ] {
            assert_eq!(weighed(&[(header::IF_UNMODIFIED_SINCE, value)]), expected, "{value}");
        }
        let both = [(header::IF_MATCH, "\"x,y\""), (header::IF_UNMODIFIED_SINCE, BEFORE)];
        assert_eq!(weighed(&both), Hold, "the tag decides where there is one");
    }

    #[test]
    fn who_has_it_is_told_so() {
        use Conditions::{Failed, Hold, NotModified};
        for (value, expected) in [
            ("\"x,y\"", NotModified),
            ("W/\"x,y\"", NotModified),
            ("*", NotModified),
            ("\"a\"", Hold),
            ("x,y", Hold),
            ("", Hold),
        ] {
            assert_eq!(weighed(&[(header::IF_NONE_MATCH, value)]), expected, "{value}");
        }
        for (value, expected) in [(SAME, NotModified), (BEFORE, Hold), ("soon", Hold)] {
            assert_eq!(weighed(&[(header::IF_MODIFIED_SINCE, value)]), expected, "{value}");
        }
        let other = [(header::IF_NONE_MATCH, "\"a\""), (header::IF_MODIFIED_SINCE, SAME)];
        assert_eq!(weighed(&other), Hold, "the tag decides where there is one");
        let twice = [(header::IF_MODIFIED_SINCE, SAME), (header::IF_MODIFIED_SINCE, SAME)];
        assert_eq!(weighed(&twice), Hold, "two dates are none");
        let at_odds = [(header::IF_MATCH, "\"a\""), (header::IF_NONE_MATCH, "\"x,y\"")];
        assert_eq!(weighed(&at_odds), Failed);
        assert_eq!(weighed(&[]), Hold);
    }

    #[test]
    fn what_has_no_date_is_weighed_by_its_tag_alone() {
        let page = Validators::of_text("words");
        let dates = [(header::IF_UNMODIFIED_SINCE, BEFORE), (header::IF_MODIFIED_SINCE, SAME)];
        assert_eq!(page.weigh(&request(&dates)), Conditions::Hold);
        let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && page.headers().get(header::LAST_MODIFIED).is_none());
        let has_it = request(&[(header::IF_NONE_MATCH, &tag)]);
        assert_eq!(page.weigh(&has_it), Conditions::NotModified);
        let builds = request(&[(header::IF_MATCH, &tag)]);
        assert_eq!(page.weigh(&builds), Conditions::Failed, "a weak tag does not say enough");
        assert!(!page.has_range(&request(&[(header::IF_RANGE, &tag)])));
        assert_eq!(Validators::of_text("others").weigh(&has_it), Conditions::Hold);
    }

    #[test]
    fn a_range_goes_with_the_very_tag() {
        for (value, expected) in [
            ("\"x,y\"", true),
            ("\"a\"", false),
            ("W/\"x,y\"", false),
            ("\"x,y\", \"a\"", false),
            ("*", false),
            (SAME, false),
            ("", false),
        ] {
            assert_eq!(
                file().has_range(&request(&[(header::IF_RANGE, value)])),
                expected,
                "{value}"
            );
        }
        assert!(file().has_range(&request(&[])));
    }

    #[test]
    fn nothing_was_changed_in_time_to_come() {
        assert_eq!(file().headers()[header::LAST_MODIFIED], SAME);
        assert_eq!(file().headers()[header::ETAG], "\"x,y\"");
        let (put, now) = (at("2026-11-24T09:00:00Z"), at("2026-11-23T09:00:00Z"));
        let ahead = Validators::of_file("a", Some(put), now);
        assert_eq!(ahead.headers()[header::LAST_MODIFIED], SAME);
    }
}
