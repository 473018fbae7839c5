//! Forms that stand on other pages: what those are told to draw, and what they may send.

mod begin;
mod codes;
mod confirming;
mod doors;
mod evidence;
mod forms;
mod once;
mod sent;
mod told;
mod unsaid;

use assent::domain::signup::link::Link;
use assent::store::signup::signups;
use serde_json::{Value, json};

use crate::support::app::{Answer, Database, POLICY, TestApp};

/// Whose pages may hold our forms.
const PRESS: &str = "https://press.example";
const PAGE: &str = "https://press.example/articles/1?utm_source=mail#top";
const SETTINGS: [(&str, &str); 1] = [("ASSENT_EMBED_ORIGINS", PRESS)];
const FORM: &str = "/api/v1/forms/sample";
const SIGNUPS: &str = "/api/v1/signups";
const ADA: &str = "ada@b.example";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &SETTINGS).await
}

fn document(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// The form of the sample report as it is now.
async fn shown(app: &TestApp) -> Value {
    let answer = app.get(FORM).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    document(&answer)
}

/// What is sent with the form drawn as it is now and the one required box ticked.
async fn filled_in(app: &TestApp, email: &str) -> Value {
    json!({
        "form": shown(app).await["form"], "email": email, "page": PAGE,
        "consent": {"accepted": true, "policy": POLICY},
    })
}

/// Sends a document, without saying from which page.
async fn send(app: &TestApp, path: &str, body: &Value) -> Answer {
    send_from(app, None, (path, body)).await
}

/// Sends a document from a page of this origin.
async fn send_from(app: &TestApp, origin: Option<&str>, (path, body): (&str, &Value)) -> Answer {
    let request = app.request("POST", path).header("content-type", "application/json");
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    app.send(request.body(body.to_string())).await
}

/// A form that our script drew on a page, taken; gives what its reader waits with.
async fn wait_for(app: &TestApp, email: &str) -> String {
    let mut body = filled_in(app, email).await;
    body["drawn_by"] = json!("element");
    let answer = send_from(app, Some(PRESS), (SIGNUPS, &body)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    document(&answer)["waiting"].as_str().expect("a token").to_owned()
}

/// The code of somebody's newest form, though no mail holds it.
async fn unmailed_code(app: &TestApp, email: &str) -> String {
    let address_key = app.core.flow_settings.address_secret.key(&email.parse().unwrap());
    let all = signups::list_of(&mut app.read().await, &address_key).await.unwrap();
    let newest = all.last().expect("a form");
    let link = Link { id: newest.signup_id, generation: newest.generation };
    app.core.links.secrets.code(link).to_string()
}

async fn signups(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM signup").await
}
