//! What happened cannot be undone by SQL, and none of it be lost unseen.

use std::time::Duration;

use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_refused, assert_sound, check, command, does, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::stopped::lose_endings;
use crate::support::{both_databases, poll};

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", WEEKLY).await;
    seal(&app).await;
    app.tamper("CREATE TABLE kept AS SELECT c.* FROM consent c JOIN subscriber u ON u.subscriber_id = c.subscriber_id
                WHERE u.email = 'ada@b.example'").await.unwrap();
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    seal(&app).await;
    assert_sound(&app).await;
    unguard(&app).await;
    app
}

/// Whoever does it has the data directory and the file store too.
async fn put_back_the_consent(app: &TestApp) {
    lose_endings(app.dir.path());
    for statement in [
        "DELETE FROM consent WHERE EXISTS (SELECT 1 FROM kept k WHERE k.subscriber_id = consent.subscriber_id)",
        "INSERT INTO consent SELECT * FROM kept",
        "DELETE FROM suppression",
    ] {
        assert!(app.tamper(statement).await.unwrap() > 0, "{statement}");
    }
}

async fn is_named(app: &TestApp, words: &str) {
    let told = check(app).await.findings;
    assert!(told.iter().any(|what| what.contains(words)), "{words}: {told:?}");
    assert_refused(&command(app, &EXPORT), "the consent ledger is not what it was");
}

/// The next export refuses, before any check, and names nobody who left.
fn is_not_exported(app: &TestApp) {
    let output = command(app, &EXPORT);
    assert_refused(&output, "the consent ledger is not what it was");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("ada@"));
}

#[apply(both_databases!)]
async fn a_withdrawal_that_was_emptied_still_ends_the_consent(database: Database) {
    let app = history(database).await;
    app.tamper("UPDATE consent_event SET body = NULL, salt = NULL WHERE type = 'withdrawn'")
        .await
        .unwrap();
    put_back_the_consent(&app).await;
    is_not_exported(&app);
    is_named(&app, "its body is gone, and its subscriber still has a consent").await;
    is_named(&app, "its body is gone, and no erasure, purge or adoption names it").await;
}

#[apply(both_databases!)]
async fn a_withdrawal_that_was_passed_over_still_ends_the_consent(database: Database) {
    let app = history(database).await;
    put_back_the_consent(&app).await;
    is_not_exported(&app);
    is_named(&app, "the consent it made rests on an older event").await;
}

#[apply(both_databases!)]
async fn a_withdrawal_that_was_deleted_is_missed_by_the_next_export(database: Database) {
    let app = history(database).await;
    put_back_the_consent(&app).await;
    app.tamper("DELETE FROM consent_event WHERE type = 'withdrawn'").await.unwrap();
    app.tamper("UPDATE subscriber SET last_seq = 2").await.unwrap();
    is_not_exported(&app);
    is_named(&app, "it is missing").await;
}

#[apply(both_databases!)]
async fn a_withdrawal_of_something_else_is_another_event(database: Database) {
    let app = history(database).await;
    put_back_the_consent(&app).await;
    app.tamper("UPDATE consent_event SET purpose = 'privacy-policy' WHERE type = 'withdrawn'")
        .await
        .unwrap();
    is_named(&app, "its purpose is not the one in its body").await;
}

#[apply(both_databases!)]
async fn wishes_that_were_emptied_are_missed(database: Database) {
    let app = history(database).await;
    app.tamper("UPDATE consent_event SET body = NULL, salt = NULL WHERE type = 'requested'")
        .await
        .unwrap();
    is_named(&app, "its body is gone, and no erasure, purge or adoption names it").await;
}

