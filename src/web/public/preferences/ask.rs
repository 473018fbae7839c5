//! `/preferences`: for who lost their link. The answer is the same for every address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::domain::email_address::EmailAddress;
use crate::flows::send_link::ask_for_link;
use crate::web::client_ip::client_ip;
use crate::web::fields::Fields;
use crate::web::{App, Error, origin};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences", get(show).post(send))
}

async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Error> {
    let word = (query.as_deref() == Some("word=sent")).then_some(
        "If we hold anything for that address, a message with the link is on its way to it.",
    );
    page(&app, word, "", None).map(Html)
}

fn page(app: &App, word: Option<&str>, email: &str, error: Option<&str>) -> Result<String, Error> {
    let context = json!({"site": *app.site, "word": word, "email": email, "error": error});
    Ok(app.templates.render("public/preferences_ask.html", context)?)
}

async fn send(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check(&app, &headers)?;
    app.network_limits.choices.check(client_ip(peer.ip(), &headers, &app.trusted_proxies))?;
    let typed = fields.one("email");
    let wrong = if fields.is_repeated("email") {
        Err("Fill in this field once".to_owned())
    } else if fields.is_faulty("email") {
        Err("Use letters, numbers and punctuation only, on one line".to_owned())
    } else {
        EmailAddress::parse(typed).map_err(|error| error.to_string())
    };
    let email = match wrong {
        Ok(email) => email,
        Err(message) => {
            let page = page(&app, None, typed, Some(&message))?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
        }
    };
    let mut tx = app.db.write().await?;
    ask_for_link(&mut tx, &app.moment(), &app.terms, &email).await?;
    tx.commit().await?;
    // The worker is not rung: mail that leaves at once would slow whoever asks next, and tell them.
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/preferences?word=sent")]).into_response())
}
