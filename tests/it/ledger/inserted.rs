//! What somebody writes into the database by SQL is never taken for ours.

use std::time::Duration;

use assent::domain::alarm::SEALING;
use assent::flows::Error;
use assent::sealing::seal_all;
use assent::store::Db;
use assent::store::alarms;
use assent::worker::tasks::watch_sealing::{Change, watch_sealing};
use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_refused, assert_sound, check, command, does, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

/// Cyd gave the privacy policy alone; these make it look as if the weekly had been given too.
const GIVEN: [&str; 2] = [
    "INSERT INTO consent_event (event_id, subject_id, seq, signup_id, subscriber_id, purpose, type, notice_id,
         policy_version_id, body, salt, leaf, mac, recorded_at)
     SELECT (SELECT event_id FROM fresh), u.subscriber_id, 7, g.signup_id, u.subscriber_id, g.purpose, g.type,
         g.notice_id, g.policy_version_id, g.body, g.salt, g.leaf, g.mac, g.recorded_at
     FROM subscriber u JOIN consent_event g ON g.type = 'given' AND g.purpose = 'newsletter:weekly'
     WHERE u.email = 'cyd@b.example'",
    "INSERT INTO consent (subscriber_id, purpose, state, event_id, notice_id, policy_version_id, report_id,
         source, requested_at, confirmed_at, mac)
     SELECT u.subscriber_id, c.purpose, c.state, (SELECT event_id FROM fresh), c.notice_id,
         c.policy_version_id, c.report_id, c.source, c.requested_at, c.confirmed_at, c.mac
     FROM subscriber u JOIN consent c ON c.purpose = 'newsletter:weekly' WHERE u.email = 'cyd@b.example'",
];

/// An event that waits for its place, of nobody that there is.
const ERASED: &str = "INSERT INTO consent_event (event_id, subject_id, seq, subscriber_id, purpose, type, body, salt,
         leaf, mac, recorded_at)
     SELECT (SELECT event_id FROM fresh), (SELECT event_id FROM fresh), 1, (SELECT event_id FROM fresh), g.purpose,
         'erased', g.body, g.salt, replace(g.leaf, '\"given\"', '\"erased\"'), g.mac, g.recorded_at
     FROM consent_event g WHERE g.type = 'given' AND g.purpose = 'newsletter:weekly'";

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("cyd@b.example", "").await;
    seal(&app).await;
    let fresh = match database {
        Database::Sqlite => "CREATE TABLE fresh AS SELECT randomblob(16) AS event_id",
        Database::Postgres => "CREATE TABLE fresh AS SELECT gen_random_uuid() AS event_id",
    };
    app.tamper(fresh).await.unwrap();
    app
}

/// It waits for good, and that is seen: by whoever checks, and by every process within a minute.
async fn never_sealed(app: &TestApp) {
    const WAITING: &str = "SELECT count(*) FROM consent_event WHERE leaf_index IS NULL";
    app.ask_and_read("dan@b.example", WEEKLY).await;
    seal(app).await;
    assert_eq!(app.count(WAITING).await, 1, "others get their places");
    app.advance(Duration::from_secs(90));
    let at = app.core.moment();
    assert_eq!(
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap(),
        Some(Change::Raised)
    );
    let alarms = alarms::list(&mut app.read().await).await.unwrap();
    assert!(alarms.iter().any(|alarm| alarm.subject == SEALING), "{alarms:?}");
    assert!(app.get("/readyz").await.text().contains("ledger-sealing since"));
    assert!(!check(app).await.is_sound());
}

/// Something that the next sealing records.
async fn claim_something(app: &TestApp) {
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "monthly", "The monthly").await;
    tx.commit().await.unwrap();
}

#[apply(both_databases!)]
async fn a_given_is_neither_sealed_nor_exported(database: Database) {
    let app = history(database).await;
    for insert in GIVEN {
        assert_eq!(app.tamper(insert).await.unwrap(), 1);
    }
    // The very next export, before anybody checked.
    let output = command(&app, &EXPORT);
    assert_refused(&output, "the consent ledger is not what it was");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("cyd@"));
    let refused = assent::flows::contacts::allow_export::allow_export(
        &mut app.read().await,
        &app.core.flow_settings,
        app.clock.now(),
    )
    .await;
    assert!(refused.is_err(), "nor any after it");
    never_sealed(&app).await;
}

#[apply(both_databases!)]
async fn a_given_without_a_mac_is_no_older_version_s(database: Database) {
    let app = history(database).await;
    for insert in GIVEN {
        assert_eq!(app.tamper(insert).await.unwrap(), 1);
    }
    unguard(&app).await;
    for strip in [
        "UPDATE consent_event SET mac = NULL WHERE event_id = (SELECT event_id FROM fresh)",
        "UPDATE consent SET mac = NULL WHERE event_id = (SELECT event_id FROM fresh)",
    ] {
        assert_eq!(app.tamper(strip).await.unwrap(), 1);
    }
    let core = &app.core;
    let adopted = assent::flows::ledger::adopt::adopt(
        &core.db,
        &core.flow_settings,
        &core.clock,
        &core.random,
    )
    .await;
    assert_eq!(adopted.unwrap(), 0, "a ledger is adopted once");
    assert_refused(&command(&app, &EXPORT), "the consent ledger is not what it was");
    never_sealed(&app).await;
}

