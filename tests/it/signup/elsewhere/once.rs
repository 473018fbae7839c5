//! A form that is sent again with the same key is stored once.

use std::time::Duration;

use assent::domain::signup::idempotent_request::IdempotentRequest;
use assent::flows::signup::do_once::{Known, look_up};
use assent::store::signup::signups as stored_signups;
use assent::worker::tasks::forget_signups::forget_signups;
use futures_util::future::join_all;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{ADA, SIGNUPS, document, filled_in, signups, start};
use crate::support::api::{problem, refusal, refused};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;

const KEPT: &str = "SELECT count(*) FROM idempotent_request";

async fn send(app: &TestApp, key: &str, body: &Value) -> Answer {
    let request = app.request("POST", SIGNUPS).header("content-type", "application/json");
    app.send(request.header("idempotency-key", key).body(body.to_string())).await
}

#[apply(both_databases!)]
async fn it_is_answered_as_it_was_for_a_day(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    let first = send(&app, "one", &body).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (202, ""));
    let again = send(&app, "one", &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
    let [told, same] = [&first, &again].map(document);
    assert_eq!(told["resend_after"], same["resend_after"]);
    assert_eq!(told["waiting"].as_str().unwrap().len(), same["waiting"].as_str().unwrap().len());
    assert_eq!(signups(&app).await, 1);
    let other = send(&app, "one", &filled_in(&app, "bob@b.example").await).await;
    assert_eq!(refusal(&other), refused(422, "idempotency-key", "other-body"));
    assert_eq!(send(&app, "two", &body).await.status, 202);
    assert_eq!(signups(&app).await, 2);
    app.advance(Duration::from_hours(24));
    assert_eq!(send(&app, "one", &body).await.status, 202);
    assert_eq!(signups(&app).await, 3);
}

// Same key and body once the person was erased: 422, "came with another body", which told whoever had signed them up.
#[apply(both_databases!)]
async fn an_erasure_is_not_told(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    let first = send(&app, "one", &body).await;
    let mail = app.next_mail(ADA, 0).await;
    assert_eq!(app.post(&mail.link("/confirm/"), "choices=shown").await.status, 303);
    let before = send(&app, "one", &body).await;
    let page = app.next_mail(ADA, 1).await.link("/preferences/").replace(&app.base, "");
    app.mail_settled().await;
    assert_eq!(app.post(&format!("{page}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(signups(&app).await, 0);
    let mails = app.count("SELECT count(*) FROM outbox").await;
    let after = send(&app, "one", &body).await;
    for answer in [&before, &after] {
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (202, "true"));
        assert_eq!(answer.body.len(), first.body.len());
    }
    assert_eq!(signups(&app).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, mails, "nothing follows");
    let other = send(&app, "one", &filled_in(&app, "bob@b.example").await).await;
    assert_eq!(refusal(&other), refused(422, "idempotency-key", "other-body"));
}

#[apply(both_databases!)]
async fn a_program_that_fills_in_everything_is_answered_as_anybody(database: Database) {
    let app = start(database).await;
    let good = filled_in(&app, ADA).await;
    let mut trapped = good.clone();
    trapped["website"] = "https://spam.example".into();
    let [taken, dropped] = [("one", &good), ("two", &trapped)];
    for replayed in ["", "true", "true"] {
        let taken = send(&app, taken.0, taken.1).await;
        let dropped = send(&app, dropped.0, dropped.1).await;
        for answer in [&taken, &dropped] {
            assert_eq!((answer.status, answer.header("idempotency-replayed")), (202, replayed));
        }
        assert_eq!(taken.body.len(), dropped.body.len());
    }
    assert_eq!((signups(&app).await, app.count(KEPT).await), (1, 2));
    assert_eq!(app.count("SELECT dropped FROM dropped_form").await, 1, "counted once");
    let other = send(&app, "two", &good).await;
    assert_eq!(refusal(&other), refused(422, "idempotency-key", "other-body"));
}

#[apply(both_databases!)]
async fn of_many_at_once_one_is_stored(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    let answers = join_all((0..20).map(|_| send(&app, "one", &body))).await;
    let taken = answers.iter().filter(|answer| answer.status == 202);
    assert!(taken.count() >= 1);
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(refusal(answer), refused(409, "idempotency-key", "under-way"));
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(signups(&app).await, 1);
}

#[apply(both_databases!)]
async fn what_is_stored_is_known_by_another_process(database: Database) {
    // As where the answer was lost on its way, or the process died behind its commit.
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    assert_eq!(send(&app, "one", &body).await.status, 202);
    let request = IdempotentRequest::new(
        &app.core.flow_settings.address_secret,
        b"one",
        body.to_string().as_bytes(),
    );
    let mut tx = app.read().await;
    let known = look_up(&mut tx, &app.core.moment(), &request).await.unwrap();
    let Known::Taken(taken) = known else { panic!("it is known") };
    assert_eq!(taken.report.as_ref().map(ToString::to_string).as_deref(), Some("sample"));
    let signup = stored_signups::find(&mut tx, taken.signup_id).await.unwrap().expect("a form");
    assert_eq!(signup.email.as_str(), ADA);
}

#[apply(both_databases!)]
async fn what_was_refused_may_be_sent_again(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, "").await;
    assert_eq!(problem(&send(&app, "one", &body).await).0, 422);
    body["email"] = ADA.into();
    assert_eq!(send(&app, "one", &body).await.status, 202, "put right under the same key");
    assert_eq!(signups(&app).await, 1);
}

#[apply(both_databases!)]
async fn a_key_is_kept_by_its_hash_for_a_day(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    for key in ["", &"k".repeat(256)] {
        let answer = send(&app, key, &body).await;
        assert_eq!(refusal(&answer), refused(422, "idempotency-key", "malformed"));
    }
    assert_eq!(send(&app, &"k".repeat(255), &body).await.status, 202);
    assert_eq!(app.count(KEPT).await, 1);
    app.advance(Duration::from_hours(23));
    let forget = || async {
        let (db, settings) = (&app.core.db, &app.core.flow_settings);
        forget_signups(db, settings, &app.core.moment()).await.unwrap();
    };
    forget().await;
    assert_eq!(app.count(KEPT).await, 1);
    app.advance(Duration::from_hours(1));
    forget().await;
    assert_eq!(app.count(KEPT).await, 0);
}
