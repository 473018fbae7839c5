//! What ends again is what this program wrote: nobody is made to look like somebody who left, and nothing that was noted
//! is missed.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::flows::ledger::replay_endings::{Replay, Replayed};
use assent::outside::{Ending, EndingReason, Outside, Turn};
use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_sound, command, does, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const ADA: &str = "ada@b.example";
const BOB: &str = "bob@b.example";
const CYD: &str = "cyd@b.example";
/// Asked, and never confirmed.
const DEE: &str = "dee@b.example";
const HOUR: Duration = Duration::from_hours(1);
const IN_FORCE: &str = "SELECT count(*) FROM consent WHERE state IN ('given', 'renewed')";

/// Moves when events of this type were recorded by a microsecond.
macro_rules! recorded {
    ($database:expr, $sign:literal, $event_type:literal) => {
        match $database {
            Database::Sqlite => concat!(
                "UPDATE consent_event SET recorded_at = recorded_at ",
                $sign,
                " 1 WHERE type = '",
                $event_type,
                "'"
            ),
            Database::Postgres => concat!(
                "UPDATE consent_event SET recorded_at = recorded_at ",
                $sign,
                " INTERVAL '1 microsecond' WHERE type = '",
                $event_type,
                "'"
            ),
        }
    };
}

/// Three people with the weekly, and a form that nobody confirmed; what a thief keeps of who they are.
async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    for email in [ADA, BOB, CYD] {
        app.subscribe(email, WEEKLY).await;
    }
    app.ask_and_read(DEE, WEEKLY).await;
    app.mail_settled().await;
    seal(&app).await;
    assert_sound(&app).await;
    unguard(&app).await;
    for keep in [
        "CREATE TABLE who AS SELECT subscriber_id, email, address_key FROM subscriber",
        "CREATE TABLE asked AS SELECT signup_id, address_key FROM signup",
    ] {
        app.tamper(keep).await.unwrap();
    }
    app.advance(HOUR);
    app
}

async fn sql(app: &TestApp, statement: &'static str) {
    assert!(app.tamper(statement).await.unwrap() > 0, "{statement}");
}

/// The path of somebody's choices.
fn choices(app: &TestApp, email: &str) -> String {
    app.mail_to(email).pop().unwrap().link("/preferences/")
}

/// Who is in the export, by name.
async fn exported(app: &TestApp) -> Vec<String> {
    let mut contacts = app.exported("newsletter:weekly").await;
    contacts.sort();
    contacts
}

async fn leaves(app: &TestApp, email: &str) {
    let path = format!("{}/withdraw-all", choices(app, email));
    assert_eq!(app.post(&path, "").await.status, 303);
    app.mail_settled().await;
}

fn noted(app: &TestApp) -> String {
    std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap_or_default()
}

fn ending(app: &TestApp, email: &str, reason: SuppressionReason, purpose: Option<&str>) -> Ending {
    Ending {
        at: app.clock.now(),
        address_key: app
            .core
            .flow_settings
            .address_secret
            .key(&EmailAddress::parse(email).unwrap()),
        turn: Turn::Began,
        reason: EndingReason::Suppressed(reason),
        purpose: purpose.map(|code| code.parse().unwrap()),
    }
}

/// What a process that just began ends again, once nothing is under way any more.
async fn replayed(app: &TestApp) -> Replayed {
    app.advance(Duration::from_mins(2));
    replay(app, &mut Replay::default()).await
}

async fn replay(app: &TestApp, replay: &mut Replay) -> Replayed {
    replay.settled(&app.core.db, &app.core.flow_settings, &app.core.moment()).await.unwrap()
}

/// Another process beside the program, with these directories.
fn beside(app: &TestApp, data_dir: &std::path::Path) -> Outside {
    let (core, terms) = (&app.core, &app.core.flow_settings);
    let keys = terms.ledger_keys.clone();
    Outside::open(data_dir, &core.files, keys, terms.evidence_key.clone()).unwrap()
}

