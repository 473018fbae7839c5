//! The promises that mail brings, before whoever holds the ledger to them.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use assent::domain::alarm::{LEDGER, SEALING};
use assent::flows::ledger::keep_verdict::find_seen;
use assent::flows::ledger::make_promises::make_promises;
use assent::flows::raise_alarm::{clear, raise};
use assent::store::alarms;
use assent::worker::tasks::watch_sealing::watch_sealing;
use assent_ledger::promise::Promise;
use macro_rules_attribute::apply;
use uuid::Uuid;

use super::{Bundle, alone, key};
use crate::ledger::{WEEKLY, does, rows, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";

/// The program after the check of the ledger with which it begins, and which seals what waits.
async fn begun(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    poll::until("the first check", || async {
        find_seen(&mut app.read().await).await.unwrap().map(drop)
    })
    .await;
    app
}

fn newest_mail(app: &TestApp, email: &str) -> Mail {
    app.mail_to(email).pop().unwrap()
}

/// What a mail promises, if a key of the ledger signed it.
fn read(app: &TestApp, mail: &Mail) -> Vec<Promise> {
    let keys = app.core.flow_settings.ledger_keys.trusted();
    mail.promised().iter().map(|line| Promise::verify(line, &keys).unwrap()).collect()
}

/// What is promised of all events by now, one after the other.
async fn made_now(app: &TestApp, event_ids: &[Uuid]) -> Vec<String> {
    let (settings, now) = (&app.core.flow_settings, app.clock.now());
    make_promises(&mut app.read().await, settings, now, event_ids).await.unwrap()
}

/// The file that the mail brought, as its reader keeps it.
fn kept(app: &TestApp, mail: &Mail) -> PathBuf {
    let file = app.dir.path().join(format!("{}.txt", mail.message_id));
    fs::write(&file, mail.promises.as_ref().unwrap()).unwrap();
    file
}

/// Holds a file of promises against a bundle.
fn held(app: &TestApp, mail: &Mail, bundle: &Bundle) -> Output {
    let (file, key) = (kept(app, mail), key(app));
    let file = file.to_str().unwrap();
    alone(&["ledger", "audit-receipt", file, "--key", &key, "--bundle", bundle.name()])
}

#[apply(both_databases!)]
async fn each_event_that_a_mail_tells_of_is_promised_and_kept(database: Database) {
    let app = begun(database).await;
    app.subscribe(ADA, WEEKLY).await;
    let receipt = newest_mail(&app, ADA);
    let verifier = receipt.link("/ledger/verify");
    assert_eq!(verifier, format!("{}/ledger/verify", app.base));
    let first = receipt.promises.as_ref().unwrap().lines().next().unwrap();
    assert!(receipt.html.contains(&format!("\"{verifier}\"")) && first.ends_with(&verifier));
    assert_eq!(app.get("/ledger/verify").await.status, 200);
    let promised = read(&app, &receipt);
    let all = rows(&app.core.db).await;
    let given: Vec<_> = all.iter().filter(|row| row.event_type.in_force()).collect();
    assert_eq!((promised.len(), given.len()), (2, 2));
    for (promise, row) in promised.iter().zip(&given) {
        assert_eq!((promise.event_id, &promise.leaf), (row.event_id, &row.leaf));
        assert_eq!(
            (row.leaf_index, promise.merge_delay),
            (None, 86_400),
            "before it has its place"
        );
        let body: serde_json::Value = serde_json::from_str(row.body.as_ref().unwrap()).unwrap();
        assert_eq!(promise.at, body["at"].as_str().unwrap());
    }

    // By itself it is a promise. Then the ledger is looked at.
    let file = kept(&app, &receipt);
    let by_itself =
        alone(&["ledger", "audit-receipt", file.to_str().unwrap(), "--key", &key(&app)]);
    let said = String::from_utf8_lossy(&by_itself.stderr);
    assert!(by_itself.status.success() && said.matches("is not proved").count() == 2, "{said}");
    app.advance(Duration::from_secs(1));
    assert_eq!(
        app.post(&format!("{}/withdraw-all", receipt.link("/preferences/")), "").await.status,
        303
    );
    let change = app.next_mail(ADA, 2).await;
    change.link("/ledger/verify");
    let ended = read(&app, &change);
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|promise| !promise.event_type().unwrap().in_force()));
    let bundle = Bundle::new(&app);
    for mail in [&receipt, &change] {
        let output = held(&app, mail, &bundle);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.matches("and kept").count() == 2, "{said}");
    }

    // The same on every try, whenever that is.
    let event_ids: Vec<Uuid> = promised.iter().map(|promise| promise.event_id).collect();
    seal(&app).await;
    app.advance(Duration::from_hours(100));
    assert_eq!(made_now(&app, &event_ids).await, receipt.promised());
    does(&app, &["erase", ADA]);
    assert!(made_now(&app, &event_ids).await.is_empty(), "nothing of who was forgotten");
    // Their leaves stay, and so do the promises; but whose leaves they are is no longer to be seen.
    let output = held(&app, &receipt, &Bundle::new(&app));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("and kept"), "{said}");
    assert_eq!(said.matches("was emptied since").count(), 2, "{said}");
}

