//! `/newsletters`: the form for newsletters alone.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::signup_form::{Door, embeddable, page_form, receive};
use crate::web::catalog::Catalog;
use crate::web::fields::Fields;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/newsletters", get(show).post(submit))
}

/// The form, while there is a newsletter to choose and a policy to agree to.
pub(super) fn door(catalog: &Catalog) -> Option<Door<'_>> {
    let (policy, consent) = catalog.terms()?;
    (!catalog.newsletters.is_empty()).then(|| Door {
        path: "/newsletters".to_owned(),
        report: None,
        offers: &catalog.newsletters,
        policy,
        consent,
    })
}

async fn show(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let form = door(&catalog).map(|door| page_form(&door, None));
    Ok(embeddable(Html(page(&app, form.as_ref())?).into_response()))
}

async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let door = door(&catalog).ok_or(Error::NotFound)?;
    receive(&app, peer, &headers, &door, &fields, |form| page(&app, Some(&form))).await
}

fn page(app: &App, form: Option<&Value>) -> Result<String, Error> {
    let context = json!({"site": *app.site, "form": form});
    Ok(app.templates.render("public/newsletters.html", context)?)
}
