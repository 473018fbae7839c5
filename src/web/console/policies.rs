//! `/console/policies`: every version of the privacy policy, and publishing the next.

mod next;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::desk::{Asked, Desk};
use super::route::Route;
use crate::domain::notice::LANG;
use crate::domain::right::Right;
use crate::store::policy_versions;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/policies", Right::See, list),
        Route::get("/console/policies/new", Right::PublishPolicy, next::ask),
        Route::post("/console/policies/new", Right::PublishPolicy, next::go_on),
    ]
}

async fn list(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let all = policy_versions::list(&mut tx, LANG).await?;
    drop(tx);
    let counted = app.figures.policies.get(()).await;
    let versions: Vec<Value> = all
        .iter()
        .enumerate()
        .map(|(at, version)| {
            let people = counted.as_ref().map(|counted| {
                let held = counted.figures.iter().find(|(id, _)| *id == version.policy_version_id);
                held.map_or(0, |(_, people)| *people)
            });
            json!({
                "label": version.label,
                "path": format!("/policies/privacy/{}", version.label),
                "published_at": version.published_at.to_string(),
                "change": version.change_class.name(),
                "changes": version.changes,
                "until": version.renew_until.map(|until| until.to_string()),
                "people": people,
                "sha256": version.sha256,
                "in_force": at == 0,
            })
        })
        .collect();
    let published = (asked.one("word") == "published").then_some("The version is in force.");
    let counted_at = counted.map(|counted| counted.at);
    let context = json!({"versions": versions, "counted_at": counted_at, "word": published});
    desk.page(&app, "console/policies.html", context)
}
