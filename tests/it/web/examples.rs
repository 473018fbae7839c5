//! The examples of the documentation, run as they stand there, on what the demo shows.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use assent::demo::seed::seed;
use assent::demo::texts::{NEWSLETTER_SLUG, POLICY_LABEL};
use assent::domain::mail::return_path::ReturnPaths;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::openapi::Call;
use crate::support::api::Program;
use crate::support::app::{Answer, Database, TestApp};
use crate::support::{both_databases, poll};

const PRESS: &str = "https://press.example";
const RELAY: &str = "hook:sixteen-letters-and-more";
const ADA: &str = "ada@b.example";

fn document(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("JSON: {}", answer.text()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// What a shell is told of answers that came before.
async fn variables(app: &TestApp, program: &Program<'_>) -> BTreeMap<&'static str, String> {
    let form = poll::until("the form", || async {
        let answer = app.get("/api/v1/forms/newsletters").await;
        (answer.status == 200).then(|| text(&document(&answer)["form"]))
    })
    .await;
    let body = json!({
        "form": form, "email": ADA, "newsletters": [NEWSLETTER_SLUG], "drawn_by": "element",
        "consent": {"accepted": true, "policy": POLICY_LABEL},
    });
    let send = async |body: &Value| {
        let sent =
            app.request("POST", "/api/v1/signups").header("content-type", "application/json");
        let sent = app.send(sent.header("origin", PRESS).body(body.to_string())).await;
        text(&document(&sent)["waiting"])
    };
    let waiting = send(&body).await;
    let mut slipped = body;
    slipped["email"] = json!("reader@gmial.com");
    let misspelt = send(&slipped).await;
    let mail = app.next_mail(ADA, 0).await;
    let (id, _) = mail.message_id.split_once('@').expect("a Message-ID");
    let secrets = app.core.links.secrets.clone();
    let paths = ReturnPaths { secrets, domain: "bounces.sample.example".to_owned() };
    let exported = program.send("GET", "/api/v1/exports/consented?purpose=privacy-policy").await;
    let people = program.read("/api/v1/subscribers").await;
    BTreeMap::from([
        ("TOKEN", program.bearer.replace("Bearer ", "")),
        ("FORM", form),
        ("POLICY", "2026-11".to_owned()),
        ("WAITING", waiting),
        ("CODE", mail.code()),
        ("RETURN_PATH", paths.address(id.parse().expect("an id"))),
        ("RELAY", RELAY.to_owned()),
        ("MISSPELT", misspelt),
        ("EXPORT", exported.header("x-export-id").to_owned()),
        ("SUBSCRIBER", text(&people["subscribers"][0]["subscriber_id"])),
    ])
}

/// Runs a line as a shell does, apart from this one's requests.
async fn run(line: String, set: BTreeMap<&'static str, String>) -> Output {
    let line = format!("{line} --silent --show-error --max-time 30 --write-out ' %{{http_code}}'");
    let path = std::env::var("PATH").expect("a path");
    let run = move || {
        let mut shell = Command::new("sh");
        shell.args(["-u", "-c", &line]).env_clear().env("PATH", path).envs(set);
        shell.output().expect("a shell")
    };
    tokio::task::spawn_blocking(run).await.expect("an end")
}

#[apply(both_databases!)]
async fn each_example_is_answered_as_it_should(database: Database) {
    let set = [
        ("ASSENT_EMBED_ORIGINS", PRESS),
        ("ASSENT_MAIL_RELAY_EVENTS", "postmark"),
        ("ASSENT_MAIL_RELAY_EVENTS_KEY", RELAY),
    ];
    let app = TestApp::start_empty(database, &set).await;
    let core = &app.core;
    seed(&core.db, &core.files, &core.flow_settings, &core.moment()).await.expect("a demo");
    // What ended is told once it has its place in the ledger.
    app.seal().await;
    let program = Program::with(&app, &["exports", "withdrawals", "subscribers", "erase"]).await;
    let set = variables(&app, &program).await;
    let mut calls = Call::list(&app).await;
    // Whoever is erased is looked at before.
    calls.sort_by_key(|call| call.id == "erase_subscriber");
    for call in &calls {
        let line = text(&call.told["x-codeSamples"][0]["source"]);
        assert!(line.starts_with("curl ") && line.contains(&app.base), "{line}");
        let mut set = set.clone();
        if call.id == "send_instead" {
            set.insert("WAITING", set["MISSPELT"].clone());
        }
        let output = run(line, set).await;
        let [told, said] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        let (body, status) = told.rsplit_once(' ').unwrap_or_else(|| panic!("{}: {said}", call.id));
        let expected = *call.statuses().iter().find(|status| **status >= 200).expect("a status");
        assert_eq!(status, expected.to_string(), "{}: {body}", call.id);
        assert_eq!(body.is_empty(), expected == 204, "{}: {body}", call.id);
        // What can be answered without having done anything is looked at.
        let said = match call.id.as_str() {
            "confirm_by_code" => r#""status":"confirmed""#,
            "report_bounce" => r#"{"status":"recorded"}"#,
            "report_relay_events" => r#""recorded":0"#,
            "export_contacts" => "@",
            "list_withdrawals" => r#""event":"withdrawn""#,
            "list_subscribers" => r#""email":"#,
            _ => "",
        };
        assert!(body.contains(said), "{}: {body}", call.id);
    }
    assert_eq!(calls.len(), 18);
}
