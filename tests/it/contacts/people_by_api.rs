//! `/api/v1/subscribers`: people are found, looked at and erased.

use std::collections::BTreeSet;

use assent::domain::contacts::suppression::SuppressionReason;
use assent_ledger::digest::hex;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::api::{Program, refusal, refused};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;
use crate::support::copies::{BEYOND_COUNT, add_subscribers};
use crate::support::desk::audit;

const PATH: &str = "/api/v1/subscribers";

async fn two_subscribers(app: &TestApp) {
    app.subscribe(
        "ada@b.example",
        "&name=%3Cb%3EAda&organisation=Agency&job_title=Head&newsletter=weekly",
    )
    .await;
    app.subscribe("bob@c.example", "").await;
}

fn emails(told: &Value) -> Vec<&str> {
    told["subscribers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["email"].as_str().unwrap())
        .collect()
}

async fn id_of(program: &Program<'_>, email: &str) -> String {
    let told = program.read(&format!("{PATH}?q={email}")).await;
    told["subscribers"][0]["subscriber_id"].as_str().unwrap().to_owned()
}

#[apply(both_databases!)]
async fn people_are_found_by_the_filters_of_the_console(database: Database) {
    let app = TestApp::start(database).await;
    let program = Program::with(&app, &["subscribers"]).await;
    let none = program.read(PATH).await;
    assert_eq!(
        none,
        json!({"subscribers": [], "after": null, "count": {"kind": "exactly", "number": 0}})
    );
    assert!(audit(&app, "subscriber.list").await.is_empty(), "nobody was told of");
    two_subscribers(&app).await;
    app.suppress("bob@c.example", SuppressionReason::Complained).await;
    let all = program.read(PATH).await;
    assert_eq!(emails(&all), ["bob@c.example", "ada@b.example"]);
    assert_eq!(
        (&all["after"], &all["count"]),
        (&Value::Null, &json!({"kind": "exactly", "number": 2}))
    );
    let ada = &all["subscribers"][1];
    let details = (&ada["name"], &ada["organisation"], &ada["job_title"]);
    assert_eq!(details, (&json!("<b>Ada"), &json!("Agency"), &json!("Head")));
    assert_eq!(
        ada["consents"],
        json!([{"purpose": "privacy-policy", "state": "given"},
                                       {"purpose": "newsletter:weekly", "state": "given"}])
    );
    for (query, found) in [
        ("q=agen", vec!["ada@b.example"]),
        ("q=%40c.example", vec!["bob@c.example"]),
        ("purpose=newsletter%3Aweekly&state=given", vec!["ada@b.example"]),
        ("state=withdrawn", vec![]),
        ("suppressed=yes", vec!["bob@c.example"]),
        ("suppressed=no", vec!["ada@b.example"]),
        ("report=sample&since=2026-11-23&until=2026-11-23", vec!["bob@c.example", "ada@b.example"]),
        (&*format!("policy={POLICY}&until=2026-11-22"), vec![]),
        ("q=&purpose=&after=0198a0d1-c9a8-7b3c-8d4e-5f60718293a4", vec![]),
    ] {
        assert_eq!(emails(&program.read(&format!("{PATH}?{query}")).await), found, "{query}");
    }
    let told = audit(&app, "subscriber.list").await;
    assert_eq!(
        told[1],
        json!({"filters": ["q"], "rows": 1}),
        "what was searched for is nobody's business"
    );
    assert_eq!(told.len(), 7);
    let head = program.send("HEAD", PATH).await;
    assert!(
        head.status == 200
            && head.body.is_empty()
            && audit(&app, "subscriber.list").await.len() == 7
    );
}

#[apply(both_databases!)]
async fn wrong_filters_are_named(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["subscribers"]).await;
    let long = format!("q={}", "x".repeat(10_000));
    for (query, field, code) in [
        (&*long, "q", "too-much"),
        ("q=%00ada", "q", "not-once"),
        ("q=ada&q=bob", "q", "not-once"),
        ("purpose=newsletter%3Anone", "purpose", "unknown"),
        ("state=erased", "state", "unknown"),
        ("report='%20OR%201=1", "report", "unknown"),
        ("policy=1999", "policy", "unknown"),
        ("since=yesterday", "since", "not-a-day"),
        ("until=2026-11-23T00:00", "until", "not-a-day"),
        ("suppressed=maybe", "suppressed", "unknown"),
        ("after=", "after", "not-a-place"),
        ("after=5", "after", "not-a-place"),
        (
            "after=0198a0d1-c9a8-7b3c-8d4e-5f60718293a4&after=0198a0d1-c9a8-7b3c-8d4e-5f60718293a4",
            "after",
            "not-a-place",
        ),
        ("before=0198a0d1-c9a8-7b3c-8d4e-5f60718293a4", "query", "unknown-field"),
        ("qq=ada", "query", "unknown-field"),
    ] {
        let answer = program.send("GET", &format!("{PATH}?{query}")).await;
        assert_eq!(refusal(&answer), refused(422, field, code), "{query}");
    }
    assert!(audit(&app, "subscriber.list").await.is_empty());
}