// UPDATE consent_event SET recorded_at = recorded_at + 1 WHERE type = 'erased';
// UPDATE subscriber SET address_key = X'…' WHERE email = 'bob@…'; the same of a form
#[apply(both_databases!)]
async fn nobody_is_erased_in_the_place_of_somebody_else(database: Database) {
    let app = history(database).await;
    assert_eq!(does(&app, &["erase", ADA]), "erased\n");
    sql(&app, recorded!(database, "+", "erased")).await;
    sql(&app, "UPDATE subscriber SET address_key = (SELECT address_key FROM suppression WHERE reason = 'erased')
                   WHERE email = 'bob@b.example'").await;
    sql(&app, "UPDATE signup SET address_key = (SELECT address_key FROM suppression WHERE reason = 'erased')
                   WHERE email = 'dee@b.example'").await;
    // Noted, and its transaction failed: that is not kept from ending by the others.
    app.core
        .db
        .outside()
        .note(&[ending(&app, CYD, SuppressionReason::Erased, None)])
        .await
        .unwrap();
    // Whatever command opens the database compares it with what is known outside.
    command(&app, &EXPORT);
    assert_eq!(replayed(&app).await, Replayed::default());
    for (held, of) in [
        (1, "SELECT count(*) FROM subscriber WHERE email = 'bob@b.example'"),
        (1, "SELECT count(*) FROM signup WHERE email = 'dee@b.example'"),
        (0, "SELECT count(*) FROM subscriber WHERE email = 'cyd@b.example'"),
        (2, IN_FORCE),
    ] {
        assert_eq!(app.count(of).await, held, "{of}");
    }
    // All put back, nothing happened to them.
    sql(
        &app,
        "UPDATE subscriber SET address_key = (SELECT w.address_key FROM who w
                   WHERE w.subscriber_id = subscriber.subscriber_id)",
    )
    .await;
    sql(
        &app,
        "UPDATE signup SET address_key = (SELECT a.address_key FROM asked a
                   WHERE a.signup_id = signup.signup_id) WHERE email = 'dee@b.example'",
    )
    .await;
    app.tamper(match database {
        Database::Sqlite => "UPDATE consent_event SET recorded_at = recorded_at - 1 WHERE type = 'erased'
                                 AND subject_id = (SELECT subscriber_id FROM who WHERE email = 'ada@b.example')",
        Database::Postgres => "UPDATE consent_event SET recorded_at = recorded_at - INTERVAL '1 microsecond'
                                   WHERE type = 'erased'
                                   AND subject_id = (SELECT subscriber_id FROM who WHERE email = 'ada@b.example')",
    }).await.unwrap();
    seal(&app).await;
    assert_sound(&app).await;
    assert_eq!(exported(&app).await, [BOB]);
}

// The same of somebody who withdrew
#[apply(both_databases!)]
async fn nobody_leaves_in_the_place_of_somebody_else(database: Database) {
    let app = history(database).await;
    leaves(&app, ADA).await;
    sql(&app, recorded!(database, "+", "withdrawn")).await;
    sql(
        &app,
        "UPDATE subscriber SET address_key = (SELECT context_sha256 FROM consent_event
                       WHERE context_sha256 IS NOT NULL LIMIT 1) WHERE email = 'ada@b.example'",
    )
    .await;
    sql(&app, "UPDATE subscriber SET address_key = (SELECT address_key FROM who WHERE email = 'ada@b.example')
                   WHERE email = 'bob@b.example'").await;
    assert_eq!(replayed(&app).await, Replayed::default());
    assert_eq!(app.count(IN_FORCE).await, 4);
    for back in [
        "UPDATE subscriber SET address_key = (SELECT address_key FROM who WHERE email = 'bob@b.example')
             WHERE email = 'bob@b.example'",
        "UPDATE subscriber SET address_key = (SELECT address_key FROM who WHERE email = 'ada@b.example')
             WHERE email = 'ada@b.example'",
        recorded!(database, "-", "withdrawn"),
    ] {
        sql(&app, back).await;
    }
    seal(&app).await;
    assert_sound(&app).await;
    assert_eq!(exported(&app).await, [BOB, CYD]);
}

