//! Retention does away with no evidence whose columns say, by another hand, that its time is over.

use std::time::Duration;

use assent::worker::tasks::forget_people::forget_people;
use assent::worker::tasks::forget_signups::forget_signups;
use macro_rules_attribute::apply;

use super::{WEEKLY, assert_sound, check, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const OF_ADA: &str = "SELECT count(*) FROM consent_event WHERE body LIKE '%ada@b.example%'";
const BODIES: &str = "SELECT count(*) FROM consent_event WHERE body IS NOT NULL";

/// Ada has the weekly; Bob left; Cyd never confirmed.
async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", WEEKLY).await;
    let manage = app.mail_to("bob@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    app.ask_and_read("cyd@b.example", WEEKLY).await;
    app.mail_settled().await;
    seal(&app).await;
    unguard(&app).await;
    app
}

/// Nothing is emptied.
async fn nobody_goes(app: &TestApp) {
    let before = app.count(BODIES).await;
    let (core, at) = (&app.core, app.core.moment());
    forget_signups(&core.db, &core.flow_settings, &at).await.unwrap();
    forget_people(&core.db, &core.flow_settings, &at).await.unwrap();
    assert_eq!(app.count(BODIES).await, before);
}

#[apply(both_databases!)]
async fn nobody_is_forgotten_early(database: Database) {
    let (long_ago, recorded) = match database {
        Database::Sqlite => (
            "UPDATE subscriber SET created_at = 0",
            "UPDATE consent_event SET recorded_at = 0 WHERE subscriber_id IS NOT NULL",
        ),
        Database::Postgres => (
            "UPDATE subscriber SET created_at = TIMESTAMPTZ '1970-01-01'",
            "UPDATE consent_event SET recorded_at = TIMESTAMPTZ '1970-01-01' WHERE subscriber_id IS NOT NULL",
        ),
    };
    let app = history(database).await;
    for change in [long_ago, recorded] {
        assert!(app.tamper(change).await.unwrap() > 0, "{change}");
    }
    nobody_goes(&app).await;
    assert!(!check(&app).await.is_sound());
}

#[apply(both_databases!)]
async fn nobody_who_has_a_consent_is_forgotten(database: Database) {
    for change in ["UPDATE consent SET state = 'withdrawn'", "DELETE FROM consent"] {
        let app = history(database).await;
        assert!(app.tamper(change).await.unwrap() > 0, "{change}");
        app.advance(Duration::from_hours(24 * 365 * 7));
        let before = app.count(OF_ADA).await;
        let core = &app.core;
        forget_people(&core.db, &core.flow_settings, &core.moment()).await.unwrap();
        assert_eq!(app.count(OF_ADA).await, before, "{change}");
        assert!(!check(&app).await.is_sound());
    }
}

#[apply(both_databases!)]
async fn a_form_with_a_changed_event_stays(database: Database) {
    let app = history(database).await;
    app.tamper(
        "UPDATE consent_event SET body = replace(body, 'cyd', 'dan') WHERE subscriber_id IS NULL",
    )
    .await
    .unwrap();
    app.advance(Duration::from_hours(24 * 40));
    let before = app.count(BODIES).await;
    let core = &app.core;
    assert_eq!(forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap(), 0);
    assert_eq!(app.count(BODIES).await, before);
}

#[apply(both_databases!)]
async fn nobodys_form_goes_with_somebody_else(database: Database) {
    let app = history(database).await;
    let to_bob = "UPDATE signup SET address_key = (SELECT address_key FROM subscriber WHERE email = 'bob@b.example')
                      WHERE email = 'ada@b.example'";
    assert!(app.tamper(to_bob).await.unwrap() > 0);
    app.advance(Duration::from_hours(24 * 365 * 7));
    let before = app.count(OF_ADA).await;
    let core = &app.core;
    forget_people(&core.db, &core.flow_settings, &core.moment()).await.unwrap();
    assert_eq!(app.count(OF_ADA).await, before);
}

#[apply(both_databases!)]
async fn no_form_is_deleted_early(database: Database) {
    let age = match database {
        Database::Sqlite => "UPDATE signup SET created_at = 0, expires_at = 0",
        Database::Postgres => {
            "UPDATE signup SET created_at = TIMESTAMPTZ '1970-01-01', expires_at = TIMESTAMPTZ '1970-01-01'"
        }
    };
    let app = history(database).await;
    assert!(app.tamper(age).await.unwrap() > 0);
    nobody_goes(&app).await;
}

#[apply(both_databases!)]
async fn a_confirmed_form_stays_though_it_seems_to_wait(database: Database) {
    let app = history(database).await;
    app.tamper("DELETE FROM download").await.unwrap();
    app.tamper("DELETE FROM download_grant").await.unwrap();
    app.tamper("UPDATE signup SET status = 'expired', confirmed_at = NULL, subscriber_id = NULL")
        .await
        .unwrap();
    app.advance(Duration::from_hours(24 * 40));
    let core = &app.core;
    // Cyd's, whose time is over by now.
    assert_eq!(forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap(), 1);
    let kept = "SELECT count(*) FROM consent_event WHERE type = 'requested' AND body IS NOT NULL";
    assert_eq!(app.count(kept).await, 4);
}

#[apply(both_databases!)]
async fn a_confirmed_form_stays_though_its_person_bears_another_key(database: Database) {
    let key = match database {
        Database::Sqlite => {
            "UPDATE subscriber SET address_key = zeroblob(32) WHERE email = 'ada@b.example'"
        }
        Database::Postgres => {
            "UPDATE subscriber SET address_key = decode(repeat('00', 32), 'hex')
                                   WHERE email = 'ada@b.example'"
        }
    };
    let app = history(database).await;
    for change in [
        "CREATE TABLE kept AS SELECT * FROM subscriber",
        "CREATE TABLE kept_form AS SELECT * FROM signup",
        "DELETE FROM download",
        "DELETE FROM download_grant",
        "UPDATE signup SET status = 'expired', confirmed_at = NULL, subscriber_id = NULL
             WHERE email = 'ada@b.example'",
        key,
    ] {
        app.tamper(change).await.unwrap();
    }
    app.advance(Duration::from_hours(24 * 40));
    let before = app.count(OF_ADA).await;
    let core = &app.core;
    // Cyd's, whose time is over by now.
    assert_eq!(forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap(), 1);
    assert_eq!(app.count(OF_ADA).await, before);
    for back in [
        "UPDATE subscriber SET address_key = (SELECT k.address_key FROM kept k WHERE k.email = subscriber.email)
             WHERE email = 'ada@b.example'",
        "UPDATE signup SET status = 'confirmed',
                 confirmed_at = (SELECT k.confirmed_at FROM kept_form k WHERE k.signup_id = signup.signup_id),
                 subscriber_id = (SELECT k.subscriber_id FROM kept_form k WHERE k.signup_id = signup.signup_id)
             WHERE email = 'ada@b.example'",
    ] {
        assert_eq!(app.tamper(back).await.unwrap(), 1);
    }
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn nobody_goes_with_a_stranger_who_bears_their_key(database: Database) {
    let (own, stranger, gone, back) = match database {
        Database::Sqlite => (
            "UPDATE subscriber SET address_key = zeroblob(32) WHERE email = 'bob@b.example'",
            "INSERT INTO subscriber (subscriber_id, email, address_key, last_seq, verified_at, created_at)
                 SELECT X'00000000000070008000000000000001', email, address_key, 0, 0, 0 FROM kept
                 WHERE email = 'bob@b.example'",
            "DELETE FROM subscriber WHERE subscriber_id = X'00000000000070008000000000000001'",
            "UPDATE subscriber SET address_key = (SELECT k.address_key FROM kept k WHERE k.email = subscriber.email)
                 WHERE email = 'bob@b.example'",
        ),
        Database::Postgres => (
            "ALTER TABLE subscriber DROP CONSTRAINT subscriber_address_key_key",
            "INSERT INTO subscriber (subscriber_id, email, address_key, last_seq, verified_at, created_at)
                 SELECT CAST('00000000-0000-7000-8000-000000000001' AS uuid), email, address_key, 0,
                     TIMESTAMPTZ '1970-01-01', TIMESTAMPTZ '1970-01-01' FROM kept
                 WHERE email = 'bob@b.example'",
            "DELETE FROM subscriber WHERE subscriber_id = '00000000-0000-7000-8000-000000000001'",
            "ALTER TABLE subscriber ADD CONSTRAINT subscriber_address_key_key UNIQUE (address_key)",
        ),
    };
    let app = history(database).await;
    for change in ["CREATE TABLE kept AS SELECT * FROM subscriber", own, stranger] {
        app.tamper(change).await.unwrap();
    }
    nobody_goes(&app).await;
    let ended = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn' AND body IS NOT NULL";
    assert_eq!(app.count(ended).await, 2);
    for change in [gone, back] {
        app.tamper(change).await.unwrap();
    }
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn what_is_over_goes(database: Database) {
    let app = history(database).await;
    app.advance(Duration::from_hours(24 * 365 * 7));
    let core = &app.core;
    assert_eq!(forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap(), 1);
    assert_eq!(forget_people(&core.db, &core.flow_settings, &core.moment()).await.unwrap(), 1);
    assert_sound(&app).await;
}
