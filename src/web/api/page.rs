//! `GET /api`: all calls, for people.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Serialize;
use serde_json::Value;

use super::described::Described;
use super::document::{SHARED, example};
use super::shapes::{Member, Shape, name_of, words};
use crate::templates::page::Page;
use crate::web::http::ready::Ready;
use crate::web::markdown;
use crate::web::state::frame::render;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api", get(show))
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(described): Extension<Arc<Described>>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let made = described.page.get_or_try_init(async || {
        let document = serde_json::to_value(&*described.document).unwrap_or_default();
        Ok::<_, Error>(Ready::page(render(&app, &ApiPage::new(&document))?))
    });
    made.await?.answer(&request).await
}

/// `public/api.html`.
#[derive(Serialize)]
pub(in crate::web) struct ApiPage {
    groups: Vec<Group>,
    shapes: Vec<Shape>,
    /// What the calls of a kind may be answered besides.
    shared: Vec<SharedOutcomes>,
}

/// What every call of a kind may be answered.
#[derive(Serialize)]
struct SharedOutcomes {
    to: &'static str,
    outcomes: Vec<Outcome>,
}

/// Calls of one kind.
#[derive(Serialize)]
struct Group {
    name: String,
    words: String,
    calls: Vec<Call>,
}

/// One call.
#[derive(Serialize)]
struct Call {
    id: String,
    method: String,
    path: String,
    title: String,
    /// What it does, as HTML.
    words: String,
    /// The word that a token must hold.
    scope: Option<String>,
    /// What stands in its address.
    parameters: Vec<Parameter>,
    bodies: Vec<Content>,
    outcomes: Vec<Outcome>,
    /// One line for a shell.
    example: String,
}

/// What stands in the address or the head of a call.
#[derive(Serialize)]
struct Parameter {
    /// `path`, `query` or `header`.
    place: String,
    #[serde(flatten)]
    member: Member,
}

/// In which form something is sent.
#[derive(Serialize)]
struct Content {
    media_type: String,
    shape: Option<String>,
}

/// What a call may be answered.
#[derive(Serialize)]
struct Outcome {
    status: String,
    words: String,
    contents: Vec<Content>,
}

impl ApiPage {
    fn new(described: &Value) -> Self {
        let tags = list(&described["tags"]).map(|tag| Group {
            name: text(&tag["name"]),
            words: words(tag),
            calls: calls(described, &tag["name"]),
        });
        let outcome = |(status, words): &(&str, &str)| Outcome {
            status: (*status).to_owned(),
            words: markdown::render(words),
            contents: vec![],
        };
        let shared = SHARED.iter().map(|shared| SharedOutcomes {
            to: shared.to,
            outcomes: shared.answers.iter().map(outcome).collect(),
        });
        Self { groups: tags.collect(), shapes: Shape::list(described), shared: shared.collect() }
    }
}

/// The calls of one kind, by their addresses.
fn calls(described: &Value, tag: &Value) -> Vec<Call> {
    let paths = described["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    });
    let theirs = all.filter(|(.., operation)| operation["tags"][0] == *tag);
    theirs.map(|(path, method, operation)| call((path, method), operation)).collect()
}

fn call((path, method): (&str, &str), told: &Value) -> Call {
    let parameters = list(&told["parameters"]).map(|parameter| {
        let name = parameter["name"].as_str().unwrap_or_default();
        let is_required = parameter["required"] == true;
        let mut member = Member::new((name, &parameter["schema"]), is_required, parameter);
        // What is null is left out.
        member.kind = member.kind.trim_end_matches(" or null").to_owned();
        Parameter { place: text(&parameter["in"]), member }
    });
    let is_shared = |status: &str, response: &Value| {
        let mut all = SHARED.iter().flat_map(|shared| shared.answers);
        all.any(|(other, words)| *other == status && response["description"] == *words)
    };
    let outcomes = told["responses"].as_object().into_iter().flatten();
    let outcomes = outcomes.filter(|(status, response)| !is_shared(status, response));
    let outcomes = outcomes.map(|(status, response)| Outcome {
        status: status.clone(),
        words: words(response),
        contents: if status.starts_with('2') { contents(response) } else { vec![] },
    });
    Call {
        id: text(&told["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        title: text(&told["summary"]),
        words: words(told),
        scope: told["security"][0]["token"][0].as_str().map(ToOwned::to_owned),
        parameters: parameters.collect(),
        bodies: contents(&told["requestBody"]),
        outcomes: outcomes.collect(),
        example: example(told).to_owned(),
    }
}

fn contents(of: &Value) -> Vec<Content> {
    let contents = of["content"].as_object().into_iter().flatten();
    let content = contents.map(|(media_type, content)| Content {
        media_type: media_type.clone(),
        shape: name_of(&content["schema"]).map(ToOwned::to_owned),
    });
    content.collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Page for ApiPage {
    const TEMPLATE: &'static str = "public/api.html";

    fn samples() -> Vec<Self> {
        let sample = serde_json::json!({
            "tags": [{"name": "contacts", "description": "With a token."}],
            "paths": {"/api/v1/exports/consented": {"get": {
                "operationId": "export_contacts", "summary": "Export contacts", "tags": ["contacts"],
                "description": "As CSV.", "security": [{"token": ["exports"]}],
                "parameters": [
                    {"name": "purpose", "in": "query", "required": true, "schema": {"type": "string"},
                     "description": "Its code."},
                    {"name": "report", "in": "query", "required": false, "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Export"}},
                    "message/rfc822": {"schema": {"type": "string"}}}},
                "responses": {
                    "200": {"description": "The contacts", "content": {
                        "text/csv": {"schema": {"type": "string"}},
                        "application/json": {"schema": {"$ref": "#/components/schemas/Export"}}}},
                    "503": {"description": "Later"},
                    "401": {"description": "No token"}},
                "x-codeSamples": [{"source": "curl https://reports.example.org/api/v1/exports/consented"}],
            }}, "/api/v1/reports": {"get": {
                "operationId": "list_reports", "summary": "Reports", "tags": ["contacts"], "responses": {},
            }}},
            "components": {"schemas": {
                "Export": {"description": "It.", "required": ["id"], "properties": {
                    "id": {"type": "string", "description": "Its key."},
                    "other": {"$ref": "#/components/schemas/Export"}}},
                "Empty": {"type": "object"}}},
        });
        vec![Self::new(&sample)]
    }
}