// DELETE FROM suppression, before they come back; UPDATE consent SET confirmed_at = …, after it
#[apply(both_databases!)]
async fn who_came_back_stays_though_what_suppressed_them_was_gone(database: Database) {
    let app = history(database).await;
    leaves(&app, ADA).await;
    let path = format!("{}/erase", choices(&app, BOB));
    assert_eq!(app.post(&path, "confirm=yes").await.status, 200);
    app.advance(HOUR);
    sql(&app, "DELETE FROM suppression").await;
    for email in [ADA, BOB] {
        app.subscribe(email, WEEKLY).await;
    }
    app.mail_settled().await;
    let text = noted(&app);
    assert!(text.contains(" lifted unsubscribed newsletter:weekly "), "{text}");
    assert!(text.contains(" lifted erased * "), "{text}");
    assert_eq!(replayed(&app).await, Replayed::default());
    let times: [&'static str; 2] = match database {
        Database::Sqlite => [
            "UPDATE consent_event SET recorded_at = recorded_at - 172800000000",
            "UPDATE consent SET confirmed_at = confirmed_at - 172800000000",
        ],
        Database::Postgres => [
            "UPDATE consent_event SET recorded_at = recorded_at - INTERVAL '2 days'",
            "UPDATE consent SET confirmed_at = confirmed_at - INTERVAL '2 days'",
        ],
    };
    for change in times {
        sql(&app, change).await;
        assert_eq!(replayed(&app).await, Replayed::default(), "{change}");
    }
    assert_eq!(app.count(IN_FORCE).await, 6);
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 0);
}

// UPDATE consent SET state = 'withdrawn' WHERE state = 'expired', before they give it anew
#[apply(both_databases!)]
async fn who_gives_what_had_run_out_is_noted_whatever_its_state_seems(database: Database) {
    const DAY: Duration = Duration::from_hours(24);
    let app = TestApp::start(database).await;
    app.subscribe(ADA, WEEKLY).await;
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.advance(DAY * 40);
    app.work_policies().await;
    sql(&app, "UPDATE consent SET state = 'withdrawn' WHERE state = 'expired'").await;
    app.agree_under(ADA, "2027-01", WEEKLY).await;
    assert!(noted(&app).contains(" lifted expired newsletter:weekly "), "{}", noted(&app));
}

// DELETE FROM consent; INSERT INTO consent SELECT * FROM kept;
// UPDATE consent_event SET recorded_at = recorded_at + 1 WHERE type = 'withdrawn'
#[apply(both_databases!)]
async fn an_older_consent_in_the_place_of_a_newer_one_does_not_end(database: Database) {
    let app = history(database).await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM consent").await.unwrap();
    leaves(&app, ADA).await;
    app.advance(HOUR);
    app.subscribe(ADA, WEEKLY).await;
    app.mail_settled().await;
    seal(&app).await;
    app.tamper("CREATE TABLE newer AS SELECT * FROM consent").await.unwrap();
    sql(&app, "DELETE FROM consent").await;
    sql(&app, "INSERT INTO consent SELECT * FROM kept").await;
    assert_eq!(replayed(&app).await, Replayed::default());
    sql(&app, recorded!(database, "+", "withdrawn")).await;
    assert_eq!(replayed(&app).await, Replayed::default());
    sql(&app, recorded!(database, "-", "withdrawn")).await;
    // Nor where what happened since seems to be of something else.
    sql(
        &app,
        "UPDATE consent_event SET purpose = 'privacy-policy'
                   WHERE type = 'withdrawn' AND purpose = 'newsletter:weekly'",
    )
    .await;
    assert_eq!(replayed(&app).await, Replayed::default());
    sql(
        &app,
        "UPDATE consent_event SET purpose = 'newsletter:weekly'
                   WHERE type = 'withdrawn' AND purpose = 'privacy-policy'
                     AND seq = (SELECT max(seq) FROM consent_event WHERE type = 'withdrawn')",
    )
    .await;
    sql(&app, "DELETE FROM consent").await;
    sql(&app, "INSERT INTO consent SELECT * FROM newer").await;
    assert_sound(&app).await;
    assert_eq!(exported(&app).await, [ADA, BOB, CYD]);
}

