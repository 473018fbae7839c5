//! `/policies/privacy`: the policy in force, and any published version, for good.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::signup_form::policy_link;
use crate::domain::slug::Label;
use crate::store::policy::versions::PolicyVersion;
use crate::web::http::fields::Fields;
use crate::web::http::validators::public_page;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error, markdown};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/policies/privacy", get(current))
        .route("/policies/privacy/{label}", get(version))
        .route("/policies/privacy/{label}/changes", get(changes))
}

async fn current(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let policy = catalog.policies.first().ok_or(Error::NotFound)?;
    page(&app, &request, &catalog, policy)
}

async fn version(
    State(app): State<Arc<App>>,
    Path(label): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let label = label.parse().map_err(|_| Error::NotFound)?;
    let policy = catalog.policy(&label).ok_or(Error::NotFound)?;
    page(&app, &request, &catalog, policy)
}

/// What a version changed: compared with the one before it, or with that which `since` names.
async fn changes(
    State(app): State<Arc<App>>,
    Path(label): Path<String>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let label: Label = label.parse().map_err(|_| Error::NotFound)?;
    let at = catalog.policies.iter().position(|policy| policy.label == label);
    let (newer, older) = catalog.policies.split_at(at.ok_or(Error::NotFound)? + 1);
    let newest = newer.last().ok_or(Error::NotFound)?;
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    if fields.is_faulty("since") || fields.is_repeated("since") {
        return Err(Error::NotFound);
    }
    let back = match fields.one("since") {
        "" => Some(0),
        since => older.iter().position(|policy| policy.label.as_str() == since),
    };
    // Newest first, down to the one that it is compared with.
    let older = back.and_then(|back| older.get(..=back)).ok_or(Error::NotFound)?;
    let oldest = older.last().ok_or(Error::NotFound)?;
    let since = older.iter().rev().skip(1).chain([newest]);
    let context = json!({
        "site": *app.site,
        "policy": policy_link(newest),
        "older": policy_link(oldest),
        "changes": since.filter_map(|policy| policy.changes.as_deref()).collect::<Vec<_>>(),
        "passages": *app.comparisons.of(oldest, newest).await?,
    });
    public_page(&request, app.templates.render("public/policy_changes.html", context)?)
}

fn page(
    app: &App,
    request: &HeaderMap,
    catalog: &Catalog,
    policy: &PolicyVersion,
) -> Result<Response, Error> {
    let newest = catalog.policies.first().map(|newest| &newest.label);
    let versions: Vec<Value> = catalog.policies.iter().map(|policy| policy_link(policy)).collect();
    let mut since = catalog.policies.iter().skip_while(|one| one.label != policy.label).skip(1);
    let context = json!({
        "site": *app.site,
        "changes_url": since.next().map(|older| app.links.policy_changes(&policy.label, &older.label)),
        "policy": {"label": policy.label, "date": policy.published_at,
                   "sha256": policy.sha256, "body": markdown::render(&policy.body)},
        "current": newest == Some(&policy.label),
        "current_url": "/policies/privacy",
        "versions": versions,
    });
    public_page(request, app.templates.render("public/policy.html", context)?)
}
