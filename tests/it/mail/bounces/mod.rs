//! Mail that comes back: read, matched by its envelope sender alone, and drawn the consequence of.

mod corpus;
mod doors;
mod kept;
mod once_a_week;
mod program;
mod recording;
mod relays;

use assent::domain::mail::return_path::ReturnPaths;

use crate::mail::bounces::corpus::{message, message_about};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::inbox::Mail;

const DOMAIN: &str = "bounces.sample.example";
const ADA: &str = "ada@b.example";
const BOTH: &str = "&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const PATH: &str = "/api/v1/bounces";
const RFC822: &str = "message/rfc822";
const JSON: &str = "application/json";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN)]).await
}

/// The envelope sender that a mail left with.
fn return_path(app: &TestApp, mail: &Mail) -> String {
    let (id, _) = mail.message_id.split_once('@').unwrap();
    let secrets = app.core.links.secrets.clone();
    ReturnPaths { secrets, domain: DOMAIN.to_owned() }.address(id.parse().unwrap())
}

async fn post(app: &TestApp, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    app.send(app.request("POST", PATH).header("content-type", kind).body(body)).await
}

/// Posts a message of the corpus about this mail; it must be taken.
async fn comes_back(app: &TestApp, mail: &Mail, name: &str) -> String {
    let message = message_about(name, &return_path(app, mail), &mail.to);
    let answer = post(app, RFC822, message).await;
    assert_eq!(answer.status, 202, "{name}: {}", answer.text());
    answer.text()
}

const RECORDED: &str = r#"{"status":"recorded"}"#;
/// What is said of a mail that was purged or erased.
fn forgotten() -> String {
    let reason = "the mail it is about was purged or erased meanwhile";
    serde_json::json!({"status": "ignored", "reason": reason}).to_string()
}

/// What is written about bounces, consent and mail.
async fn state(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM bounce",
        "SELECT count(*) FROM suppression",
        "SELECT count(*) FROM consent_event",
        "SELECT count(*) FROM outbox",
    ] {
        counts.push(app.count(sql).await);
    }
    counts
}