// The clock was set back in between; UPDATE consent_event SET recorded_at = recorded_at + 1 WHERE type = 'erased'
#[apply(both_databases!)]
async fn who_came_back_by_another_clock_is_not_erased_again(database: Database) {
    let app = history(database).await;
    app.advance(HOUR);
    let path = format!("{}/erase", choices(&app, ADA));
    assert_eq!(app.post(&path, "confirm=yes").await.status, 200);
    app.set_back(HOUR);
    app.subscribe(ADA, WEEKLY).await;
    app.mail_settled().await;
    app.advance(HOUR * 2);
    assert_eq!(replayed(&app).await, Replayed::default());
    sql(&app, recorded!(database, "+", "erased")).await;
    assert_eq!(replayed(&app).await, Replayed::default());
    assert_eq!(app.count("SELECT count(*) FROM subscriber WHERE email = 'ada@b.example'").await, 1);
    sql(&app, recorded!(database, "-", "erased")).await;
    assert_sound(&app).await;
}

// UPDATE subscriber SET last_seq = last_seq - 1: her next event finds its place taken.
#[apply(both_databases!)]
async fn one_that_cannot_end_keeps_no_other_from_ending(database: Database) {
    let app = history(database).await;
    for email in [ADA, BOB] {
        let left = ending(&app, email, SuppressionReason::Unsubscribed, Some("newsletter:weekly"));
        app.core.db.outside().note(&[left]).await.unwrap();
    }
    sql(&app, "UPDATE subscriber SET last_seq = last_seq - 1 WHERE email = 'ada@b.example'").await;
    assert_eq!(replayed(&app).await, Replayed { withdrawn: 1, suppressed: 0, erased: 0 });
    assert_eq!(app.count(IN_FORCE).await, 5);
    sql(&app, "UPDATE subscriber SET last_seq = last_seq + 1 WHERE email = 'ada@b.example'").await;
    assert_eq!(replayed(&app).await, Replayed { withdrawn: 1, suppressed: 0, erased: 0 });
    assert_eq!(exported(&app).await, [CYD]);
}

// Lines that nobody reads in endings.log, and cut out again: a line by another process makes it as long as it was.
#[apply(both_databases!)]
async fn what_another_process_noted_is_heard_though_the_file_is_as_long_as_before(
    database: Database,
) {
    let app = history(database).await;
    leaves(&app, BOB).await;
    let outside = app.core.db.outside();
    outside.put_new().await.unwrap();
    let left = ending(&app, ADA, SuppressionReason::Unsubscribed, Some("newsletter:weekly"));
    let length = left.line(&app.core.flow_settings.evidence_key).len() + 1;
    let log = app.dir.path().join("endings.log");
    let mut file = OpenOptions::new().append(true).open(&log).unwrap();
    let before = file.metadata().unwrap().len();
    let junk = format!("{:x>1$} #torn\n", "", length - " #torn\n".len());
    file.write_all(junk.as_bytes()).unwrap();
    let padded = file.metadata().unwrap().len();
    let mut known = Replay::default();
    app.advance(Duration::from_mins(2));
    assert_eq!(replay(&app, &mut known).await, Replayed::default());
    outside.put_new().await.unwrap();

    file.set_len(before).unwrap();
    beside(&app, app.dir.path()).note(std::slice::from_ref(&left)).await.unwrap();
    assert_eq!(file.metadata().unwrap().len(), padded);
    assert_eq!(replay(&app, &mut known).await, Replayed { withdrawn: 1, suppressed: 0, erased: 0 });
    assert_eq!(exported(&app).await, [CYD]);
    outside.put_new().await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = beside(&app, elsewhere.path());
    elsewhere.exchange().await.unwrap();
    assert!(elsewhere.endings().await.unwrap().began(left.scope()).is_some());
}
