//! Retention does away with no evidence whose columns say, by another hand, that its time is over.

use std::time::Duration;

use assent::worker::purge::{forget, forget_people};

use super::{WEEKLY, assert_sound, check, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

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

/// What goes by this change: nothing.
async fn keeps_all(database: Database, change: &'static str) {
    let app = history(database).await;
    let before = app.count(BODIES).await;
    assert!(app.tamper(change).await.unwrap() > 0, "{change}");
    let (core, at) = (&app.core, app.core.moment());
    forget(&core.db, &core.terms, &at).await.unwrap();
    forget_people(&core.db, &core.terms, &at).await.unwrap();
    assert_eq!(app.count(BODIES).await, before, "{change}");
}

both_databases! {
    async fn nobody_is_forgotten_early(database: Database) {
        for change in [
            "UPDATE consent_event SET recorded_at = (SELECT min(published_at) FROM policy_version) WHERE subscriber_id IS NOT NULL",
            "UPDATE consent SET state = 'withdrawn'",
            "DELETE FROM consent",
        ] {
            let longer = match database {
                Database::Sqlite => "UPDATE subscriber SET created_at = 0",
                Database::Postgres => "UPDATE subscriber SET created_at = TIMESTAMPTZ '1970-01-01'",
            };
            let app = history(database).await;
            let before = app.count(BODIES).await;
            for change in [longer, change] {
                assert!(app.tamper(change).await.unwrap() > 0, "{change}");
            }
            app.tamper(match database {
                Database::Sqlite => "UPDATE consent_event SET recorded_at = 0 WHERE subscriber_id IS NOT NULL",
                Database::Postgres => "UPDATE consent_event SET recorded_at = TIMESTAMPTZ '1970-01-01' WHERE subscriber_id IS NOT NULL",
            }).await.unwrap();
            let (core, at) = (&app.core, app.core.moment());
            assert_eq!(forget_people(&core.db, &core.terms, &at).await.unwrap(), 0, "{change}");
            assert_eq!(app.count(BODIES).await, before, "{change}");
            assert!(!check(&app).await.is_sound());
        }
    }

    async fn no_form_is_deleted_early(database: Database) {
        let age = match database {
            Database::Sqlite => "UPDATE signup SET created_at = 0, expires_at = 0",
            Database::Postgres => "UPDATE signup SET created_at = TIMESTAMPTZ '1970-01-01', expires_at = TIMESTAMPTZ '1970-01-01'",
        };
        keeps_all(database, age).await;
    }

    async fn a_confirmed_form_stays_though_it_seems_to_wait(database: Database) {
        let app = history(database).await;
        app.tamper("DELETE FROM download").await.unwrap();
        app.tamper("DELETE FROM download_grant").await.unwrap();
        app.tamper("UPDATE signup SET status = 'expired', confirmed_at = NULL, subscriber_id = NULL").await.unwrap();
        app.advance(Duration::from_hours(24 * 40));
        let core = &app.core;
        // Cyd's, whose time is over by now.
        assert_eq!(forget(&core.db, &core.terms, &core.moment()).await.unwrap(), 1);
        let kept = "SELECT count(*) FROM consent_event WHERE type = 'requested' AND body IS NOT NULL";
        assert_eq!(app.count(kept).await, 4);
    }

    async fn what_is_over_goes(database: Database) {
        let app = history(database).await;
        app.advance(Duration::from_hours(24 * 365 * 7));
        let core = &app.core;
        assert_eq!(forget(&core.db, &core.terms, &core.moment()).await.unwrap(), 1);
        assert_eq!(forget_people(&core.db, &core.terms, &core.moment()).await.unwrap(), 1);
        assert_sound(&app).await;
    }
}
