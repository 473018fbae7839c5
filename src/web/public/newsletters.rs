//! `/newsletters`: the form for newsletters alone.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::signup_form::{Door, embeddable, page_form, receive, rests};
use crate::domain::request_id::RequestId;
use crate::web::http::fields::Fields;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/newsletters", get(show).post(submit))
}

/// The form's door, while there is a newsletter to choose and a policy to agree to.
fn door(catalog: &Catalog) -> Option<Door<'_>> {
    let (policy, consent) = catalog.terms()?;
    (!catalog.newsletters.is_empty()).then(|| Door {
        path: "/newsletters".to_owned(),
        report: None,
        offers: &catalog.newsletters,
        policy,
        consent,
    })
}

/// What the form shows; none when there is nothing to sign up to, or while it rests.
pub(super) fn form(catalog: &Catalog) -> Option<Value> {
    let door = door(catalog).filter(|_| !catalog.rests(None))?;
    Some(page_form(&door, None))
}

async fn show(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let form = form(&catalog);
    let page = page(&app, form.as_ref(), catalog.rests(None))?;
    Ok(embeddable(Html(page).into_response()))
}

async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request_id: RequestId,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    if catalog.rests(None) {
        return Ok(rests(page(&app, None, true)?));
    }
    // The last newsletter may have gone while its form was open.
    let Some(door) = door(&catalog) else {
        let page = Html(page(&app, None, false)?);
        return Ok(embeddable((StatusCode::GONE, page).into_response()));
    };
    let again = |form: Value| page(&app, Some(&form), false);
    receive(&app, (peer, request_id), &headers, &door, &fields, again).await
}

fn page(app: &App, form: Option<&Value>, rests: bool) -> Result<String, Error> {
    let context = json!({"site": *app.site, "form": form, "rests": rests});
    Ok(app.templates.render("public/newsletters.html", context)?)
}