#[apply(both_databases!)]
async fn nothing_is_promised_while_sealing_is_refused(database: Database) {
    let app = begun(database).await;
    app.subscribe(ADA, "").await;
    assert_eq!(newest_mail(&app, ADA).promised().len(), 1);
    let watch = async || {
        let at = app.core.moment();
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap();
        alarms::find(&mut app.read().await, SEALING).await.unwrap().is_some()
    };
    app.advance(Duration::from_secs(90));
    assert!(watch().await, "it waits for too long");
    app.subscribe("bob@b.example", WEEKLY).await;
    let without = newest_mail(&app, "bob@b.example");
    assert!(without.promises.is_none() && !without.raw.contains("multipart/mixed"));
    assert!(!without.text.contains("promise") && !without.html.contains("promise"));
    assert!(without.text.contains("This message is your receipt"));
    seal(&app).await;
    assert!(!watch().await);
    app.subscribe("cyd@b.example", "").await;
    let promised = read(&app, &newest_mail(&app, "cyd@b.example"));
    let event_ids: Vec<Uuid> = promised.iter().map(|promise| promise.event_id).collect();
    assert_eq!(event_ids.len(), 1);

    // Nor while the ledger may not go on, or of what is overdue though nobody was alarmed.
    let at = app.core.moment();
    let raised = app.core.db.run(|tx| Box::pin(raise(tx, &at, LEDGER, "the database is behind")));
    raised.await.unwrap();
    assert!(made_now(&app, &event_ids).await.is_empty());
    app.core.db.run(|tx| Box::pin(clear(tx, LEDGER))).await.unwrap();
    assert_eq!(made_now(&app, &event_ids).await.len(), 1);
    app.advance(Duration::from_hours(25));
    assert!(made_now(&app, &event_ids).await.is_empty());
    seal(&app).await;
    assert!(!watch().await);
    assert_eq!(made_now(&app, &event_ids).await.len(), 1);
}

#[apply(both_databases!)]
async fn a_promise_whose_event_was_left_out_is_found_broken(database: Database) {
    let app = begun(database).await;
    app.subscribe(ADA, WEEKLY).await;
    let receipt = newest_mail(&app, ADA);
    // Somebody takes care that it never gets its place.
    unguard(&app).await;
    let left_out = "UPDATE consent_event SET mac = NULL WHERE type = 'given' AND purpose = 'newsletter:weekly'";
    assert_eq!(app.tamper(left_out).await.unwrap(), 1);
    let event_ids: Vec<Uuid> =
        read(&app, &receipt).iter().map(|promise| promise.event_id).collect();
    assert_eq!(
        made_now(&app, &event_ids).await,
        receipt.promised()[..1],
        "nor is it promised again"
    );
    let bundle = Bundle::new(&app);
    assert!(bundle.audit(&[]).status.success(), "by itself the bundle is sound");
    let output = held(&app, &receipt, &bundle);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("is not in the ledger") && said.contains("the promise is broken"),
        "{said}"
    );
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(&event_ids[1].to_string()), "{told}");
}
