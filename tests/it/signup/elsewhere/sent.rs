//! What other pages send: taken by the rules of our own form, refused with what to do.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, PRESS, SIGNUPS, document, filled_in, send, send_from, shown, signups, start};
use crate::support::api::{problem, refusal, refused};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn a_form_is_taken_and_its_mail_leads_to_the_report(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body["newsletters"] = json!(["weekly"]);
    body["name"] = json!("Ada Reader");
    let answer = send(&app, SIGNUPS, &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let told = document(&answer);
    assert_eq!(told["status"], "pending");
    let mail = app.next_mail(ADA, 0).await;
    let pressed = app.post(&mail.link("/confirm/"), "choices=shown&newsletter=weekly").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    assert!(pressed.location().starts_with("/downloads/"));
    app.next_mail(ADA, 1).await;
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}

#[apply(both_databases!)]
async fn nobody_learns_who_is_known(database: Database) {
    let app = start(database).await;
    app.subscribe(ADA, "&newsletter=weekly").await;
    let mut told = vec![];
    for email in [ADA, "eve@b.example"] {
        let answer = send(&app, SIGNUPS, &filled_in(&app, email).await).await;
        let names: Vec<String> = document(&answer).as_object().unwrap().keys().cloned().collect();
        told.push((answer.status, names, answer.body.len()));
    }
    assert_eq!(told[0], told[1]);
}

#[apply(both_databases!)]
async fn what_is_wrong_is_named_and_nothing_is_stored(database: Database) {
    let app = start(database).await;
    let good = filled_in(&app, ADA).await;
    let changed = |path: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, field, code) in [
        (changed("/email", json!("")), "email", "required"),
        (changed("/email", json!("nobody")), "email", "invalid"),
        (changed("/email", json!("a@b.example\r\nBcc: c@d.example")), "email", "invalid"),
        (with("name", json!("a\u{0}b")), "name", "invalid"),
        (with("name", json!("x".repeat(201))), "name", "invalid"),
        (changed("/consent/accepted", json!(false)), "consent", "required"),
        (changed("/consent/policy", json!("2020-01")), "policy", "stale"),
        (changed("/consent/policy", json!("")), "policy", "required"),
        (with("newsletters", json!(["none"])), "newsletter", "unknown"),
        (with("purposes", json!(["none"])), "form", "unknown"),
        (with("notices", json!({"privacy-policy": "00"})), "consent", "stale"),
        (changed("/form", json!("")), "form", "required"),
        (changed("/form", json!("0".repeat(64))), "form", "stale"),
        (with("report", json!("other")), "form", "stale"),
        (changed("/page", json!("https://evil.example/")), "page", "unknown-origin"),
        (changed("/page", json!("javascript:alert(1)")), "page", "malformed"),
        // Only a page of ours stands on a page of ours.
        (changed("/page", json!(format!("{}/reports/sample", app.base))), "page", "unknown-origin"),
    ] {
        let answer = send(&app, SIGNUPS, &body).await;
        assert_eq!(refusal(&answer), refused(422, field, code), "{body}");
    }
    for body in [
        json!({}),
        json!([]),
        json!("form"),
        with("email", json!(5)),
        with("newsletter", json!("weekly")),
        with("drawn_by", json!("ours")),
    ] {
        let answer = send(&app, SIGNUPS, &body).await;
        assert_eq!(refusal(&answer), refused(422, "body", "malformed"), "{body}");
    }
    let several = send(
        &app,
        SIGNUPS,
        &json!({"form": good["form"], "email": "", "consent": {"accepted": false, "policy": ""},
                "page": "x"}),
    )
    .await;
    let fields: Vec<String> = problem(&several).1.into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["email", "consent", "page"]);
    assert_eq!(signups(&app).await, 0);
}

#[apply(both_databases!)]
async fn what_is_no_document_is_refused(database: Database) {
    let app = start(database).await;
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = app.request("POST", SIGNUPS).header("content-type", kind).body(body);
        app.send(request)
    };
    assert_eq!(problem(&post("text/plain", b"{}".to_vec()).await).0, 415);
    assert_eq!(problem(&post("application/x-www-form-urlencoded", vec![]).await).0, 415);
    assert_eq!(problem(&post("application/json", vec![b' '; 64 * 1024 + 1]).await).0, 413);
    for body in [&b""[..], b"{", b"\xff\xfe", &b"[".repeat(60_000)] {
        let answer = post("application/json", body.to_vec()).await;
        assert_eq!(refusal(&answer), refused(422, "body", "malformed"));
    }
    assert_eq!(signups(&app).await, 0);
}

#[apply(both_databases!)]
async fn a_form_that_changed_since_is_taken_where_its_words_are_told(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    let boxes = shown(&app).await["boxes"].clone();
    app.does(&["report", "edit", "sample", "--title", "Another title"]);
    poll::until("the new title", || async {
        (shown(&app).await["title"] == "Another title").then_some(())
    })
    .await;
    let stale = send(&app, SIGNUPS, &body).await;
    assert_eq!(refusal(&stale), refused(422, "form", "stale"), "no report is named");
    body["report"] = json!("sample");
    let untold = send(&app, SIGNUPS, &body).await;
    assert_eq!(refusal(&untold), refused(422, "form", "stale"), "nor any words");
    body["notices"] = json!({"privacy-policy": boxes[0]["sha256"]});
    assert_eq!(send(&app, SIGNUPS, &body).await.status, 202);
    body["newsletters"] = json!(["weekly"]);
    let untold = send(&app, SIGNUPS, &body).await;
    assert_eq!(refusal(&untold), refused(422, "form", "stale"), "one of two boxes");
    assert_eq!(signups(&app).await, 1);
}

#[apply(both_databases!)]
async fn a_program_that_fills_in_everything_is_counted_alone(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body["website"] = json!("https://spam.example");
    let answer = send(&app, SIGNUPS, &body).await;
    assert_eq!((answer.status, &document(&answer)["status"]), (202, &json!("pending")));
    assert_eq!(signups(&app).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, 0);
}

#[apply(both_databases!)]
async fn limits_hold_for_both_doors_together(database: Database) {
    let set = [
        ("ASSENT_EMBED_ORIGINS", PRESS),
        ("ASSENT_LIMIT_SIGNUPS_PER_IP", "4/hour"),
        ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day"),
    ];
    let app = TestApp::start_with(database, &set).await;
    let body = filled_in(&app, ADA).await;
    for _ in 0..2 {
        assert_eq!(app.ask(ADA).await.status, 303);
        assert_eq!(send_from(&app, Some(PRESS), (SIGNUPS, &body)).await.status, 202);
    }
    let limited = send_from(&app, Some(PRESS), (SIGNUPS, &body)).await;
    assert_eq!(problem(&limited).0, 429);
    assert!(!limited.header("retry-after").is_empty());
    assert_eq!(limited.header("access-control-allow-origin"), PRESS, "the page may read that");
    assert_eq!(signups(&app).await, 4);
    let mails = "SELECT count(*) FROM outbox WHERE state <> 'dropped'";
    assert!(app.count(mails).await <= 2, "one mailbox, whatever door");
}
