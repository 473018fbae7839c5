//! What is told, once each, and what is not.

use std::collections::HashSet;
use std::time::Duration;

use assent::domain::mail::bounce::{Bounce, BounceKind};
use assent::domain::policy::version::ChangeClass;
use assent::flows::mail::record_bounce::record_bounce;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ALL, Told, add, all_taken, forget_deleted, start, told_all};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;

const DAY: Duration = Duration::from_hours(24);
const WRITTEN: &str = "SELECT count(*) FROM webhook_delivery";

/// Each of these happens, to Ada or to Bob.
async fn happens(app: &TestApp) {
    let download = app.subscribe("ada@b.example", "&newsletter=weekly").await;
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200, "of the same download");
    let mail = app.mail_to("ada@b.example").pop().unwrap();
    let (id, _) = mail.message_id.trim_start_matches('<').split_once('@').unwrap();
    let (id, at) = (id.parse().unwrap(), app.core.moment());
    let bounce = Bounce { kind: BounceKind::Soft, status: None };
    for _ in 0..2 {
        let recorded = app
            .core
            .db
            .run(|tx| Box::pin(record_bounce(tx, app.core.flow_settings.at(&at), id, bounce)));
        let _ = recorded.await.unwrap();
    }
    assert_eq!(app.post(&mail.link("/unsubscribe/"), "").await.status, 200);
    std::fs::write(
        app.dir.path().join("contacts.csv"),
        "email,consented_at,method\ncy@b.example,2024-05-01,Paper form\ndan@b.example,2024-05-01,Paper form\n",
    )
    .unwrap();
    let file = app.dir.path().join("contacts.csv");
    app.does(&[
        "import",
        file.to_str().unwrap(),
        "--purpose",
        "newsletter:weekly",
        "--policy",
        POLICY,
        "--source",
        "Old list",
    ]);
    app.subscribe("bob@b.example", "").await;
    app.publish_change("2026-12", ChangeClass::Reconsent, Some(30 * DAY)).await;
    app.work_policies().await;
    app.does(&["erase", "ada@b.example"]);
    app.advance(31 * DAY);
    for _ in 0..3 {
        app.work_policies().await;
    }
}

#[apply(both_databases!)]
async fn each_thing_that_happens_is_told_once_and_signed(database: Database) {
    let app = start(database).await;
    let (receiver, _, secret) = told_all(&app).await;
    happens(&app).await;
    receiver.hears(1).await;
    all_taken(&app).await;
    let told = receiver.told();
    let kinds = receiver.kinds();
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    for (kind, times) in [
        ("signup.confirmed", 2),
        // Ada to the policy and the newsletter, Bob to the policy: none of the import's.
        ("consent.given", 3),
        ("consent.withdrawn", 1),
        ("subscriber.erased", 1),
        ("report.downloaded", 1),
        ("mail.bounced", 1),
        ("import.finished", 1),
    ] {
        assert_eq!(count(kind), times, "{kind}: {kinds:?}");
    }
    // Bob's, and those who were brought in.
    assert_eq!(count("consent.lapsed"), 3, "{kinds:?}");
    assert_eq!(ALL.iter().map(|kind| count(kind)).sum::<usize>(), told.len());
    let ids: HashSet<&String> = told.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), told.len());
    let subscriber = told[0].body()["data"]["subscriber_id"].clone();
    for one in &told {
        assert!(one.is_signed_by(&secret), "{one:?}");
        assert!(!one.text.contains("b.example") && !one.text.contains("Old list"), "{one:?}");
        let body = one.body();
        let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["data", "timestamp", "type"]);
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
    }
    let of_ada: Vec<String> = told
        .iter()
        .filter(|one| one.body()["data"]["subscriber_id"] == subscriber)
        .map(Told::kind)
        .collect();
    assert_eq!(
        of_ada,
        [
            "signup.confirmed",
            "consent.given",
            "consent.given",
            "report.downloaded",
            "mail.bounced",
            "consent.withdrawn",
            "subscriber.erased",
        ],
        "in the order in which it happened"
    );
    let find = |kind: &str| -> Value {
        told.iter().map(Told::body).find(|body| body["type"] == kind).unwrap()["data"].clone()
    };
    assert_eq!(find("report.downloaded")["report"], "sample");
    assert_eq!(find("consent.withdrawn")["purpose"], "newsletter:weekly");
    assert_eq!(find("subscriber.erased"), json!({"subscriber_id": subscriber}));
    assert_eq!(
        find("import.finished"),
        json!({"kind": "contacts", "purpose": "newsletter:weekly", "imported": 2, "already_agreed": 0,
               "refused": 0})
    );
}

#[apply(both_databases!)]
async fn nothing_is_written_while_nobody_is_to_be_told(database: Database) {
    let app = start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    assert_eq!(app.count(WRITTEN).await, 0);
    let (receiver, path, _) = told_all(&app).await;
    let admin =
        app.sign_in_as("admin@sample.example", assent::domain::staff::member::Role::Admin).await;
    add(&admin, &receiver.server.url("/other"), &["consent.lapsed"]).await;
    app.subscribe("bob@b.example", "").await;
    receiver.hears(2).await;
    assert_eq!(app.count(WRITTEN).await, 2, "one row for each endpoint that wants it");
    assert_eq!(admin.post(&format!("{path}/delete"), "sure=yes").await.status, 303);
    app.subscribe("cy@b.example", "").await;
    assert!(app.count(WRITTEN).await <= 2, "it is told nothing more");
    forget_deleted(&app).await;
    assert_eq!(app.count(WRITTEN).await, 0, "what it was told goes with it");
}

#[apply(both_databases!)]
async fn what_is_not_confirmed_or_not_committed_is_not_told(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    let mail = app.ask_and_read("ada@b.example", "").await;
    assert_eq!(app.count(WRITTEN).await, 0, "asked for, and not confirmed");
    let link = mail.link("/confirm/");
    let pressed = tokio::join!(app.post(&link, ""), app.post(&link, ""), app.post(&link, ""));
    assert!([pressed.0, pressed.1, pressed.2].iter().all(|answer| answer.status == 303));
    receiver.hears(2).await;
    all_taken(&app).await;
    assert_eq!(receiver.kinds(), ["signup.confirmed", "consent.given"], "three presses are one");
}
