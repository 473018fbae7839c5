//! All routes of the console in one table, each with the right that it needs; those for signing in stand beside it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;

use crate::domain::staff::right::Right;
use crate::web::App;
use crate::web::console::route::Route;
use crate::web::console::{
    POLICY, catalog, contacts, dashboard, ledger, mail, policy, staff, tasks,
};

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

pub(in crate::web) fn routes() -> Vec<Route> {
    let mut routes =
        vec![Route::post("/console/sign-out", Right::OwnAccount, staff::sign_in::leave)];
    let parts = [
        staff::account::routes(),
        staff::audit::routes(),
        dashboard::routes(),
        contacts::exports::routes(),
        ledger::routes(),
        mail::routes(),
        catalog::embedding::routes(),
        catalog::newsletters::routes(),
        policy::policies::routes(),
        catalog::reports::routes(),
        staff::members::routes(),
        contacts::requests::routes(),
        contacts::subscribers::routes(),
        contacts::suppressions::routes(),
        staff::tokens::routes(),
        staff::webhooks::routes(),
        tasks::routes(),
    ];
    routes.extend(parts.into_iter().flatten());
    routes
}

pub(in crate::web) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let open = Router::new()
        .route("/console/sign-in", get(staff::sign_in::ask).post(staff::sign_in::try_password))
        .route("/console/welcome/{token}", get(staff::welcome::ask).post(staff::welcome::open))
        .route("/console/forgot", get(staff::reset::forgot).post(staff::reset::send))
        .route("/console/reset/{token}", get(staff::reset::ask).post(staff::reset::set));
    let router = routes().into_iter().fold(open, |router, route| route.on(router, app));
    router.layer(from_fn(secure))
}

pub(in crate::web) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}
