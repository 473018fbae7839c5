//! Who leaves has left, and who ticked nothing gave nothing, whatever the database says while they press.

use std::time::Duration;

use assent::domain::contacts::suppression::SuppressionReason;
use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_sound, command, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const EMAIL: &str = "ada@b.example";
/// What a thief keeps of the rows, to put back later.
const KEEP: [&str; 4] = [
    "CREATE TABLE kept_consent AS SELECT * FROM consent",
    "CREATE TABLE kept_subscriber AS SELECT * FROM subscriber",
    "CREATE TABLE kept_event AS SELECT * FROM consent_event",
    "CREATE TABLE kept_word AS SELECT * FROM subscriber_word",
];

/// Ada has the weekly; the link to her choices.
async fn history(database: Database) -> (TestApp, String) {
    let app = TestApp::start(database).await;
    app.subscribe(EMAIL, WEEKLY).await;
    let link = app.mail_to(EMAIL).pop().unwrap().link("/preferences/");
    seal(&app).await;
    assert_sound(&app).await;
    unguard(&app).await;
    keep(&app).await;
    (app, link)
}

async fn keep(app: &TestApp) {
    for sql in KEEP {
        app.tamper(sql).await.unwrap();
    }
}

async fn does(app: &TestApp, sql: &'static str) {
    assert!(app.tamper(sql).await.unwrap() > 0, "{sql}");
}

/// The same, and for the moment of the press her row is recognised by the key of another address.
async fn under_another_address(database: Database) -> (TestApp, String) {
    let (app, link) = history(database).await;
    does(
        &app,
        "UPDATE subscriber SET address_key = (SELECT context_sha256 FROM consent_event
             WHERE context_sha256 IS NOT NULL LIMIT 1)",
    )
    .await;
    (app, link)
}

/// All is as it was before she left, and the event that says so is gone before it got its place.
async fn put_back(app: &TestApp) {
    for sql in [
        "DELETE FROM suppression",
        "DELETE FROM consent",
        "INSERT INTO consent SELECT * FROM kept_consent",
        "DELETE FROM consent_event WHERE event_id NOT IN (SELECT event_id FROM kept_event)",
        "UPDATE subscriber SET address_key = (SELECT k.address_key FROM kept_subscriber k
             WHERE k.subscriber_id = subscriber.subscriber_id),
         last_seq = (SELECT k.last_seq FROM kept_subscriber k WHERE k.subscriber_id = subscriber.subscriber_id)",
    ] {
        app.tamper(sql).await.unwrap();
    }
}

/// A statement that the keys between tables forbid, for either database.
macro_rules! forced {
    ($sql:literal) => {
        (
            concat!("PRAGMA foreign_keys = OFF; ", $sql, "; PRAGMA foreign_keys = ON"),
            concat!("DO $$ BEGIN SET LOCAL session_replication_role = replica; ", $sql, "; END $$"),
        )
    };
}

async fn force(app: &TestApp, (sqlite, postgres): (&'static str, &'static str)) {
    app.tamper(if app.core.db.writers() == 1 { sqlite } else { postgres }).await.unwrap();
}

/// The database says that nobody is there.
async fn unseen(app: &TestApp) {
    force(app, forced!("DELETE FROM subscriber")).await;
}

/// And that they are there again, as they were.
async fn seen_again(app: &TestApp) {
    app.tamper("INSERT INTO subscriber SELECT * FROM kept_subscriber").await.unwrap();
    put_back(app).await;
}

/// What began is settled a minute later; she is in no export then.
fn is_not_exported(app: &TestApp) {
    app.advance(Duration::from_secs(61));
    let output = command(app, &EXPORT);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(EMAIL));
    assert!(String::from_utf8_lossy(&output.stderr).contains("known outside the database"));
}

fn noted(app: &TestApp) -> String {
    std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap_or_default()
}

