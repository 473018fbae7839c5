//! `GET /api/openapi.json`: all calls, for programs that make clients of it.

use std::sync::{Arc, LazyLock};

use axum::Extension;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tokio::sync::OnceCell;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::document::text;
use super::query;
use crate::web::http::ready::Ready;
use crate::web::{App, Error};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(show).map(|door| door.options(preflight)))
}

/// What is said of all calls: the same for everybody, from start to stop.
pub(super) struct Described {
    pub document: LazyLock<OpenApi, Box<dyn FnOnce() -> OpenApi + Send>>,
    text: OnceCell<Ready>,
    /// For people.
    pub page: OnceCell<Ready>,
}

impl Described {
    /// It is made when it is first asked for.
    pub(super) fn new(make: impl FnOnce() -> OpenApi + Send + 'static) -> Self {
        Self {
            document: LazyLock::new(Box::new(make)),
            text: OnceCell::new(),
            page: OnceCell::new(),
        }
    }
}

/// This description.
///
/// All calls as OpenAPI 3.1, from which tools make clients. `assent openapi` prints the same.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "show_openapi",
    tag = "site",
    responses((status = 200, description = "The description", body = serde_json::Value)),
    extensions(("x-curl" = json!("curl BASE/api/openapi.json")))
)]
async fn show(
    Extension(described): Extension<Arc<Described>>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    query::demand_none(&uri)?;
    let document = &described.document;
    let ready =
        described.text.get_or_try_init(async || Ok::<_, Error>(Ready::json(text(document)?)));
    ready.await?.answer(&request).await
}