#[apply(both_databases!)]
async fn many_come_page_by_page(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    add_subscribers(&app, BEYOND_COUNT).await;
    let program = Program::with(&app, &["subscribers"]).await;
    let (mut path, mut ids) = (PATH.to_owned(), vec![]);
    for _ in 0..3 {
        let told = program.read(&path).await;
        assert_eq!(told["count"]["kind"], "more");
        let page = told["subscribers"].as_array().unwrap();
        assert_eq!(page.len(), 100);
        ids.extend(page.iter().map(|one| one["subscriber_id"].as_str().unwrap().to_owned()));
        assert_eq!(told["after"].as_str(), ids.last().map(String::as_str));
        path = format!("{PATH}?after={}", ids.last().unwrap());
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 300);
    assert!(ids.is_sorted_by(|newer, older| newer > older));
}

#[apply(both_databases!)]
async fn one_person_is_told_with_the_words(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["subscribers"]).await;
    let id = id_of(&program, "ada@b.example").await;
    app.check().await;
    let told = program.read(&format!("{PATH}/{id}")).await;
    assert!(told["ledger_checked_at"].is_string(), "{told}");
    assert_eq!((&told["email"], &told["job_title"]), (&json!("ada@b.example"), &json!("Head")));
    let weekly = &told["purposes"][1];
    assert_eq!(
        (&weekly["purpose"], &weekly["may_be_written_to"]),
        (&json!("newsletter:weekly"), &json!(true))
    );
    assert_eq!(weekly["sentence"], "They agreed on 23 November 2026 under policy 2026-11.");
    let agreed = program.read(&format!("{PATH}/{id}/consents")).await;
    let consent = &agreed["consents"][1];
    assert_eq!(
        (&consent["purpose"], &consent["state"]),
        (&json!("newsletter:weekly"), &json!("given"))
    );
    assert_eq!(
        (&consent["policy_version"], &consent["report"]),
        (&json!(POLICY), &json!("sample"))
    );
    assert_eq!(
        (&consent["receipt_id"], &agreed["subscriber_id"]),
        (&weekly["receipt_id"], &json!(id))
    );
    let words = consent["words"].as_str().unwrap();
    assert_eq!(consent["notice_sha256"], hex(&assent_ledger::digest::sha256(words.as_bytes())));
    let event = agreed["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["event_id"] == consent["receipt_id"])
        .unwrap();
    assert_eq!((&event["type"], &event["words"]), (&json!("given"), &json!(words)));

    app.suppress("ada@b.example", SuppressionReason::Complained).await;
    app.tamper("DELETE FROM ledger_verdict").await.unwrap();
    let told = program.read(&format!("{PATH}/{id}")).await;
    assert!(told["ledger_checked_at"].is_null(), "{told}");
    assert_eq!(told["purposes"][1]["may_be_written_to"], false);
    assert!(told["purposes"][1]["sentence"].as_str().unwrap().contains("as spam"));
    assert_eq!(told["suppressions"][0]["reason"], "complained");
    for action in ["subscriber.read", "subscriber.consents"] {
        assert_eq!(audit(&app, action).await[0], json!({"subscriber_id": id}));
    }
    let head = program.send("HEAD", &format!("{PATH}/{id}")).await;
    assert!(head.status == 200 && audit(&app, "subscriber.read").await.len() == 2);
    let sql = "SELECT count(*) FROM audit_entry WHERE CAST(detail AS text) LIKE '%@%' AND actor LIKE 'token:%'";
    assert_eq!(app.count(sql).await, 0, "no address in the audit");
}

#[apply(both_databases!)]
async fn an_erased_person_is_gone_from_all(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["subscribers", "erase", "exports"]).await;
    let id = id_of(&program, "ada@b.example").await;
    let path = format!("{PATH}/{id}");
    let (one, other) = tokio::join!(program.send("DELETE", &path), program.send("DELETE", &path));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404], "one of two at once");
    for (method, more) in [("DELETE", ""), ("GET", ""), ("GET", "/consents")] {
        assert_eq!(
            program.send(method, &format!("{path}{more}")).await.status,
            404,
            "{method}{more}"
        );
    }
    assert_eq!(emails(&program.read(PATH).await), ["bob@c.example"]);
    assert!(
        program.read(&format!("{PATH}?q=ada")).await["subscribers"].as_array().unwrap().is_empty()
    );
    let rows = program.send("GET", "/api/v1/exports/consented?purpose=privacy-policy").await.text();
    assert!(rows.contains("bob@c.example") && !rows.contains("ada@b.example"), "{rows}");
    let kept = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap();
    assert_eq!(kept.lines().filter(|line| line.contains(" began erased * ")).count(), 1, "{kept}");
    assert_eq!(audit(&app, "erase").await, [json!({"held": true})]);
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'erase' AND actor LIKE 'token:%'";
    assert_eq!(app.count(sql).await, 1);
    let sql = "SELECT count(*) FROM consent_event WHERE type = 'erased'";
    assert_eq!(app.count(sql).await, 2);
}
