//! Who must not be mailed is not exported, each reason in its own scope, and a fresh double opt-in
//! lifts what is the subscriber's to lift.

use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const PURPOSES: [&str; 2] = ["privacy-policy", "newsletter:weekly"];

/// The purposes under which the one subscriber is exported.
async fn exported_for(app: &TestApp) -> Vec<&'static str> {
    let mut purposes = Vec::new();
    for purpose in PURPOSES {
        if !app.exported(purpose).await.is_empty() {
            purposes.push(purpose);
        }
    }
    purposes
}

#[apply(both_databases!)]
async fn each_reason_keeps_to_its_scope(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    for (insert, left) in [
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'newsletter:weekly', created_at FROM subscriber",
            &PURPOSES[..1],
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'not-me', '*', created_at FROM subscriber",
            &PURPOSES[..],
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'bounced', '*', created_at FROM subscriber",
            &[],
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'complained', '*', created_at FROM subscriber",
            &[],
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'manual', '*', created_at FROM subscriber",
            &[],
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'erased', '*', created_at FROM subscriber",
            &[],
        ),
    ] {
        assert_eq!(app.tamper(insert).await.unwrap(), 1);
        assert_eq!(exported_for(&app).await, left, "{insert}");
        assert_eq!(app.tamper("DELETE FROM suppression").await.unwrap(), 1);
    }
    assert_eq!(exported_for(&app).await, PURPOSES);
}

#[apply(both_databases!)]
async fn coming_back_lifts_leaving_and_nothing_else(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    for reason in [
        "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'newsletter:weekly', created_at FROM subscriber",
        "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'erased', '*', created_at FROM subscriber",
    ] {
        app.tamper(reason).await.unwrap();
    }
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    assert_eq!(exported_for(&app).await, PURPOSES);

    // These get the same page and no mail, however often they ask.
    app.tamper("INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'complained', '*', created_at FROM subscriber").await.unwrap();
    let before = app.inbox().len();
    assert_eq!(app.ask("ada@b.example").await.location(), "/check-your-inbox");
    app.mail_settled().await;
    assert_eq!((app.inbox().len(), exported_for(&app).await.len()), (before, 0));
}