#[apply(both_databases!)]
async fn an_event_that_waits_cannot_be_deleted_unseen(database: Database) {
    for (delete, words) in [
        (
            "DELETE FROM consent_event WHERE seq = 2 AND type = 'given'",
            "the newest event of subscriber",
        ),
        ("DELETE FROM consent_event WHERE type = 'requested'", "no event tells what was ticked"),
        (
            "UPDATE consent_event SET body = NULL, salt = NULL WHERE type = 'requested'",
            "lost its body, and nobody says why",
        ),
    ] {
        let app = TestApp::start(database).await;
        unguard(&app).await;
        if database == Database::Sqlite {
            app.tamper("PRAGMA foreign_keys = OFF").await.unwrap();
        } else {
            // The worker may be at it, and two who wait for each other may wait for ever where the clock is moved.
            poll::until("a table without its guard", || async {
                app.tamper("DO $$ BEGIN LOCK TABLE consent_event, consent IN ACCESS EXCLUSIVE MODE NOWAIT;
                                ALTER TABLE consent DROP CONSTRAINT IF EXISTS consent_event_id_fkey; END $$").await.ok()
            }).await;
        }
        app.subscribe("ada@b.example", WEEKLY).await;
        // The worker may have sealed them meanwhile.
        assert!(app.tamper(delete).await.unwrap() > 0);
        let told = check(&app).await.findings;
        let missing = |what: &String| {
            what.contains(words)
                || what.contains("it is missing")
                || what.contains("no erasure, purge or adoption names it")
        };
        assert!(told.iter().any(missing), "{words}: {told:?}");
    }
}

#[apply(both_databases!)]
async fn somebody_erased_does_not_come_back(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    for keep in [
        "CREATE TABLE kept_event AS SELECT event_id, body, salt FROM consent_event",
        "CREATE TABLE kept_consent AS SELECT * FROM consent",
        "CREATE TABLE kept_subscriber AS SELECT * FROM subscriber",
    ] {
        app.tamper(keep).await.unwrap();
    }
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/erase"), "confirm=yes").await.status, 200);
    seal(&app).await;
    assert_sound(&app).await;
    unguard(&app).await;
    app.tamper("UPDATE consent_event SET body = (SELECT k.body FROM kept_event k WHERE k.event_id = consent_event.event_id),
                    salt = (SELECT k.salt FROM kept_event k WHERE k.event_id = consent_event.event_id)
                    WHERE type <> 'erased'").await.unwrap();
    is_named(&app, "it is named as emptied, and has a body").await;
    is_named(&app, "whom it was about was forgotten, and something of them is left").await;
    app.tamper("INSERT INTO subscriber SELECT * FROM kept_subscriber").await.unwrap();
    app.tamper("INSERT INTO consent SELECT * FROM kept_consent").await.unwrap();
    app.tamper("DELETE FROM suppression").await.unwrap();
    lose_endings(app.dir.path());
    is_named(&app, "something of them is left").await;
}

#[apply(both_databases!)]
async fn what_was_emptied_while_it_waited_stays_so(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    app.tamper("CREATE TABLE kept_event AS SELECT event_id, body, salt FROM consent_event")
        .await
        .unwrap();
    assert_eq!(app.post(&format!("{manage}/erase"), "confirm=yes").await.status, 200);
    assert_sound(&app).await;
    unguard(&app).await;
    app.tamper("UPDATE consent_event SET body = (SELECT k.body FROM kept_event k WHERE k.event_id = consent_event.event_id),
                    salt = (SELECT k.salt FROM kept_event k WHERE k.event_id = consent_event.event_id)
                    WHERE type = 'requested'").await.unwrap();
    is_named(&app, "it is named as emptied, and has a body").await;
}

#[apply(both_databases!)]
async fn the_audit_cannot_be_emptied(database: Database) {
    let app = history(database).await;
    app.tamper(
        "CREATE TABLE one_entry AS SELECT claim_id FROM claim JOIN audit_entry
                    ON audit_entry_id = claim_id WHERE number IS NOT NULL ORDER BY number LIMIT 1",
    )
    .await
    .unwrap();
    for (doing, words) in [
        (
            "UPDATE audit_entry SET actor = 'nobody' WHERE audit_entry_id = (SELECT claim_id FROM one_entry)",
            "something was changed",
        ),
        (
            "DELETE FROM audit_entry WHERE audit_entry_id = (SELECT claim_id FROM one_entry)",
            "something was changed",
        ),
        ("DELETE FROM audit_entry", "something was changed"),
    ] {
        assert!(app.tamper(doing).await.unwrap() > 0);
        is_named(&app, words).await;
    }
    app.tamper("DELETE FROM claim").await.unwrap();
    is_named(&app, "things that were done and published").await;
}

#[apply(both_databases!)]
async fn an_action_that_is_not_claimed_is_told(database: Database) {
    let app = history(database).await;
    app.tamper("DELETE FROM claim WHERE number = (SELECT max(number) FROM claim)").await.unwrap();
    is_named(&app, "things that were done and published").await;
}

#[apply(both_databases!)]
async fn a_head_in_the_middle_is_missed(database: Database) {
    let app = history(database).await;
    app.tamper("DELETE FROM checkpoint WHERE size = (SELECT size FROM checkpoint ORDER BY size LIMIT 1 OFFSET 1)").await.unwrap();
    is_named(&app, "does not follow the one of").await;
}

// DELETE FROM checkpoint WHERE size = …; UPDATE checkpoint SET previous = NULL, mac = NULL WHERE size = …
#[apply(both_databases!)]
async fn a_head_that_does_not_say_which_one_it_follows_is_named(database: Database) {
    let app = history(database).await;
    app.tamper("CREATE TABLE heads AS SELECT * FROM checkpoint").await.unwrap();
    for statement in [
        "DELETE FROM checkpoint WHERE size = (SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1 OFFSET 1)",
        "UPDATE checkpoint SET previous = NULL, mac = NULL WHERE size = (SELECT max(size) FROM heads)",
    ] {
        assert_eq!(app.tamper(statement).await.unwrap(), 1, "{statement}");
    }
    is_named(&app, "does not say which one it follows").await;
    // Nor do all of them together pass for those of an earlier version.
    assert!(app.tamper("UPDATE checkpoint SET previous = NULL, mac = NULL").await.unwrap() > 1);
    is_named(&app, "does not say which one it follows").await;
}

#[apply(both_databases!)]
async fn a_clock_that_was_set_back_is_told_and_refuses_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    assert!(assert_sound(&app).await.warnings.is_empty());
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    app.set_back(Duration::from_hours(5 * 365 * 24));
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    seal(&app).await;
    let told = assert_sound(&app).await.warnings;
    assert!(
        told.iter().any(|what| what.contains("bears an earlier time than the one before it")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|what| what.contains("and the head before it was signed at")),
        "{told:?}"
    );
    let said = does(&app, &["ledger", "verify"]);
    assert!(said.contains("warning: ") && said.contains("sound: "), "{said}");
    let dir = app.dir.path().join("bundle");
    does(&app, &["ledger", "bundle", dir.to_str().unwrap()]);
    let said = does(&app, &["ledger", "audit", dir.to_str().unwrap()]);
    assert!(said.contains("warning: ") && said.contains("sound: "), "{said}");
    let desk = app.sign_in(assent::domain::staff::member::Role::Viewer).await;
    assert!(desk.page("/console/ledger").await.contains("such as a clock that was set back"));
    does(&app, &EXPORT);
}
