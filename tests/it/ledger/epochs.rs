//! Where the ledger went on after a loss is what its leaves say, and nothing that a row does.

use assent::store::Db;
use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_refused, assert_sound, check, command, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_heads;

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    assert_sound(&app).await;
    unguard(&app).await;
    app
}

/// Takes away what guards the rows.
async fn unguard(app: &TestApp) {
    let guards: &[&'static str] = match app.core.db {
        Db::Sqlite { .. } => {
            &["DROP TRIGGER ledger_epoch_is_kept", "DROP TRIGGER ledger_epoch_is_immutable"]
        }
        Db::Postgres { .. } => &["ALTER TABLE ledger_epoch DISABLE TRIGGER USER"],
    };
    for guard in guards {
        app.tamper(guard).await.unwrap();
    }
}

async fn is_named(app: &TestApp, words: &str) {
    let told = check(app).await.findings;
    assert!(told.iter().any(|what| what.contains(words)), "{words}: {told:?}");
    assert_eq!(command(app, &EXPORT).status.code(), Some(1), "nothing is exported");
}

// INSERT INTO ledger_epoch VALUES (7, 3, 'nonsense', …)
#[apply(both_databases!)]
async fn one_that_no_leaf_began_is_named(database: Database) {
    let app = history(database).await;
    for (epoch, put) in [
        (
            "/r7",
            "INSERT INTO ledger_epoch (epoch, from_size, known_note, resumed_at)
                     SELECT 7, 3, 'nonsense', max(created_at) FROM checkpoint",
        ),
        (
            "/r2",
            "INSERT INTO ledger_epoch (epoch, from_size, known_note, resumed_at)
                     SELECT 2, max(size), max(note), max(created_at) FROM checkpoint",
        ),
    ] {
        assert_eq!(app.tamper(put).await.unwrap(), 1);
        is_named(&app, &format!("{epoch}, and no leaf began that")).await;
        assert_refused(&command(&app, &EXPORT), "the consent ledger is not what it was");
        assert_eq!(app.tamper("DELETE FROM ledger_epoch").await.unwrap(), 1);
        assert_sound(&app).await;
    }
    does(&app, &EXPORT);
}

#[apply(both_databases!)]
async fn one_that_a_leaf_began_stays_as_it_was(database: Database) {
    let stopped = history(database).await.halt().await;
    lose_heads(stopped.dir.path());
    let app = stopped.start(&[]).await;
    assert!(does(&app, &["ledger", "resume"]).contains("/r2"));
    assert_sound(&app).await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM ledger_epoch").await.unwrap();
    for (change, words) in [
        ("DELETE FROM ledger_epoch", "/r2, and the database does not say so any more"),
        // INSERT INTO ledger_epoch VALUES (2, 3, NULL, …) in its place.
        ("UPDATE ledger_epoch SET from_size = 3", "the database does not say of "),
        ("UPDATE ledger_epoch SET known_note = 'nonsense'", "the database does not say of "),
        (
            "UPDATE ledger_epoch SET known_note = (SELECT note FROM checkpoint ORDER BY size LIMIT 1)",
            "the database does not say of ",
        ),
        (
            "UPDATE ledger_epoch SET resumed_at = (SELECT min(recorded_at) FROM consent_event)",
            "the database does not say of ",
        ),
        ("UPDATE ledger_epoch SET epoch = 3", "/r3, and no leaf began that"),
    ] {
        assert_eq!(app.tamper(change).await.unwrap(), 1, "{change}");
        is_named(&app, words).await;
        app.tamper("DELETE FROM ledger_epoch").await.unwrap();
        assert_eq!(app.tamper("INSERT INTO ledger_epoch SELECT * FROM kept").await.unwrap(), 1);
        assert_sound(&app).await;
    }
    does(&app, &EXPORT);
}
