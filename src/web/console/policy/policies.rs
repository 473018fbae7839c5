//! `/console/policies`: every version of the privacy policy, and publishing the next.

mod next;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::policy::version::ChangeClass;
use crate::domain::staff::right::Right;
use crate::store::consent::renewals::Answers;
use crate::store::policy::versions;
use crate::web::console::desk::{Asked, Desk};
use crate::web::console::route::Route;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
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
    let all = versions::list(&mut tx, LANG).await?;
    drop(tx);
    let mailed: Vec<Uuid> = all
        .iter()
        .filter(|version| version.change_class != ChangeClass::Editorial)
        .map(|version| version.policy_version_id)
        .collect();
    let answers = join_all(mailed.iter().map(|id| app.figures.answers.get(*id)));
    let (counted, answers) = tokio::join!(app.figures.policies.get(()), answers);
    let answers: HashMap<Uuid, Option<Value>> = mailed
        .into_iter()
        .zip(answers)
        .map(|(id, counted)| (id, counted.map(|counted| shown(&counted.figures))))
        .collect();
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
                "answers": answers.get(&version.policy_version_id),
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

/// What people did whom a version asked again; of those it was told to, how many they are.
fn shown(answers: &Answers) -> Value {
    json!({"mailed": answers.mailed, "kept": answers.kept, "left": answers.went,
           "silent": answers.silent()})
}
