//! The cookie of who is signed in, and the session behind it.

use std::time::Duration;

use assent_ledger::digest::sha256;
use axum::http::{HeaderMap, HeaderValue};

use crate::domain::staff::member::SESSION_AT_MOST;
use crate::store::staff::sessions::{self, Session};
use crate::web::{App, Error, cookie};

const COOKIE: &str = "session";

/// The session that a request's cookie names, while it is in force. That it is used is written down once a
/// minute; where that cannot be written, reading goes on.
pub(in crate::web::console) async fn find(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<Session>, Error> {
    let Some(token) = cookie::sent(app, headers, COOKIE) else { return Ok(None) };
    let now = app.clock.now();
    let hash = sha256(token.as_bytes());
    let found = sessions::find(&mut app.db.read().await?, now, &hash).await?;
    let Some(session) = found else { return Ok(None) };
    if session.is_worth_a_note(now)
        && let Err(error) = note(app, &session).await
    {
        tracing::warn!(error = ?error, "that a session is used could not be written down");
    }
    Ok(Some(session))
}

async fn note(app: &App, session: &Session) -> sqlx::Result<()> {
    let (now, id) = (app.clock.now(), session.staff_session_id);
    app.db.run(|tx| Box::pin(sessions::mark_seen(tx, now, id))).await.map(drop)
}

/// The `Set-Cookie` that keeps a session's token.
pub(in crate::web::console) fn header(app: &App, token: &str) -> Result<HeaderValue, Error> {
    cookie::keep(app, COOKIE, token, SESSION_AT_MOST)
}

/// The `Set-Cookie` that takes it back.
pub(in crate::web::console) fn gone(app: &App) -> Result<HeaderValue, Error> {
    cookie::keep(app, COOKIE, "", Duration::ZERO)
}

/// A browser's name and system as its owner knows them, from what it calls itself. No more is kept.
pub(in crate::web::console) fn browser(headers: &HeaderMap) -> String {
    let said = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or("");
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(sign, _)| said.contains(sign)).map(|(_, name)| *name)
    };
    // Most call themselves by several names: the one that tells them apart comes first.
    let browser = first(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    let browser = browser.unwrap_or("A browser");
    system.map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_their_names() {
        for (said, known) in [
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36", "Chrome on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17.4 Safari/605.1",
                "Safari on macOS",
            ),
            ("curl/8.5.0", "A browser"),
            ("", "A browser"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("user-agent", said.parse().unwrap());
            assert_eq!(browser(&headers), known);
        }
    }
}
