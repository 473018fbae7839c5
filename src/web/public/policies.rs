//! `/policies/privacy`: the policy in force, and any published version, for good.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};

use super::signup_form::policy_link;
use crate::store::policy_versions::PolicyVersion;
use crate::web::catalog::Catalog;
use crate::web::{App, Error, markdown};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/policies/privacy", get(current))
        .route("/policies/privacy/{label}", get(version))
}

async fn current(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let policy = catalog.policies.first().ok_or(Error::NotFound)?;
    page(&app, &catalog, policy)
}

async fn version(
    State(app): State<Arc<App>>,
    Path(label): Path<String>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let label = label.parse().map_err(|_| Error::NotFound)?;
    let policy = catalog.policy(&label).ok_or(Error::NotFound)?;
    page(&app, &catalog, policy)
}

fn page(app: &App, catalog: &Catalog, policy: &PolicyVersion) -> Result<Html<String>, Error> {
    let newest = catalog.policies.first().map(|newest| &newest.label);
    let versions: Vec<Value> = catalog.policies.iter().map(|policy| policy_link(policy)).collect();
    let context = json!({
        "site": *app.site,
        "policy": {"label": policy.label, "date": policy.published_at,
                   "sha256": policy.sha256, "body": markdown::render(&policy.body)},
        "current": newest == Some(&policy.label),
        "current_url": "/policies/privacy",
        "versions": versions,
    });
    Ok(Html(app.templates.render("public/policy.html", context)?))
}