// UPDATE consent SET state = 'withdrawn', for the moment of the press
#[apply(both_databases!)]
async fn who_leaves_what_seems_to_have_ended_has_left(database: Database) {
    for press in ["withdraw-all", "unsubscribe", "save"] {
        let (app, link) = history(database).await;
        let page = app.seen(&link).await;
        let one_click = app.mail_to(EMAIL).pop().unwrap().link("/unsubscribe/");
        does(&app, "UPDATE consent SET state = 'withdrawn'").await;
        let answer = match press {
            "withdraw-all" => app.post(&format!("{link}/withdraw-all"), "").await,
            "unsubscribe" => app.post(&one_click, "List-Unsubscribe=One-Click").await,
            _ => app.post(&link, &format!("{page}&purpose=privacy-policy")).await,
        };
        assert!(answer.status == 200 || answer.status == 303, "{press}: {}", answer.status);
        put_back(&app).await;
        is_not_exported(&app);
    }
}

// UPDATE subscriber SET address_key = …, for the moment of the press
#[apply(both_databases!)]
async fn who_leaves_under_another_address_has_left(database: Database) {
    let (app, link) = under_another_address(database).await;
    app.post(&format!("{link}/withdraw-all"), "").await;
    put_back(&app).await;
    is_not_exported(&app);
}

