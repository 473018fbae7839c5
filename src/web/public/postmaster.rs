//! `GET /it`: for IT departments, so that they can let our mail in before anybody misses it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;

use crate::mail::postmaster::{Sample, sample_headers};
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/it", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let (base_url, date) = (&app.links.base_url, app.clock.now());
    let leave = format!("{base_url}/unsubscribe/TOKEN");
    let headers = |template, leave| {
        let sample = Sample { template, leave, date };
        sample_headers(&app.templates, &app.sender, &app.site, sample).map_err(|error| {
            tracing::error!(error = ?error, "a sample mail could not be built");
            Error::Internal
        })
    };
    let context = json!({
        "site": *app.site,
        "postmaster": app.postmaster,
        "base_url": base_url,
        "limits": app.terms.mail_limit.words(),
        "headers": {"confirm": headers("confirm", None)?, "receipt": headers("receipt", Some(&leave))?},
    });
    Ok(Html(app.templates.render("public/it.html", context)?))
}
