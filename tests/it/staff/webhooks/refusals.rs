//! What a receiver refuses, and what stops it from hearing the rest: nothing but itself.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::flows::staff::record_webhook_try::{RecordedTry, WebhookTry, record_webhook_try};
use assent::store::staff::webhook_deliveries::claim;
use assent::store::staff::webhook_endpoints;
use macro_rules_attribute::apply;

use super::{
    FAILURES, all_taken, endpoint, failed, forget_deleted, oldest_event, says, start, told_all,
};
use crate::support::app::Database;
use crate::support::{both_databases, poll};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const WRITTEN: &str = "SELECT count(*) FROM webhook_delivery";

#[apply(both_databases!)]
async fn an_event_that_is_refused_stops_nobody_and_is_given_up(database: Database) {
    let app = start(database).await;
    let (receiver, path, _) = told_all(&app).await;
    let admin = app.sign_in(Role::Admin).await;
    receiver.turn(|told| {
        if told.kind() == "signup.confirmed" { says(422, "what is that") } else { says(200, "ok") }
    });
    app.subscribe("ada@b.example", "").await;
    let tried = |count: i64| {
        let app = &app;
        poll::until("tries of the refused event", move || async move {
            let tries = "SELECT CAST(max(attempts) AS bigint) FROM webhook_delivery WHERE delivered_at IS NULL";
            (app.count(tries).await >= count).then_some(())
        })
    };
    tried(1).await;
    assert_eq!(app.count(FAILURES).await, 0, "it says nothing of the receiver");
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    receiver.hears(2).await;
    app.advance(Duration::from_secs(7));
    assert_eq!(receiver.kinds(), ["signup.confirmed", "webhook.test"], "it waits by itself");
    app.advance(2 * DAY);
    tried(2).await;
    assert!(!receiver.kinds().contains(&"consent.given".to_owned()), "Ada’s later one waits");
    app.advance(DAY + HOUR);
    all_taken(&app).await;
    let kinds = receiver.kinds();
    assert_eq!(kinds.last().map(String::as_str), Some("consent.given"), "{kinds:?}");
    assert_eq!(app.count(FAILURES).await, 0);
    let admin = app.sign_in_as("grace@sample.example", Role::Admin).await;
    let page = admin.page(&path).await;
    assert!(page.contains("given up") && page.contains("what is that"), "{page}");
    assert!(!page.contains("Switched off") && !page.contains("Failing"), "{page}");

    // It is kept, and sent again only where it undoes nothing.
    let all = admin.post(&format!("{path}/replay-all"), "").await;
    assert_eq!(all.location(), format!("{path}?word=none"));
    let event = format!("event={}", oldest_event(&page));
    let again = admin.post(&format!("{path}/replay"), &event).await;
    assert_eq!(again.location(), format!("{path}?word=outlived"));
    app.tamper("DELETE FROM webhook_delivery WHERE event_type = 'consent.given'").await.unwrap();
    receiver.turn(|_| says(200, "ok"));
    let again = admin.post(&format!("{path}/replay"), &event).await;
    assert_eq!(again.location(), format!("{path}?word=again"));
    all_taken(&app).await;
    assert_eq!(
        app.count("SELECT count(*) FROM webhook_delivery WHERE given_up_at IS NOT NULL").await,
        0
    );
    assert_eq!(receiver.kinds().last().map(String::as_str), Some("signup.confirmed"));
}

#[apply(both_databases!)]
async fn tries_that_fail_together_count_once(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    receiver.turn(|_| says(500, "no"));
    for name in ["ada", "bob", "cy", "dan"] {
        app.subscribe(&format!("{name}@b.example"), "").await;
    }
    failed(&app, 1).await;
    let (id, before) = (endpoint(&app).await, app.count(FAILURES).await);
    let mut at = app.core.moment();
    at.now = at.now.plus(HOUR);
    let mut tx = app.write().await;
    let held = claim(&mut tx, at.now, id, 9).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(held.len(), 4, "one of each");
    // Ada is erased while a worker tells of her.
    app.does(&["erase", "ada@b.example"]);
    let no = WebhookTry::Answered(500, b"no".to_vec());
    let mut came_to = vec![];
    for one in &held {
        let recorded = app.core.db.run(|tx| Box::pin(record_webhook_try(tx, &at, one, &no))).await;
        came_to.push(recorded.unwrap());
    }
    assert_eq!(app.count(FAILURES).await, before + 1);
    let erased = came_to.iter().filter(|one| **one == RecordedTry::Erased).count();
    assert_eq!((erased, came_to.len()), (1, 4), "{came_to:?}");
    let of_ada = "SELECT count(*) FROM webhook_delivery WHERE subscriber_id =
                      (SELECT subscriber_id FROM webhook_delivery WHERE event_type = 'subscriber.erased')";
    assert_eq!(app.count(of_ada).await, 1, "that she is erased, and nothing else");
}

#[apply(both_databases!)]
async fn what_was_never_tried_keeps_its_time_when_it_is_switched_on(database: Database) {
    let app = start(database).await;
    let (receiver, path, _) = told_all(&app).await;
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/off"), "").await.status, 303);
    app.subscribe("ada@b.example", "").await;
    app.advance(HOUR);
    assert_eq!(admin.post(&format!("{path}/on"), "").await.status, 303);
    receiver.hears(2).await;
    all_taken(&app).await;
    let moved = "SELECT count(*) FROM webhook_delivery WHERE next_at > created_at";
    assert_eq!((app.count(WRITTEN).await, app.count(moved).await), (2, 0));
}

#[apply(both_databases!)]
async fn a_deleted_one_is_hidden_at_once_and_goes_little_by_little(database: Database) {
    let app = start(database).await;
    let (receiver, path, _) = told_all(&app).await;
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/off"), "").await.status, 303);
    app.subscribe("ada@b.example", "").await;
    let copy = match database {
        Database::Sqlite => "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1500)
             INSERT INTO webhook_delivery (webhook_delivery_id, webhook_endpoint_id, event_type, payload, created_at, next_at)
             SELECT randomblob(16), e.webhook_endpoint_id, 'webhook.test', '{}', e.created_at, e.created_at
             FROM webhook_endpoint e, n",
        Database::Postgres => "INSERT INTO webhook_delivery (webhook_delivery_id, webhook_endpoint_id, event_type, payload, created_at, next_at)
             SELECT gen_random_uuid(), e.webhook_endpoint_id, 'webhook.test', '{}', e.created_at, e.created_at
             FROM webhook_endpoint e, generate_series(1, 1500)",
    };
    app.tamper(copy).await.unwrap();
    assert_eq!(admin.post(&format!("{path}/delete"), "sure=yes").await.status, 303);
    assert_eq!(app.count(WRITTEN).await, 1502, "the press waits for none of it");
    assert_eq!(admin.get(&path).await.status, 404);
    assert!(admin.page("/console/webhooks").await.contains("No webhooks yet"));
    for act in ["on", "off"] {
        let answer = admin.post(&format!("{path}/{act}"), "").await;
        assert_eq!(answer.location(), format!("{path}?word=settled"), "{act}");
    }
    assert!(webhook_endpoints::list_told(&mut app.write().await).await.unwrap().is_empty());
    assert_eq!(forget_deleted(&app).await, [1000, 502, 0]);
    assert_eq!(app.count(WRITTEN).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM webhook_endpoint").await, 0);
    assert!(receiver.told().is_empty());
}
