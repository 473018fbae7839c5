//! What is told of all calls, and that they keep to it.

use std::collections::BTreeSet;

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::api::{Program, problem, refusal, refused};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;

const PATH: &str = "/api/openapi.json";
const PRESS: &str = "https://press.example";
const SCOPES: [&str; 4] = ["exports", "withdrawals", "subscribers", "erase"];

pub struct Call {
    pub id: String,
    pub method: String,
    pub path: String,
    pub told: Value,
}

impl Call {
    /// Every call, by its address.
    pub async fn list(app: &TestApp) -> Vec<Self> {
        let answer = app.get(PATH).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, told) in item.as_object().expect("operations") {
                let id = told["operationId"].as_str().expect("a name").to_owned();
                let (path, told) = (path.clone(), told.clone());
                all.push(Self { id, method: method.to_uppercase(), path, told });
            }
        }
        all
    }

    pub fn statuses(&self) -> BTreeSet<u16> {
        let all = self.told["responses"].as_object().expect("responses");
        all.keys().map(|status| status.parse().expect("a status")).collect()
    }

    fn asks_for_token(&self) -> bool {
        !self.told["security"].is_null()
    }

    /// An address of it, leading to nothing that is there.
    fn address(&self) -> String {
        let nobody = "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4";
        self.path.replace("{id}", nobody).replace("{name}", "none").replace("{relay}", "ses")
    }

    /// An answer must be one that is told of, in the form that is told of.
    fn tells_of(&self, answer: &Answer, what: &str) {
        let status = answer.status;
        assert!(self.statuses().contains(&status), "{} {what}: {status}", self.id);
        let kind = answer.header("content-type").split(';').next().unwrap_or_default();
        let told = &self.told["responses"][status.to_string()]["content"];
        match told.as_object() {
            Some(kinds) => assert!(kinds.contains_key(kind), "{} {what}: {status} {kind}", self.id),
            None => assert!(answer.body.is_empty(), "{} {what}: {status}", self.id),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_prints_what_everybody_may_read() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    let answer = app.get(PATH).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.text(), app.does(&["openapi"]));
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&document["openapi"], &document["servers"][0]["url"]),
        (&json!("3.1.0"), &json!(app.base))
    );

    let again = app.request("GET", PATH).header("if-none-match", answer.header("etag"));
    let again = app.send(again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let changed = app.send(app.request("GET", PATH).header("if-match", "\"another\"")).await;
    assert_eq!(problem(&changed).0, 412);
    let head = app.send(app.request("HEAD", PATH)).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(problem(&app.post(PATH, "").await).0, 405);
    let elsewhere = app.send(app.request("GET", PATH).header("origin", PRESS)).await;
    assert_eq!(problem(&elsewhere).0, 403);
}

/// What is routed otherwise would be told of by nobody.
#[test]
fn no_call_is_routed_without_its_description() {
    let mut looked_at = 0;
    for entry in std::fs::read_dir("src/web/api").expect("the sources") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let routes = text.lines().filter(|line| line.contains(".route(")).map(str::trim);
        let expected: &[&str] = match path.file_name().and_then(|name| name.to_str()) {
            Some("page.rs") => &["Router::new().route(\"/api\", get(show))"],
            _ => &[],
        };
        assert_eq!(routes.collect::<Vec<_>>(), expected, "{}", path.display());
        looked_at += 1;
    }
    assert!(looked_at > 20, "{looked_at} files");
}

