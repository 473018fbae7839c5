//! What was told of somebody: they see it, and it goes with them, whoever asks for that, or nobody.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::flows::staff::record_webhook_try::{RecordedTry, WebhookTry, record_webhook_try};
use assent::store::staff::webhook_deliveries::claim;
use assent::worker::tasks::forget_people::forget_people;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{Told, add, all_taken, endpoint, failed, says, start, told_all};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const HOUR: Duration = Duration::from_hours(1);
const KEPT: &str = "SELECT count(*) FROM webhook_delivery";
const NOT_ERASED: &str =
    "SELECT count(*) FROM webhook_delivery WHERE event_type <> 'subscriber.erased'";

async fn data(app: &TestApp, email: &str) -> (String, Vec<Value>) {
    let page = app.mail_to(email).pop().unwrap().link("/preferences/");
    let file = app.get(&format!("{page}/my-data.json")).await;
    let data: Value = serde_json::from_slice(&file.body).expect("JSON");
    let shown = app.get(&format!("{page}/my-data")).await.text();
    (shown, data["webhooks"].as_array().expect("what was told").clone())
}

#[apply(both_databases!)]
async fn a_person_sees_which_program_was_told_what(database: Database) {
    let app = start(database).await;
    app.subscribe("bob@b.example", "").await;
    let (receiver, ..) = told_all(&app).await;
    let admin = app.sign_in_as("root@sample.example", Role::Admin).await;
    add(&admin, &receiver.server.url("/<b>"), &["mail.bounced"]).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    all_taken(&app).await;
    let (shown, told) = data(&app, "ada@b.example").await;
    let events: Vec<&str> = told.iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["consent.given", "consent.given", "signup.confirmed"], "newest first");
    for one in &told {
        let members: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["event", "happened_at", "program", "taken_at"]);
        assert!(one["taken_at"].is_string() && one["program"].is_string());
    }
    let program = told[0]["program"].as_str().unwrap();
    let said = format!("<strong>You confirmed a form</strong>: {program}");
    assert!(shown.contains(&said) && !shown.contains("/hook"), "{shown}");
    let (shown, told) = data(&app, "bob@b.example").await;
    assert!(told.is_empty() && !shown.contains("Programs of ours"), "nobody was told of him");

    // What is not taken yet is held, too.
    receiver.turn(|_| says(500, "no"));
    let leave = app.mail_to("ada@b.example").pop().unwrap().link("/unsubscribe/");
    assert_eq!(app.post(&leave, "").await.status, 200);
    let (shown, told) = data(&app, "ada@b.example").await;
    assert_eq!(
        (&told[0]["event"], &told[0]["taken_at"]),
        (&"consent.withdrawn".into(), &Value::Null)
    );
    assert!(shown.contains("Not told yet"), "{shown}");
    let page = admin.page(&format!("/console/webhooks/{}", endpoint(&app).await)).await;
    assert!(page.contains("What happens to one person is told in its order"), "{page}");
}

#[apply(both_databases!)]
async fn what_was_told_goes_with_the_person_but_that_they_are_gone(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    let admin = app.sign_in_as("root@sample.example", Role::Admin).await;
    // It hears of nobody whom it would have to remove.
    add(&admin, &receiver.server.url("/returned"), &["mail.bounced"]).await;
    app.subscribe("ada@b.example", "").await;
    all_taken(&app).await;
    assert_eq!(app.count(NOT_ERASED).await, 2);
    app.does(&["erase", "ada@b.example"]);
    assert_eq!(app.count(NOT_ERASED).await, 0);
    // The command's clock goes on while the server's stands still.
    app.advance(HOUR);
    all_taken(&app).await;
    assert_eq!(app.count(KEPT).await, 1);
    assert_eq!(receiver.kinds().last().map(String::as_str), Some("subscriber.erased"));
}

// The program took it in the moment in which they were erased.
#[apply(both_databases!)]
async fn what_is_under_way_while_somebody_is_erased_goes_as_well(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    receiver.turn(|_| says(500, "no"));
    app.subscribe("ada@b.example", "").await;
    failed(&app, 1).await;
    let (id, mut at) = (endpoint(&app).await, app.core.moment());
    at.now = at.now.plus(HOUR);
    let mut tx = app.write().await;
    let held = claim(&mut tx, at.now, id, 9).await.unwrap();
    tx.commit().await.unwrap();
    app.does(&["erase", "ada@b.example"]);
    assert_eq!((held.len(), app.count(NOT_ERASED).await), (1, 1));
    let taken = WebhookTry::Answered(200, b"Ada, thank you".to_vec());
    let told = app.core.db.run(|tx| Box::pin(record_webhook_try(tx, &at, &held[0], &taken)));
    assert_eq!(told.await.unwrap(), RecordedTry::Delivered);
    assert_eq!((app.count(NOT_ERASED).await, app.count(KEPT).await), (0, 1));
}

#[apply(both_databases!)]
async fn who_is_forgotten_by_itself_is_erased_elsewhere_too(database: Database) {
    let app = start(database).await;
    let (receiver, _, secret) = told_all(&app).await;
    app.subscribe("ada@b.example", "").await;
    app.subscribe("bob@b.example", "").await;
    let choices = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{choices}/withdraw-all"), "").await.status, 303);
    all_taken(&app).await;
    let subscriber = receiver.told()[0].body()["data"]["subscriber_id"].clone();
    app.seal().await;
    let forget = || async {
        let (db, settings) = (&app.core.db, &app.core.flow_settings);
        forget_people(db, settings, &app.core.moment()).await.unwrap()
    };
    assert_eq!(forget().await, 0);
    app.advance(app.core.flow_settings.evidence_retention + 24 * HOUR);
    assert_eq!(forget().await, 1);
    assert_eq!(forget().await, 0, "and no other");
    all_taken(&app).await;
    let told = receiver.told();
    let erased: Vec<&Told> = told.iter().filter(|one| one.kind() == "subscriber.erased").collect();
    assert_eq!(erased.len(), 1, "{:?}", receiver.kinds());
    assert_eq!(erased[0].body()["data"], serde_json::json!({"subscriber_id": subscriber}));
    assert!(erased[0].is_signed_by(&secret));
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
}
