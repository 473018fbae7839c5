//! Links as they arrive. What mail programs, chats and people's hands leave behind a token, or behind any page a slash,
//! is taken away before a request finds its route; and a token that is not ours goes no further than here, so that
//! junk waits for no database and is counted for the network it comes from.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{self, HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use percent_encoding::percent_decode_str;

use super::client_ip::client_ip;
use super::error::FreshLink;
use super::waiting::Waiting;
use super::{App, Error, api};
use crate::domain::signup::link::LinkKind;

/// Behind these a reader's token stands, and of which kind it is.
const DOORS: [(&str, LinkKind); 5] = [
    ("/confirm/", LinkKind::Confirm),
    ("/downloads/", LinkKind::Download),
    ("/preferences/", LinkKind::Manage),
    ("/unsubscribe/", LinkKind::Unsubscribe),
    ("/renew/", LinkKind::Renew),
];

/// Behind these, one of staff. The console looks at it itself, once it knows that the form is its own.
const STAFF_DOORS: [&str; 2] = ["/console/welcome/", "/console/reset/"];

/// The doors without a token: a link that was cut off right before it, as where a mail program breaks a line at a
/// slash.
pub(super) fn router() -> Router<Arc<App>> {
    DOORS.into_iter().fold(Router::new(), |router, (door, kind)| {
        let page = door.trim_end_matches('/');
        // What asks for an address stands there itself.
        if kind == LinkKind::Manage {
            return router;
        }
        router.route(
            page,
            any(async move |State(app): State<Arc<App>>, headers: HeaderMap| {
                Error::BrokenLink(fresh(&app, kind, &headers))
            }),
        )
    })
}

/// Marks a request whose address was another.
#[derive(Clone, Copy)]
struct Tidied;

/// Gives a request the address that was meant.
pub(super) fn tidy<B>(request: &mut http::Request<B>) {
    let Some(path) = meant(request.uri().path()) else { return };
    let whole = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let Ok(whole) = PathAndQuery::try_from(whole) else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(whole);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Tidied);
    }
}

/// The path that was meant, where another was sent. What programs call is taken as it is; and so is what browsers would
/// read as another host.
fn meant(path: &str) -> Option<String> {
    let call = path.strip_prefix(api::PREFIX).map(|below| below.trim_start_matches('/'));
    if path.starts_with("//") || call.is_some_and(|call| !call.is_empty()) {
        return None;
    }
    let readers = DOORS.iter().map(|(door, _)| *door);
    let door = readers.chain(STAFF_DOORS).find(|door| path.starts_with(door));
    if let Some(meant) = door.and_then(|door| meant_by_link(door, path)) {
        return (meant != path).then_some(meant);
    }
    let page = path.trim_end_matches('/');
    (!page.is_empty() && page != path).then(|| page.to_owned())
}

/// The link that a path means: its token without what stands behind it, then what has a name under it.
fn meant_by_link(door: &str, path: &str) -> Option<String> {
    let mut segments = path.strip_prefix(door)?.split('/');
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let of_name = |byte: u8| of_token(byte) || byte == b'.';
    let token = beginning(segments.next()?, of_token);
    if token.is_empty() {
        return None;
    }
    let mut meant = format!("{door}{token}");
    for segment in segments {
        let name = beginning(segment, of_name);
        let name = name.trim_end_matches('.');
        if !name.is_empty() {
            meant.push('/');
            meant.push_str(name);
        }
    }
    Some(meant)
}

/// What a part of a path begins with, as far as these bytes go, encoded or not.
fn beginning(segment: &str, goes_on: impl Fn(u8) -> bool) -> String {
    percent_decode_str(segment).take_while(|byte| goes_on(*byte)).map(char::from).collect()
}

/// Refuses a token that is not ours; leads whoever looks at a page under another address to its own. What is sent there
/// is taken as it is: mail programs follow no redirect when somebody leaves.
pub(super) fn check(
    app: &App,
    matched: Option<&MatchedPath>,
    request: &Request,
) -> Result<Option<Response>, Error> {
    let Some(matched) = matched else { return Ok(None) };
    if let Some((kind, token)) = token_of(matched.as_str(), request.uri().path())
        && !app.links.secrets.is_ours(kind, token)
    {
        count(app, request)?;
        return Err(Error::BrokenLink(fresh(app, kind, request.headers())));
    }
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    if looks && request.extensions().get::<Tidied>().is_some() {
        return lead(request.uri()).map(Some);
    }
    Ok(None)
}

/// The token in a path of this route, if one stands there.
fn token_of<'a>(route: &str, path: &'a str) -> Option<(LinkKind, &'a str)> {
    let (door, kind) = DOORS.iter().find(|(door, _)| route.starts_with(door))?;
    Some((*kind, path.strip_prefix(door)?.split('/').next()?))
}

/// Counts a token that is not ours.
fn count(app: &App, request: &Request) -> Result<(), Error> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().ok_or(Error::Internal)?;
    app.network_limits.bad_links.check(client_ip(
        peer.0.ip(),
        request.headers(),
        &app.trusted_proxies,
    ))
}