#[apply(both_databases!)]
async fn no_call_is_answered_otherwise_than_told(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", PRESS)];
    let app = TestApp::start_with(database, &set).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let before = app.count("SELECT count(*) FROM consent_event").await;
    let program = Program::with(&app, &SCOPES).await;
    let (json, deep) = ("application/json", "[".repeat(10_000));
    let (huge, sound) = ("9".repeat(66_000), r#"{"waiting": "x", "code": "123456"}"#);
    let bodies = [
        (json, ""),
        (json, "null"),
        (json, "[]"),
        (json, "{}"),
        (json, "{\"form\": 1}"),
        (json, sound),
        (json, "{\"email\": \"ada@b.example\", \"consent\": null}"),
        (json, "\u{0}"),
        (json, deep.as_str()),
        (json, huge.as_str()),
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "form=1"),
        ("message/rfc822", "From: nobody"),
        ("", "{}"),
    ];
    let queries = [
        "?x=1",
        "?after=%00",
        "?after=%FF",
        "?purpose=%27",
        "?purpose=a&purpose=b",
        "?q=%00",
        "?&&=&",
    ];
    let calls = Call::list(&app).await;
    assert_eq!(calls.len(), 18);
    for call in &calls {
        let method = call.method.as_str();
        let bare = app.send(app.request(method, &call.address())).await;
        call.tells_of(&bare, "bare");
        assert_eq!(bare.status == 401, call.asks_for_token(), "{}", call.id);
        for origin in [PRESS, "https://evil.example", "null"] {
            let request = program.request(method, &call.address()).header("origin", origin);
            call.tells_of(&app.send(request).await, origin);
        }
        for query in queries {
            let answer = program.send(method, &format!("{}{query}", call.address())).await;
            call.tells_of(&answer, query);
        }
        // Where no relay is set, nothing is read of what is sent, and the connection may end before all of it was.
        let most = if call.id == "report_relay_events" { 10_000 } else { usize::MAX };
        let fits = |body: &&(&str, &str)| method == "POST" && body.1.len() <= most;
        for (kind, body) in bodies.iter().filter(fits) {
            let request = app.request(method, &call.address()).header("content-type", *kind);
            let answer = app.send(request.body((*body).to_owned())).await;
            call.tells_of(&answer, &format!("{kind} {}", &body[..body.len().min(40)]));
            assert!(answer.status < 500, "{} {kind}", call.id);
        }
        let known: Vec<&str> =
            calls.iter().filter(|other| other.path == call.path).map(|one| &*one.method).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !known.contains(&method) {
                let answer = program.send(method, &call.address()).await;
                assert_eq!(problem(&answer).0, 405, "{method} {}", call.path);
            }
        }
    }
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, before);
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fields_of_an_address_are_those_that_are_read() {
    let topic = "arn:aws:sns:eu-central-1:123456789012:assent-mail";
    let set = [("ASSENT_MAIL_RELAY_EVENTS", "ses"), ("ASSENT_MAIL_RELAY_EVENTS_KEY", topic)];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    let program = Program::with(&app, &SCOPES).await;
    for call in Call::list(&app).await {
        let parameters = call.told["parameters"].as_array().into_iter().flatten();
        let names = parameters.filter(|one| one["in"] == "query");
        let mut names: Vec<&str> = names.map(|one| one["name"].as_str().expect("a name")).collect();
        names.sort_unstable();
        for query in ["none-of-these=1", "none-of-these", "=", "%00=1", "after=1&x=1&x=2"] {
            let answer = program.send(&call.method, &format!("{}?{query}", call.address())).await;
            assert_eq!(refusal(&answer), refused(422, "query", "unknown-field"), "{}", call.id);
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let message = told["errors"][0]["message"].as_str().unwrap_or_default();
            let mut read: Vec<&str> = match message.strip_prefix("Send no other fields than ") {
                Some(read) => read.split(", ").collect(),
                None => vec![],
            };
            read.sort_unstable();
            assert_eq!(read, names, "{}: {message}", call.id);
            assert_eq!(read.is_empty(), message == "Send no fields in the address", "{}", call.id);
        }
        let kinds = &call.told["requestBody"]["content"];
        if kinds["application/json"].is_object() && call.id != "report_relay_events" {
            let request =
                app.request("POST", &call.path).header("content-type", "application/json");
            let answer = app.send(request.body(r#"{"none-of-these": 1}"#)).await;
            let told = answer.text();
            assert_eq!(answer.status, 422, "{}", call.id);
            assert!(told.contains("none-of-these") || told.contains("no other members"), "{told}");
        }
    }
    assert_eq!(app.count("SELECT count(*) FROM audit_entry WHERE action LIKE 'export%'").await, 0);
    // Who may not ask is not told what can be asked for.
    let bare = app.get("/api/v1/withdrawals?x=1").await;
    assert_eq!(refusal(&bare), refused(401, "authorization", "no-token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_asked_for_once_more_is_told_of() {
    let app = TestApp::start(Database::Sqlite).await;
    let program = Program::with(&app, &SCOPES).await;
    let mut changing = Vec::new();
    for call in Call::list(&app).await.into_iter().filter(|call| call.method == "GET") {
        let query = match call.id.as_str() {
            "get_challenge" => "?form=newsletters",
            "export_contacts" => "?purpose=privacy-policy",
            _ => "",
        };
        let path = format!("{}{query}", call.path.replace("{name}", "newsletters"));
        if path.contains("{id}") {
            continue;
        }
        let answer = program.send("GET", &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let tag = answer.header("etag").to_owned();
        let told = [304, 412].map(|status| call.statuses().contains(&status));
        assert_eq!(told, [!tag.is_empty(); 2], "{}", call.id);
        if !tag.is_empty() {
            let again = app.send(app.request("GET", &path).header("if-none-match", &tag)).await;
            let other = app.send(app.request("GET", &path).header("if-match", "\"x\"")).await;
            assert_eq!((again.status, other.status), (304, 412), "{}", call.id);
            changing.push(call.id);
        }
    }
    changing.sort_unstable();
    assert_eq!(changing, ["list_reports", "show_form", "show_openapi", "show_policy"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_tells_people_of_every_call() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    let answer = app.get("/api").await;
    let page = answer.text();
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.len() <= 47_000, "{} bytes", page.len());
    assert!(!page.contains("<script") && !page.contains("noindex"));
    for call in Call::list(&app).await {
        assert!(page.contains(&format!("id=\"{}\"", call.id)), "{}", call.id);
        assert!(
            page.contains(&format!("<code>{} {}</code>", call.method, call.path)),
            "{}",
            call.id
        );
        for what in ["summary", "description"] {
            assert!(!call.told[what].as_str().unwrap_or_default().is_empty(), "{} {what}", call.id);
        }
    }
    let mut places: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(places.contains(&link), "{link} leads nowhere");
    }
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), all, "each place is there once");
    let again = app.request("GET", "/api").header("if-none-match", answer.header("etag"));
    assert_eq!(app.send(again).await.status, 304);
    let asked_wrongly = app.post("/api", "").await;
    assert_eq!(
        (asked_wrongly.status, asked_wrongly.header("content-type")),
        (405, "text/html; charset=utf-8")
    );
}
