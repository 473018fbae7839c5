//! The routes of the console. Each names the right that it needs, so that none can stand open by
//! oversight: what is not in the table is not there.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};

use super::guard::{self, Gate};
use crate::domain::right::Right;
use crate::web::App;

/// One route, and who may take it.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    pub right: Right,
    /// Whether its body is read as it arrives; then its token stands in its address.
    pub upload: bool,
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    /// A page, or a file to take away.
    pub(super) fn get<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Self { method: Method::GET, path, right, upload: false, handler: routing::get(handler) }
    }

    /// What a form does.
    pub(super) fn post<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Self { method: Method::POST, path, right, upload: false, handler: routing::post(handler) }
    }

    /// What a form with files does.
    pub(super) fn upload<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let handler = routing::post(handler).layer(DefaultBodyLimit::disable());
        Self { method: Method::POST, path, right, upload: true, handler }
    }

    /// Adds it behind its guard.
    pub(super) fn on(self, router: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
        let Self { method, path, right, upload, handler } = self;
        let gate = Gate { app: app.clone(), method, path, right, upload };
        router.route(path, handler.layer(from_fn_with_state(gate, guard::check)))
    }
}
