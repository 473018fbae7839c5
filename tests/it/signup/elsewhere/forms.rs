//! What a page is told to draw.

use assent_ledger::digest::sha256_hex;
use assent_ledger::leaf::canonical;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{FORM, SIGNUPS, document, send, shown, start};
use crate::support::api::{problem, refusal, refused};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn a_form_says_all_that_is_to_be_drawn_and_its_own_hash(database: Database) {
    let app = start(database).await;
    let form = shown(&app).await;
    assert_eq!((&form["name"], &form["kind"]), (&json!("reports/sample"), &json!("report")));
    assert_eq!((&form["title"], &form["resting"]), (&json!("A sample report"), &json!(false)));
    assert_eq!(form["url"], format!("{}/reports/sample", app.core.flow_settings.site()));
    let fields: Vec<&Value> =
        form["fields"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
    assert_eq!(fields, ["email", "name", "organisation", "job_title"]);
    let required = form["fields"].as_array().unwrap().iter().filter(|f| f["required"] == true);
    assert_eq!(required.count(), 1, "the address alone");
    let boxes = form["boxes"].as_array().unwrap();
    let purposes: Vec<&Value> = boxes.iter().map(|b| &b["purpose"]).collect();
    assert_eq!(purposes, ["privacy-policy", "newsletter:weekly"]);
    assert_eq!((&boxes[0]["required"], &boxes[1]["required"]), (&json!(true), &json!(false)));
    for shown in boxes {
        let words = shown["words"].as_str().unwrap();
        assert_eq!(shown["sha256"], sha256_hex(words.as_bytes()), "{words}");
        let page = app.get("/reports/sample").await.text();
        assert!(page.contains(words), "the page of ours has the same: {words}");
    }
    let policy = app.get("/api/v1/policies/privacy").await;
    let policy = document(&policy);
    assert_eq!(form["policy"]["sha256"], policy["sha256"]);
    assert_eq!(policy["sha256"], sha256_hex(policy["text"].as_str().unwrap().as_bytes()));
    let mut without = form.clone();
    for member in ["form", "resting", "check"] {
        without.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(form["form"], sha256_hex(canonical(&without).unwrap().as_bytes()));
}

#[apply(both_databases!)]
async fn a_form_is_told_anew_once_it_changed_and_not_before(database: Database) {
    let app = start(database).await;
    let first = app.get(FORM).await;
    assert_eq!(first.header("cache-control"), "no-cache");
    assert!(first.header("vary").contains("origin"), "{}", first.header("vary"));
    let again = app.request("GET", FORM).header("if-none-match", first.header("etag"));
    assert_eq!(app.send(again).await.status, 304);
    app.does(&["report", "edit", "sample", "--title", "Another title"]);
    let form = poll::until("the new title", || async {
        let form = shown(&app).await;
        (form["title"] == "Another title").then_some(form)
    })
    .await;
    assert_ne!(form["form"], document(&first)["form"]);
}

#[apply(both_databases!)]
async fn what_is_not_offered_has_no_form(database: Database) {
    let app = start(database).await;
    for name in ["none", "%00", "%ff", "..%2f..%2fetc", "Sample", &"a".repeat(5_000)] {
        assert_eq!(app.get(&format!("/api/v1/forms/{name}")).await.status, 404, "{name}");
    }
    let alone = document(&app.get("/api/v1/forms/newsletters").await);
    assert_eq!((&alone["kind"], &alone["name"]), (&json!("newsletters"), &json!("newsletters")));
    app.does(&["report", "withdraw", "sample"]);
    let gone = poll::until("the report's end", || async {
        let answer = app.get(FORM).await;
        (answer.status == 410).then_some(answer)
    })
    .await;
    assert_eq!(problem(&gone).0, 410);
    let posted = app.send(app.request("POST", FORM)).await;
    assert_eq!(problem(&posted).0, 405);
}

#[apply(both_databases!)]
async fn what_is_offered_is_listed(database: Database) {
    let app = start(database).await;
    let reports = document(&app.get("/api/v1/reports").await);
    let report = &reports["reports"][0];
    assert_eq!((&report["slug"], &report["title"]), (&json!("sample"), &json!("A sample report")));
    assert_eq!(report["url"], format!("{}/reports/sample", app.core.flow_settings.site()));
    assert_eq!(reports["reports"].as_array().unwrap().len(), 1);
}

#[apply(both_databases!)]
async fn without_a_policy_there_is_nothing_to_agree_to(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    for path in ["/api/v1/forms/newsletters", "/api/v1/policies/privacy"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(document(&app.get("/api/v1/reports").await)["reports"], json!([]));
    let body = json!({"form": "", "email": "ada@b.example",
                      "consent": {"accepted": true, "policy": "none"}});
    let answer = send(&app, SIGNUPS, &body).await;
    assert_eq!(refusal(&answer), refused(422, "form", "required"));
}
