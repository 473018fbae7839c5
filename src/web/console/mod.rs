//! The console: marketing's and the admin's pages. Every route but those for signing in stands in one table
//! with the right that it needs.

mod account;
mod address;
mod audit;
mod choose_password;
mod counting;
mod dashboard;
mod desk;
mod error_page;
mod exports;
mod figures;
mod form;
mod form_token;
mod guard;
mod hash_turns;
mod known;
mod ledger;
mod mail;
mod network;
mod newsletters;
mod paging;
mod policies;
mod reports;
mod reset;
mod route;
mod second_step;
mod session;
mod sign_in;
mod staff;
pub(super) mod subscribers;
mod suppressions;
mod tokens;
mod welcome;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;

pub(super) use error_page::error_page;
pub use figures::FiguresCache;
pub use guard::UPLOADS_AT_ONCE;
pub use hash_turns::HashTurns;
pub use ledger::LedgerCheck;

/// Under which the console stands.
pub(super) const PREFIX: &str = "/console";

use self::route::Route;
use super::App;
use crate::domain::right::Right;

/// Every route that needs somebody signed in: method, path, right, and whether its token stands in its
/// address.
#[must_use]
pub fn table() -> Vec<(Method, &'static str, Right, bool)> {
    routes().into_iter().map(|r| (r.method, r.path, r.right, r.upload)).collect()
}

/// What stands open to whoever is not signed in yet.
pub const OPEN: [(&str, &str); 8] = [
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-in"),
    ("GET", "/console/welcome/{token}"),
    ("POST", "/console/welcome/{token}"),
    ("GET", "/console/forgot"),
    ("POST", "/console/forgot"),
    ("GET", "/console/reset/{token}"),
    ("POST", "/console/reset/{token}"),
];

fn routes() -> Vec<Route> {
    let mut routes = vec![Route::post("/console/sign-out", Right::OwnAccount, sign_in::leave)];
    let parts = [
        account::routes(),
        audit::routes(),
        dashboard::routes(),
        exports::routes(),
        ledger::routes(),
        mail::routes(),
        newsletters::routes(),
        policies::routes(),
        reports::routes(),
        staff::routes(),
        subscribers::routes(),
        suppressions::routes(),
        tokens::routes(),
    ];
    routes.extend(parts.into_iter().flatten());
    routes
}

pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let open = Router::new()
        .route("/console/sign-in", get(sign_in::ask).post(sign_in::try_password))
        .route("/console/welcome/{token}", get(welcome::ask).post(welcome::open))
        .route("/console/forgot", get(reset::forgot).post(reset::send))
        .route("/console/reset/{token}", get(reset::ask).post(reset::set));
    let router = routes().into_iter().fold(open, |router, route| route.on(router, app));
    router.layer(from_fn(secure))
}

/// Its own script and htmx may run, and ask this site alone; nothing written into a page may.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
                      img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}