#[apply(both_databases!)]
async fn an_erasure_is_not_sealed(database: Database) {
    let app = history(database).await;
    assert_eq!(app.tamper(ERASED).await.unwrap(), 1);
    never_sealed(&app).await;
}

#[apply(both_databases!)]
async fn a_record_is_not_sealed(database: Database) {
    let app = history(database).await;
    let insert = "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
             SELECT (SELECT event_id FROM fresh), 'purged', body, salt, leaf, mac, recorded_at FROM ledger_record
             WHERE type = 'adopted'";
    assert_eq!(app.tamper(insert).await.unwrap(), 1);
    app.ask_and_read("dan@b.example", WEEKLY).await;
    seal(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM ledger_record WHERE leaf_index IS NULL").await, 1);
    let told = check(&app).await.findings;
    assert!(
        told.iter().any(|what| what.contains("its body is not the one that its leaf commits to")),
        "{told:?}"
    );
}

#[apply(both_databases!)]
async fn somebody_else_s_address_is_not_exported(database: Database) {
    let app = history(database).await;
    let other = "UPDATE subscriber SET email = 'left@b.example' WHERE email = 'ada@b.example'";
    assert_eq!(app.tamper(other).await.unwrap(), 1);
    assert_refused(&command(&app, &EXPORT), "the consent ledger is not what it was");
}

#[apply(both_databases!)]
async fn a_site_without_a_worker_says_that_nothing_is_sealed(database: Database) {
    let app = TestApp::start(database).await;
    seal(&app).await;
    assert_sound(&app).await;
    let at = app.core.moment();
    assert_eq!(
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap(),
        None
    );
    // As it looks when everything waited: the running worker may seal at any moment.
    app.tamper("CREATE TABLE kept AS SELECT * FROM ledger_record").await.unwrap();
    let waits = "INSERT INTO consent_event (event_id, subject_id, seq, purpose, type, leaf, recorded_at)
             SELECT ledger_record_id, ledger_record_id, 1, 'privacy-policy', 'requested', leaf, recorded_at
             FROM ledger_record WHERE type = 'adopted'";
    assert_eq!(app.tamper(waits).await.unwrap(), 1);
    app.advance(Duration::from_secs(61));
    let at = app.core.moment();
    assert_eq!(
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap(),
        Some(Change::Raised)
    );
    assert_eq!(
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap(),
        None,
        "heard once"
    );
    unguard(&app).await;
    app.tamper("DELETE FROM consent_event WHERE leaf_index IS NULL").await.unwrap();
    assert_eq!(
        watch_sealing(&app.core.db, &app.core.flow_settings.timezone, &at).await.unwrap(),
        Some(Change::Ended)
    );
    assert!(does(&app, &["ledger", "verify"]).starts_with("sound: "));
}

#[apply(both_databases!)]
async fn many_rows_by_another_hand_keep_no_record_of_ours_waiting(database: Database) {
    let app = TestApp::start(database).await;
    seal(&app).await;
    let insert = match app.core.db {
        Db::Sqlite { .. } =>
            "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                 SELECT unhex(printf('%032x', i)), 'purged', '{}', zeroblob(32), 'leaf', zeroblob(16), 0 FROM n",
        Db::Postgres { .. } =>
            "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
                 SELECT CAST(lpad(to_hex(i), 32, '0') AS uuid), 'purged', '{}', decode(repeat('00', 32), 'hex'), 'leaf',
                        decode(repeat('00', 16), 'hex'), to_timestamp(0) FROM generate_series(1, 5000) AS i",
    };
    app.tamper(insert).await.unwrap();
    let size = app.count("SELECT size FROM ledger_head").await;
    claim_something(&app).await;
    seal(&app).await;
    assert_eq!(app.count("SELECT size FROM ledger_head").await, size + 1);
    assert_eq!(
        app.count("SELECT count(*) FROM ledger_record WHERE leaf_index IS NULL").await,
        5000
    );
}

#[apply(both_databases!)]
async fn nothing_is_signed_on_from_a_record_that_somebody_changed(database: Database) {
    let app = TestApp::start(database).await;
    seal(&app).await;
    unguard(&app).await;
    app.tamper(
        "UPDATE ledger_record SET body = replace(body, '\"count\":', '\"count\":1')
                    WHERE type = 'recorded'",
    )
    .await
    .unwrap();
    let size = app.count("SELECT size FROM ledger_head").await;
    claim_something(&app).await;
    let core = &app.core;
    let sealed = seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await;
    assert!(matches!(sealed, Err(Error::Tree)), "{sealed:?}");
    assert_eq!(app.count("SELECT size FROM ledger_head").await, size);
}
