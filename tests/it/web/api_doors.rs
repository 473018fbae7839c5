//! Who is let in by which door.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::api::{Program, problem, refusal, refused};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

const NOBODY: &str = "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4";
/// Method, route, and the scope that opens it.
const DOORS: [(&str, &str, &str); 5] = [
    ("GET", "/api/v1/exports/consented", "exports"),
    ("GET", "/api/v1/subscribers", "subscribers"),
    ("GET", "/api/v1/subscribers/{id}", "subscribers"),
    ("GET", "/api/v1/subscribers/{id}/consents", "subscribers"),
    ("DELETE", "/api/v1/subscribers/{id}", "erase"),
];

#[apply(both_databases!)]
async fn each_door_opens_to_its_own_scope(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    for (method, route, scope) in DOORS {
        let path = route.replace("{id}", NOBODY);
        let bare = app.send(app.request(method, &path)).await;
        assert_eq!(refusal(&bare), refused(401, "authorization", "no-token"), "{method} {route}");
        assert_eq!(bare.header("www-authenticate"), "Bearer");
        let others: Vec<&str> = ["exports", "withdrawals", "subscribers", "erase"]
            .into_iter()
            .filter(|other| *other != scope)
            .collect();
        let program = Program::with(&app, &others).await;
        let answer = program.send(method, &path).await;
        assert_eq!(refusal(&answer), refused(403, "authorization", "scope"), "{method} {route}");
        let answer = Program::with(&app, &[scope]).await.send(method, &path).await;
        let (status, _) = if answer.status == 200 { (200, vec![]) } else { problem(&answer) };
        let expected = match (route.contains("{id}"), scope) {
            (true, _) => 404,
            (false, "exports") => 422,
            _ => 200,
        };
        assert_eq!(status, expected, "{method} {route}");
    }
    let told = audit(&app, "refused").await;
    let routes: Vec<&Value> = told.iter().map(|entry| &entry["route"]).collect();
    let expected: Vec<Value> =
        DOORS.iter().flat_map(|(_, route, _)| [json!(route), json!(route)]).collect();
    assert_eq!(routes, expected.iter().collect::<Vec<_>>(), "routes, without whom they name");
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
}

#[apply(both_databases!)]
async fn what_is_nobody_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let program = Program::with(&app, &["subscribers", "erase"]).await;
    let long = "a".repeat(5_000);
    for id in
        [NOBODY, "none", "%00", "%ff", "ada@b.example", "'%20OR%201=1", "..%2f..%2fetc", &long]
    {
        for (method, more) in [("GET", ""), ("GET", "/consents"), ("DELETE", ""), ("HEAD", "")] {
            let answer = program.send(method, &format!("/api/v1/subscribers/{id}{more}")).await;
            assert_eq!(answer.status, 404, "{method} {id}{more}");
        }
    }
    for (method, path) in [
        ("POST", "/api/v1/subscribers"),
        ("PUT", "/api/v1/subscribers/x"),
        ("DELETE", "/api/v1/exports/consented"),
    ] {
        assert_eq!(problem(&program.send(method, path).await).0, 405, "{method} {path}");
    }
    let sql =
        "SELECT count(*) FROM audit_entry WHERE action LIKE 'subscriber.%' OR action = 'erase'";
    assert_eq!(app.count(sql).await, 0);
}
