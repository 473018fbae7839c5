//! `/.well-known/security.txt`: how a vulnerability of this installation is reported (RFC 9116).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use time::Time;

use crate::domain::timestamp::Timestamp;
use crate::web::{App, Error};

const PATH: &str = "/.well-known/security.txt";

/// How long what it says is good for, from the beginning of the day (UTC) on, so that it is the same all day. RFC 9116
/// §2.5.5 recommends less than a year.
const GOOD_FOR: Duration = Duration::from_hours(24 * 90);

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(PATH, get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let contact = app.security_contact.as_ref().ok_or(Error::NotFound)?;
    let today = Timestamp::from(app.clock.now().date_time().replace_time(Time::MIDNIGHT));
    let expires = today.plus(GOOD_FOR).to_seconds();
    let base_url = &app.links.base_url;
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nCanonical: {base_url}{PATH}\nPreferred-Languages: en\n"
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
