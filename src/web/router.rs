//! All routes, and what every request passes on its way to one.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::error::Error;
use super::http::{coding, framing};
use super::state::app::App;
use super::{
    api, assets, console, dev, error_pages, headers, health, host, links, public, request_log,
};

/// All routes.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let mut pages =
        Router::new().merge(public::router()).merge(api::router()).merge(assets::router());
    pages = pages.merge(console::router(&app));
    if app.dev_mailbox.is_some() {
        pages = pages.merge(dev::router());
    }
    pages
        .merge(health::router())
        .merge(links::router())
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), links::check))
        .layer(CatchPanicLayer::custom(error_pages::panicked))
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(from_fn(framing::check))
        .layer(from_fn_with_state(app.clone(), error_pages::pages))
        .layer(from_fn(coding::keep_status))
        .layer(CompressionLayer::new().compress_when(headers::compressible()))
        .layer(from_fn(coding::restore_status))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), request_log::log))
        .with_state(app)
}
