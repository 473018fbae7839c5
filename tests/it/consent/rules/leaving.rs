//! Rules 5 to 8: left, erased, deleted, taken along.

use std::time::Duration;

use assent::sealing::seal_all;
use assent::worker::tasks::forget_signups::forget_signups;
use assent_ledger::receipt::verify;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{ADA, BOTH, DAY, WEEKLY, printed, reasons, receipt_link};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn rule_05_leaving_takes_one_press_and_holds_at_once(database: Database) {
    let app = TestApp::start(database).await;
    for email in [ADA, "bob@b.example", "cyn@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    // Neither a cookie nor a question stands in the way of any of the three.
    let leave = receipt_link(&app, ADA, "/unsubscribe/");
    assert_eq!(app.post(&leave, "").await.status, 200);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example", "cyn@b.example"]);
    let page = receipt_link(&app, "bob@b.example", "/preferences/");
    assert_eq!(app.post(&format!("{page}/withdraw-all"), "").await.status, 303);
    assert_eq!(app.exported(WEEKLY).await, ["cyn@b.example"]);
    let page = receipt_link(&app, "cyn@b.example", "/preferences/");
    assert_eq!(app.post(&page, "purpose=privacy-policy").await.status, 303);
    assert!(app.exported(WEEKLY).await.is_empty());
    assert_eq!(app.exported("privacy-policy").await, [ADA, "cyn@b.example"]);
}

#[apply(both_databases!)]
async fn rule_06_erasure_leaves_a_leaf_and_a_keyed_hash(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe(ADA, BOTH).await;
    let page = receipt_link(&app, ADA, "/preferences/");
    let leaves = app.count("SELECT count(*) FROM consent_event WHERE leaf <> ''").await;
    assert_eq!(app.post(&format!("{page}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(app.get(&download).await.status, 410);
    assert_eq!(
        app.count("SELECT count(*) FROM subscriber").await
            + app.count("SELECT count(*) FROM signup").await,
        0
    );
    let bare =
        "SELECT count(*) FROM consent_event WHERE leaf <> '' AND body IS NULL AND salt IS NULL";
    assert_eq!((app.count(bare).await, reasons(&app).await), (leaves, 1));

    // Neither a file nor a form alone lifts it; the press behind mail 1 does.
    std::fs::write(
        app.dir.path().join("old.csv"),
        format!("email,consented_at,method\n{ADA},2026-01-01,paper\n"),
    )
    .unwrap();
    let import = app.command(&[
        "import",
        "old.csv",
        "--purpose",
        WEEKLY,
        "--policy",
        POLICY,
        "--source",
        "Old list",
    ]);
    assert!(printed(&import).contains("suppressed: erased"), "{}", printed(&import));
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    assert_eq!((reasons(&app).await, app.exported(WEEKLY).await.len()), (1, 0));
    assert_eq!(app.post(&link, "").await.status, 303);
    assert_eq!((reasons(&app).await, app.exported(WEEKLY).await.len()), (0, 1));
}

#[apply(both_databases!)]
async fn rule_07_what_nobody_confirmed_is_deleted_without_a_reminder(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_PENDING_RETENTION", "3d")]).await;
    app.ask_and_read(ADA, "&name=Ada&newsletter=weekly").await;
    app.subscribe("bob@b.example", "").await;
    app.mail_settled().await;
    let purge = async || {
        forget_signups(&app.core.db, &app.core.flow_settings, &app.core.moment()).await.unwrap()
    };
    app.advance(DAY * 2 + Duration::from_hours(23));
    assert_eq!(purge().await, 0);
    app.advance(Duration::from_mins(61));
    assert_eq!((purge().await, purge().await), (1, 0));
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE status <> 'confirmed'").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE body LIKE '%ada@%'").await, 0);
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.inbox().len()), (1, 3));
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn rule_08_everything_held_can_be_taken_along_with_receipts(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@other.example", BOTH).await;
    app.subscribe(ADA, "&name=Ada+Hughes&organisation=Northmoor&job_title=Head&newsletter=weekly")
        .await;
    seal_all(&app.core.db, &app.core.flow_settings, &app.clock, &app.core.random).await.unwrap();
    let page = receipt_link(&app, ADA, "/preferences/");
    let file = app.get(&format!("{page}/my-data.json")).await;
    let held: Value = serde_json::from_slice(&file.body).unwrap();
    for (field, value) in [
        ("email", ADA),
        ("name", "Ada Hughes"),
        ("organisation", "Northmoor"),
        ("job_title", "Head"),
    ] {
        assert_eq!(held["subscriber"][field], value);
    }
    assert!(!file.text().contains("other.example"));
    let consents = held["consents"].as_array().unwrap();
    assert_eq!(consents.len(), 2);
    for consent in consents {
        let id = consent["receipt_id"].as_str().unwrap();
        let receipt = app.get(&format!("{page}/receipts/{id}.jws")).await.text();
        let proven = verify(&receipt, &app.core.flow_settings.ledger_keys.trusted()).unwrap();
        let shown = &proven.payload["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0];
        assert_eq!(shown["dct:description"], consent["words"]);
    }
}
