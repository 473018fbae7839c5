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
use crate::domain::staff::right::Right;
use crate::web::App;

/// One route, and who may take it.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    pub right: Right,
    /// Whether its body is read as it arrives; then its token stands in its address.
    pub upload: bool,
    /// Whether personal data are taken away by it, which is written down: no other site's page may have a
    /// browser do that.
    takes: bool,
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    fn new(
        method: Method,
        path: &'static str,
        right: Right,
        handler: MethodRouter<Arc<App>>,
    ) -> Self {
        Self { method, path, right, upload: false, takes: false, handler }
    }

    /// A page.
    pub(super) fn get<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Self::new(Method::GET, path, right, routing::get(handler))
    }

    /// Personal data to take away as a file.
    pub(super) fn take<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Self { takes: true, ..Self::get(path, right, handler) }
    }

    /// What a form does.
    pub(super) fn post<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Self::new(Method::POST, path, right, routing::post(handler))
    }

    /// What a form with files does.
    pub(super) fn upload<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let handler = routing::post(handler).layer(DefaultBodyLimit::disable());
        Self { upload: true, ..Self::new(Method::POST, path, right, handler) }
    }

    /// Adds it behind its guard.
    pub(super) fn on(self, router: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
        let Self { method, path, right, upload, takes, handler } = self;
        let gate = Gate { app: app.clone(), method, path, right, upload, takes };
        router.route(path, handler.layer(from_fn_with_state(gate, guard::check)))
    }
}
