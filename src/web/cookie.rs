//! Cookies, and those that readers get, signed and short-lived: what the waiting page needs to know, which
//! [`super::waiting`] reads, and that this browser has just confirmed.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use super::{App, Error};
use crate::domain::signup::link::LinkKind;
use crate::domain::timestamp::Timestamp;

/// How long either is remembered.
pub(super) const LIFETIME: Duration = Duration::from_hours(2);

/// The browser that confirmed a moment ago: it alone is led to its reader's choices from a page that may be
/// forwarded.
pub(super) struct JustConfirmed;

impl JustConfirmed {
    /// The `Set-Cookie` for who has just confirmed.
    pub(super) fn header(app: &App, subscriber_id: Uuid) -> Option<HeaderValue> {
        let until = app.clock.now().plus(LIFETIME).micros().to_be_bytes();
        write(app, LinkKind::JustConfirmed, &[&subscriber_id.as_bytes()[..], &until].concat())
    }

    /// Who has just confirmed with this browser, if anybody did.
    pub(super) fn read(app: &App, headers: &HeaderMap) -> Option<Uuid> {
        let bytes = read(app, headers, LinkKind::JustConfirmed)?;
        let (id, until) = bytes.split_first_chunk::<16>()?;
        let until = Timestamp::from_micros(i64::from_be_bytes(until.try_into().ok()?));
        (until > app.clock.now()).then(|| Uuid::from_bytes(*id))
    }

    /// The path of their choices.
    pub(super) fn manage_path(app: &App, subscriber_id: Uuid) -> String {
        app.links.manage(subscriber_id).trim_start_matches(&app.links.base_url).to_owned()
    }
}

/// What a signed cookie of this kind says, if it is ours.
pub(super) fn read(app: &App, headers: &HeaderMap, kind: LinkKind) -> Option<Vec<u8>> {
    app.links.secrets.unseal(kind, sent(app, headers, word(kind))?)
}

/// The `Set-Cookie` of this kind that keeps these bytes, signed.
pub(super) fn write(app: &App, kind: LinkKind, bytes: &[u8]) -> Option<HeaderValue> {
    keep(app, word(kind), &app.links.secrets.seal(kind, bytes), LIFETIME).ok()
}

fn word(kind: LinkKind) -> &'static str {
    if kind == LinkKind::JustConfirmed { "confirmed" } else { "waiting" }
}

/// The value of the cookie of that word, if the browser sent it.
pub(super) fn sent<'a>(app: &App, headers: &'a HeaderMap, word: &str) -> Option<&'a str> {
    let name = name(app, word);
    headers
        .get_all(header::COOKIE)
        .iter()
        // Cookies of others at the same domain hold whatever bytes they like (RFC 6265 §5.4).
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The `Set-Cookie` that keeps a value for a time, or with no time takes it back: for this host alone, out of
/// reach of scripts, and not sent along from other sites but by a link.
///
/// # Errors
/// Only for a value that no header can hold.
pub(super) fn keep(
    app: &App,
    word: &str,
    value: &str,
    age: Duration,
) -> Result<HeaderValue, Error> {
    let secure = if app.own_host.is_https() { "; Secure" } else { "" };
    let (name, age) = (name(app, word), age.as_secs());
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::try_from(cookie).map_err(|_| Error::Internal)
}

/// Over TLS, browsers hold such a name to be this very host's.
fn name(app: &App, word: &str) -> String {
    let host = if app.own_host.is_https() { "__Host-" } else { "" };
    format!("{host}assent_{word}")
}