// The same, and all rows put back after an erasure
#[apply(both_databases!)]
async fn who_was_erased_under_another_address_was_erased(database: Database) {
    let (app, link) = under_another_address(database).await;
    does(&app, "UPDATE signup SET address_key = (SELECT address_key FROM subscriber)").await;
    assert_eq!(app.post(&format!("{link}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 0);
    for sql in [
        "INSERT INTO subscriber SELECT * FROM kept_subscriber",
        "UPDATE consent_event SET
                 body = (SELECT k.body FROM kept_event k WHERE k.event_id = consent_event.event_id),
                 salt = (SELECT k.salt FROM kept_event k WHERE k.event_id = consent_event.event_id),
                 subscriber_id = (SELECT k.subscriber_id FROM kept_event k WHERE k.event_id = consent_event.event_id)",
        "INSERT INTO subscriber_word SELECT * FROM kept_word",
    ] {
        app.tamper(sql).await.unwrap();
    }
    put_back(&app).await;
    is_not_exported(&app);
}

// DELETE FROM subscriber …, for the moment of the press
#[apply(both_databases!)]
async fn who_leaves_while_nothing_seems_to_be_held_has_left(database: Database) {
    for press in ["withdraw-all", "erase", "save", "one-click"] {
        let (app, link) = history(database).await;
        let page = app.seen(&link).await;
        let one_click = app.mail_to(EMAIL).pop().unwrap().link("/unsubscribe/");
        unseen(&app).await;
        let answer = match press {
            "withdraw-all" => app.post(&format!("{link}/withdraw-all"), "").await,
            "erase" => app.post(&format!("{link}/erase"), "confirm=yes").await,
            "save" => app.post(&link, &format!("{page}&purpose=privacy-policy")).await,
            _ => app.post(&one_click, "List-Unsubscribe=One-Click").await,
        };
        assert!(answer.status == 410 || press == "one-click", "{press}: {}", answer.status);
        seen_again(&app).await;
        is_not_exported(&app);
    }
}

// UPDATE purpose SET code = …, for the moment of the press
#[apply(both_databases!)]
async fn who_leaves_all_mail_leaves_what_seems_to_be_no_purpose(database: Database) {
    let (app, _) = history(database).await;
    let link = app.mail_to(EMAIL).pop().unwrap().link("/unsubscribe/");
    force(
        &app,
        forced!("UPDATE purpose SET code = 'newsletter:zzz' WHERE code = 'newsletter:weekly'"),
    )
    .await;
    assert_eq!(app.post(&link, "List-Unsubscribe=One-Click").await.status, 200);
    force(
        &app,
        forced!("UPDATE purpose SET code = 'newsletter:weekly' WHERE code = 'newsletter:zzz'"),
    )
    .await;
    assert!(noted(&app).contains(" began left-mail *"), "{}", noted(&app));
    put_back(&app).await;
    is_not_exported(&app);
}

// The same as at first, within a minute of coming back
#[apply(both_databases!)]
async fn who_leaves_again_at_once_has_left(database: Database) {
    let (app, link) = history(database).await;
    app.post(&format!("{link}/withdraw-all"), "").await;
    app.advance(Duration::from_secs(10));
    let path = link.replace(&app.base, "");
    let form = PageForm::find(&app.get(&link).await.text(), &path);
    let body = form.tick("privacy-policy").tick("newsletter:weekly").body();
    assert_eq!(app.post(&link, &body).await.status, 303);
    assert_eq!(app.exported("newsletter:weekly").await, [EMAIL]);
    for table in [
        "DROP TABLE kept_consent",
        "DROP TABLE kept_subscriber",
        "DROP TABLE kept_event",
        "DROP TABLE kept_word",
    ] {
        app.tamper(table).await.unwrap();
    }
    keep(&app).await;
    unseen(&app).await;
    app.advance(Duration::from_secs(10));
    app.post(&format!("{link}/withdraw-all"), "").await;
    seen_again(&app).await;
    is_not_exported(&app);
}

// UPDATE subscriber SET address_key = …, while staff have an address erased
#[apply(both_databases!)]
async fn who_is_to_be_erased_is_though_nothing_seems_to_be_held(database: Database) {
    let (app, _) = under_another_address(database).await;
    does(&app, "UPDATE signup SET address_key = (SELECT address_key FROM subscriber)").await;
    let output = command(&app, &["erase", EMAIL]);
    assert!(output.status.success());
    assert!(noted(&app).contains(" began erased *"), "{}", noted(&app));
    app.tamper("DELETE FROM suppression").await.unwrap();
    does(
        &app,
        "UPDATE subscriber SET address_key = (SELECT k.address_key FROM kept_subscriber k
                        WHERE k.subscriber_id = subscriber.subscriber_id)",
    )
    .await;
    // What ended within the last minute may be on its way into the database.
    app.advance(Duration::from_mins(2));
    is_not_exported(&app);
}

#[apply(both_databases!)]
async fn who_comes_back_after_leaving_is_exported(database: Database) {
    let (app, link) = history(database).await;
    app.post(&format!("{link}/withdraw-all"), "").await;
    app.advance(Duration::from_hours(1));
    app.mail_settled().await;
    app.subscribe(EMAIL, WEEKLY).await;
    assert_eq!(app.exported("newsletter:weekly").await, [EMAIL]);
    app.post(&format!("{link}/withdraw-all"), "").await;
    assert!(app.exported("newsletter:weekly").await.is_empty());
    // The clock was set back in between.
    app.set_back(Duration::from_mins(10));
    let path = link.replace(&app.base, "");
    let form = PageForm::find(&app.get(&link).await.text(), &path);
    let body = form.tick("privacy-policy").tick("newsletter:weekly").body();
    assert_eq!(app.post(&link, &body).await.status, 303);
    assert_eq!(app.exported("newsletter:weekly").await, [EMAIL]);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn many_presses_are_noted_once_a_minute(database: Database) {
    let (app, link) = history(database).await;
    for _ in 0..5 {
        app.post(&format!("{link}/withdraw-all"), "").await;
    }
    // By the keys of subscriber and address.
    assert_eq!(noted(&app).matches(" began left * ").count(), 2);
    app.advance(Duration::from_secs(61));
    app.post(&format!("{link}/withdraw-all"), "").await;
    assert_eq!(noted(&app).matches(" began left * ").count(), 4);
}

// UPDATE suppression SET since = '9999-12-31', before she comes back
#[apply(both_databases!)]
async fn what_is_lifted_holds_no_longer_than_until_it_began_anew(database: Database) {
    let (app, link) = history(database).await;
    app.post(&format!("{link}/withdraw-all"), "").await;
    match database {
        Database::Sqlite => does(&app, "UPDATE suppression SET since = 253402214400000000").await,
        Database::Postgres => does(&app, "UPDATE suppression SET since = '9999-12-31'").await,
    }
    app.advance(Duration::from_hours(1));
    app.mail_settled().await;
    app.subscribe(EMAIL, WEEKLY).await;
    assert!(!noted(&app).contains("9999"), "{}", noted(&app));
    assert_eq!(app.exported("newsletter:weekly").await, [EMAIL]);
}

// INSERT INTO suppression …, before staff stop her, and DELETE after it
#[apply(both_databases!)]
async fn a_stop_that_seems_to_stand_is_noted(database: Database) {
    let (app, _) = history(database).await;
    does(
        &app,
        "INSERT INTO suppression (address_key, reason, purpose, since)
                    SELECT address_key, 'manual', '*', created_at FROM subscriber",
    )
    .await;
    app.suppress(EMAIL, SuppressionReason::Manual).await;
    does(&app, "DELETE FROM suppression").await;
    assert!(noted(&app).contains(" began manual *"), "{}", noted(&app));
    app.advance(Duration::from_secs(61));
    assert!(!String::from_utf8_lossy(&command(&app, &EXPORT).stdout).contains(EMAIL));
}

// UPDATE consent SET state = 'given', while she opens the page, and back before she saves it
#[apply(both_databases!)]
async fn a_box_that_the_page_had_ticked_gives_nothing(database: Database) {
    let (app, link) = history(database).await;
    app.post(&link, &format!("{}&purpose=privacy-policy", app.seen(&link).await)).await;
    assert!(app.exported("newsletter:weekly").await.is_empty());
    does(&app, "UPDATE consent SET state = 'given' WHERE purpose = 'newsletter:weekly'").await;
    let page = app.get(&link).await.text();
    assert!(page.contains(r#"name="shown" value="newsletter:weekly""#), "{page}");
    let seen = app.seen(&link).await;
    does(&app, "UPDATE consent SET state = 'withdrawn' WHERE purpose = 'newsletter:weekly'").await;
    app.post(&link, &format!("{seen}&purpose=privacy-policy&purpose=newsletter%3Aweekly&name=Ada"))
        .await;
    assert!(app.exported("newsletter:weekly").await.is_empty());
    assert_sound(&app).await;
}

// INSERT INTO consent_event … 'requested', while she opens the confirmation page
#[apply(both_databases!)]
async fn a_page_shows_only_ticks_of_its_own_form(database: Database) {
    let (app, _) = history(database).await;
    let mail = app.ask_and_read("zoe@b.example", "").await;
    let link = mail.link("/confirm/");
    assert_eq!(app.get(&link).await.status, 200);
    does(&app, "INSERT INTO consent_event (event_id, subject_id, signup_id, seq, type, purpose, leaf,
                        recorded_at, notice_id, policy_version_id, body, salt, context_sha256)
                    SELECT e.subject_id, e.subject_id, e.signup_id, 9, e.type, 'newsletter:weekly', e.leaf,
                        e.recorded_at, e.notice_id, e.policy_version_id, e.body, e.salt, e.context_sha256
                    FROM consent_event e JOIN signup s ON s.signup_id = e.subject_id
                    WHERE s.email = 'zoe@b.example' AND e.purpose = 'privacy-policy'").await;
    assert_eq!(app.get(&link).await.status, 500);
    does(&app, "DELETE FROM consent_event WHERE seq = 9").await;
    assert_eq!(app.get(&link).await.status, 200);
}

// UPDATE consent_event SET notice_id = …, before she confirms
#[apply(both_databases!)]
async fn words_that_were_not_shown_are_not_agreed_to(database: Database) {
    let (app, _) = history(database).await;
    let mail = app.ask_and_read("zoe@b.example", "").await;
    let link = mail.link("/confirm/");
    does(&app, "UPDATE consent_event SET notice_id = (SELECT notice_id FROM notice
                        WHERE purpose = 'newsletter:weekly' LIMIT 1)
                    WHERE subject_id IN (SELECT signup_id FROM signup WHERE email = 'zoe@b.example')").await;
    assert_eq!(app.post(&link, "").await.status, 500);
    assert_eq!(app.count("SELECT count(*) FROM subscriber WHERE email = 'zoe@b.example'").await, 0);
}