/// How whoever followed a link of this kind gets another: by their address, which the browser that sent the form knows.
fn fresh(app: &App, kind: LinkKind, headers: &HeaderMap) -> FreshLink {
    match kind {
        LinkKind::Confirm | LinkKind::Download => {
            let waits = Waiting::read(app, headers).is_some();
            if waits { FreshLink::ByPress } else { FreshLink::Form }
        }
        _ => FreshLink::Choices,
    }
}

fn lead(to: &Uri) -> Result<Response, Error> {
    let to = to.path_and_query().map_or("/", PathAndQuery::as_str);
    let to = HeaderValue::try_from(to).map_err(|_| Error::Internal)?;
    Ok((StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "mzxw6ytboi";

    #[test]
    fn what_stands_behind_a_token_is_dropped() {
        for door in DOORS.map(|(door, _)| door).into_iter().chain(STAFF_DOORS) {
            let link = format!("{door}{TOKEN}");
            for behind in [
                ".",
                ")",
                ">",
                ",",
                "%20",
                "/",
                "=",
                "&amp;utm_source=x",
                "&amp;",
                "&utm_source=x",
                ";",
                "%2E",
                "%29",
                "%3E",
                "%2C",
                "%2F",
                "%3D",
                "%26amp%3Butm_source=x",
                "%22%3E",
                "%E2%80%9D",
                "%C2%A0",
                "%0D%0A",
                "=3D",
                "*",
                "'",
                "]",
                "/.",
                "/)",
                "//",
                "/%20/",
                ").",
                ",%20%20",
                "...",
                "&gt;",
                "%00",
                "%",
                "%2",
                "\"",
                "|",
            ] {
                let path = format!("{link}{behind}");
                assert_eq!(meant(&path).as_deref(), Some(link.as_str()), "{path}");
                for name in ["not-me", "my-data.json", "receipts/0193.jws"] {
                    let path = format!("{link}/{name}{behind}");
                    assert_eq!(meant(&path), Some(format!("{link}/{name}")), "{path}");
                }
            }
            assert_eq!(meant(&link), None);
            assert_eq!(meant(&format!("{link}/not-me")), None);
            assert_eq!(meant(&format!("{link}./not-me)")), Some(format!("{link}/not-me")));
            assert_eq!(meant(&format!("{door}%6Dzxw6ytboi")), Some(link), "encoded on its way");
            // Nothing of it could be a token.
            for junk in ["%00", "..", "%2e%2e%2fassent.db", ";", "="] {
                assert_eq!(meant(&format!("{door}{junk}")), None, "{door}{junk}");
            }
        }
    }

    #[test]
    fn a_slash_ends_no_page() {
        for (path, page) in [
            ("/preferences/", "/preferences"),
            ("/reports/sample/", "/reports/sample"),
            ("/reports/sample//", "/reports/sample"),
            ("/policies/privacy/2026-11/changes/", "/policies/privacy/2026-11/changes"),
            ("/console/", "/console"),
            ("/confirm/", "/confirm"),
        ] {
            assert_eq!(meant(path).as_deref(), Some(page), "{path}");
        }
        for path in [
            "",
            "*",
            "/",
            "//",
            "//evil.example/",
            "/reports/sample",
            "/policies/privacy/v1.",
            "/reports/sample)",
            "/api/v1/bounces/",
            "/preferences",
        ] {
            assert_eq!(meant(path), None, "{path}");
        }
    }

    #[test]
    fn a_request_is_tidied_and_keeps_its_query() {
        let mut request = http::Request::new(());
        *request.uri_mut() = "http://h.example/renew/abc).?a=%20&b=/".parse().unwrap();
        tidy(&mut request);
        assert_eq!(request.uri(), "http://h.example/renew/abc?a=%20&b=/");
        assert!(request.extensions().get::<Tidied>().is_some());
        let mut request = http::Request::new(());
        *request.uri_mut() = "/renew/abc?a=.".parse().unwrap();
        tidy(&mut request);
        assert_eq!(request.uri(), "/renew/abc?a=.");
        assert!(request.extensions().get::<Tidied>().is_none());
    }

    #[test]
    fn a_token_stands_behind_its_door() {
        let told = |route, path| token_of(route, path).map(|(_, token)| token);
        assert_eq!(told("/confirm/{token}/not-me", "/confirm/abc/not-me"), Some("abc"));
        assert_eq!(told("/preferences/{token}", "/preferences/%00"), Some("%00"));
        assert_eq!(told("/preferences", "/preferences"), None);
        assert_eq!(told("/console/reset/{token}", "/console/reset/abc"), None);
    }

    proptest! {
        #[test]
        fn what_was_meant_is_meant(path in "(/(confirm|preferences|reports|console/reset))?[/a-z.%0-9&=)]{0,30}") {
            if let Some(once) = meant(&path) {
                prop_assert_eq!(meant(&once), None, "{}", once);
                prop_assert!(once.starts_with('/') == path.starts_with('/') && !once.starts_with("//"));
            }
        }
    }
}
