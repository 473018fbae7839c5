//! All routes, and what every request passes on its way to one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::error::Error;
use super::error_pages::{self, Asked};
use super::http::coding::takes_gzip;
use super::http::framing;
use super::http::packing::packed;
use super::request_log::Begun;
use super::state::app::App;
use super::{api, assets, console, dev, headers, health, host, links, public};

/// All routes.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let mut pages =
        Router::new().merge(public::router()).merge(api::router(&app)).merge(assets::router());
    pages = pages.merge(console::router(&app));
    if app.dev_mailbox.is_some() {
        pages = pages.merge(dev::router());
    }
    pages
        .merge(health::router())
        .merge(links::router())
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), pass))
        .with_state(app)
}

/// What every request and its answer pass. One layer, for each is cloned with all those beneath it for each request.
async fn pass(
    State(app): State<Arc<App>>,
    matched: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Begun::new(&app, &mut request);
    let asked = Asked::read(&request);
    let takes_gzip = takes_gzip(request.headers());
    let answered = async {
        let route = AssertUnwindSafe(route(&app, matched.as_ref(), request, next));
        let response = route.catch_unwind().await.unwrap_or_else(error_pages::panicked);
        let response = error_pages::drawn(&app, &asked, response).await;
        let mut response = packed(response, takes_gzip);
        headers::secure(&app, &mut response);
        response
    };
    let response = answered.instrument(begun.span.clone()).await;
    begun.answered(matched, response)
}

/// Sends a request to its route, if it is one that may be answered.
async fn route(app: &App, matched: Option<&MatchedPath>, request: Request, next: Next) -> Response {
    let checked = framing::check(&request)
        .and_then(|()| host::check(app, &request))
        .and_then(|()| links::check(app, matched, &request));
    match checked {
        Ok(None) => next.run(request).await,
        Ok(Some(elsewhere)) => elsewhere,
        Err(error) => error.into_response(),
    }
}
