//! What an earlier version wrote is adopted once, on the operator's word.

use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::flows::Error;
use assent::flows::ledger::adopt::adopt;
use assent::outside::{Ending, EndingReason, Head, Turn};
use assent::store::ledger::checkpoints::{self, StoredCheckpoint};
use assent_ledger::note::Checkpoint;
use assent_ledger::tree::{Frontier, leaf_hash};
use macro_rules_attribute::apply;

use super::{
    EXPORT, WEEKLY, assert_heads_are_right, assert_sound, check, command, does, rows, seal, unguard,
};
use crate::support::app::{Database, TestApp};
use crate::support::stopped::lose_heads;
use crate::support::{both_databases, poll};

/// A `given` that waits for its place, without a MAC.
const WAITING: &str =
    "INSERT INTO consent_event (event_id, subject_id, seq, signup_id, subscriber_id, purpose, type, notice_id,
         policy_version_id, body, salt, leaf, recorded_at)
     SELECT subscriber_id, subscriber_id, 7, signup_id, subscriber_id, purpose, type, notice_id,
         policy_version_id, body, salt, leaf, recorded_at
     FROM consent_event WHERE type = 'given' AND purpose = 'newsletter:weekly'";

/// How many rows have a MAC.
const MARKED: &str = "SELECT (SELECT count(*) FROM consent_event WHERE mac IS NOT NULL)
     + (SELECT count(*) FROM consent WHERE mac IS NOT NULL)
     + (SELECT count(*) FROM signup WHERE mac IS NOT NULL)
     + (SELECT count(*) FROM subscriber WHERE mac IS NOT NULL)";

/// As an earlier version leaves a database: nothing authenticated, nothing recorded of the ledger itself, and a
/// head over all events.
async fn of_an_earlier_version(database: Database) -> TestApp {
    let mut app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    // What nobody confirmed was purged, which nothing tells of.
    app.ask_and_read("bob@b.example", WEEKLY).await;
    app.mail_settled().await;
    seal(&app).await;
    unguard(&app).await;
    lose_heads(app.dir.path());
    for statement in [
        "UPDATE ledger_head SET shown = NULL",
        "UPDATE consent_event SET body = NULL, salt = NULL
         WHERE subject_id IN (SELECT signup_id FROM signup WHERE email = 'bob@b.example')",
        "DELETE FROM delivery WHERE outbox_id IN (SELECT o.outbox_id FROM outbox o
         JOIN signup s ON s.signup_id = o.signup_id WHERE s.email = 'bob@b.example')",
        "DELETE FROM outbox WHERE signup_id IN (SELECT signup_id FROM signup WHERE email = 'bob@b.example')",
        "DELETE FROM signup WHERE email = 'bob@b.example'",
        "DELETE FROM ledger_record",
        "DELETE FROM checkpoint",
        "DELETE FROM ledger_tile",
        "UPDATE claim SET number = NULL",
        "UPDATE consent SET mac = NULL",
        "UPDATE consent_event SET mac = NULL, leaf_index = NULL",
        "CREATE TABLE placed AS SELECT event_id, row_number() OVER (ORDER BY seq, event_id) - 1 AS place
         FROM consent_event",
        "UPDATE consent_event SET leaf_index = (SELECT place FROM placed p WHERE p.event_id = consent_event.event_id)",
    ] {
        app.tamper(statement).await.unwrap();
    }
    let core = &app.core;
    let mut tree = Frontier::new();
    let mut tile = vec![];
    for row in rows(&core.db).await.iter().filter(|row| row.leaf_index.is_some()) {
        let hash = leaf_hash(row.leaf.as_bytes());
        tree.push(hash);
        tile.extend(hash);
    }
    let keys = &core.flow_settings.ledger_keys;
    let head =
        Checkpoint { origin: keys.origin().to_owned(), size: tree.size(), root: tree.root() };
    let head = StoredCheckpoint {
        size: tree.size().cast_signed(),
        root: tree.root().to_vec(),
        note: head.sign(keys.signing()),
        created_at: app.clock.now(),
        previous: None,
        mac: None,
    };
    let mut tx = app.write().await;
    checkpoints::upsert_tile(&mut tx, 0, 0, &tile).await.unwrap();
    checkpoints::insert(&mut tx, &head).await.unwrap();
    tx.commit().await.unwrap();
    lose_heads(app.dir.path());
    app.look_anew().await;
    app
}

/// Adopts what is there, as a program does that begins here: the one that runs remembers the head that it saw, and
/// may put it back at any moment.
async fn adopt_alone(app: &TestApp) -> Result<u64, Error> {
    let core = &app.core;
    let adopted = || async {
        lose_heads(app.dir.path());
        let adopted = adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await;
        (!matches!(adopted, Err(Error::NotLevel(_)))).then_some(adopted)
    };
    poll::until("no head to be known", &adopted).await
}

/// A head is known outside that covers more than the database has.
async fn newer_is_known(app: &TestApp) {
    let keys = &app.core.flow_settings.ledger_keys;
    let newer = Checkpoint { origin: keys.origin().to_owned(), size: 1000, root: [1; 32] };
    let newer = Head::parse(&newer.sign(keys.signing()), keys).unwrap();
    let size = app.count("SELECT size FROM ledger_head").await.unsigned_abs();
    assert!(app.core.db.outside().keep_head(size, &newer).await.unwrap());
}

#[apply(both_databases!)]
async fn it_is_sound_and_says_from_where_on(database: Database) {
    let app = of_an_earlier_version(database).await;
    let events = app.count("SELECT count(*) FROM consent_event").await;
    let core = &app.core;
    let adopted = adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
    assert_eq!(i64::try_from(adopted).unwrap(), events);
    let before = events;
    let found = assert_sound(&app).await;
    assert_eq!((i64::try_from(found.adopted).unwrap(), found.erased > 0), (before, true));
    assert_heads_are_right(&core.db, &core.flow_settings.ledger_keys.trusted()).await;
    assert!(does(&app, &EXPORT).contains("ada@b.example"));
    app.subscribe("cyd@b.example", WEEKLY).await;
    let said = does(&app, &["ledger", "verify"]);
    assert!(
        said.contains(&format!("before index {before} it stands on the operator's word")),
        "{said}"
    );
    let dir = app.dir.path().join("bundle");
    does(&app, &["ledger", "bundle", dir.to_str().unwrap()]);
    let said = does(&app, &["ledger", "audit", dir.to_str().unwrap()]);
    assert!(
        said.contains(&format!("before index {before} it stands on the operator's word")),
        "{said}"
    );
    // Once, and never again.
    assert_eq!(adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap(), 0);
    assert_eq!(app.count("SELECT count(*) FROM ledger_record WHERE type = 'adopted'").await, 1);
}

#[apply(both_databases!)]
async fn of_several_that_start_at_once_one_adopts(database: Database) {
    let app = of_an_earlier_version(database).await;
    let core = &app.core;
    let one = || adopt(&core.db, &core.flow_settings, &core.clock, &core.random);
    let (a, b, c) = tokio::join!(one(), one(), one());
    a.and(b).and(c).unwrap();
    assert_eq!(app.count("SELECT count(*) FROM ledger_record WHERE type = 'adopted'").await, 1);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn what_is_not_under_its_head_is_not_adopted(database: Database) {
    let app = of_an_earlier_version(database).await;
    let core = &app.core;
    app.tamper("CREATE TABLE kept AS SELECT event_id, leaf FROM consent_event").await.unwrap();
    app.tamper("CREATE TABLE heads AS SELECT * FROM checkpoint").await.unwrap();
    for (doing, undoing) in [
        // A leaf is gone.
        ("UPDATE consent_event SET leaf_index = NULL WHERE leaf_index = 1",
         "UPDATE consent_event SET leaf_index = 1 WHERE event_id = (SELECT event_id FROM placed WHERE place = 1)"),
        // One is another's.
        ("UPDATE consent_event SET leaf = (SELECT leaf FROM kept k JOIN placed p ON p.event_id = k.event_id
              WHERE p.place = 0) WHERE leaf_index = 1",
         "UPDATE consent_event SET leaf = (SELECT leaf FROM kept WHERE kept.event_id = consent_event.event_id)
              WHERE leaf_index = 1"),
        // Nobody signed them.
        ("DELETE FROM checkpoint", "INSERT INTO checkpoint SELECT * FROM heads"),
        ("UPDATE checkpoint SET note = replace(note, 'ledger', 'larder')",
         "UPDATE checkpoint SET note = (SELECT h.note FROM heads h WHERE h.size = checkpoint.size)"),
        ("UPDATE ledger_head SET size = size - 1", "UPDATE ledger_head SET size = size + 1"),
    ] {
        assert!(app.tamper(doing).await.unwrap() >= 1, "{doing}");
        assert!(adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.is_err(), "{doing}");
        assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE mac IS NOT NULL").await, 0);
        assert_eq!(command(&app, &EXPORT).status.code(), Some(1), "nothing of it is exported");
        assert!(!check(&app).await.is_sound(), "{doing}");
        assert!(app.tamper(undoing).await.unwrap() >= 1, "{undoing}");
    }
    adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn what_waits_for_its_place_is_not_adopted(database: Database) {
    let app = of_an_earlier_version(database).await;
    assert_eq!(app.tamper(WAITING).await.unwrap(), 1);
    let refused = adopt_alone(&app).await;
    assert!(matches!(refused, Err(Error::Unsealed(1))), "{refused:?}");
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE mac IS NOT NULL").await, 0);
    assert_eq!(command(&app, &EXPORT).status.code(), Some(1), "nothing of it is exported");
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE mac IS NOT NULL").await, 0);
    assert_eq!(app.tamper("DELETE FROM consent_event WHERE leaf_index IS NULL").await.unwrap(), 1);
    adopt_alone(&app).await.unwrap();
    assert_sound(&app).await;
}

// The ledger as one that never sealed anything, and a `given` of one's own in it.
#[apply(both_databases!)]
async fn a_ledger_that_was_emptied_is_not_adopted(database: Database) {
    let mut app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.mail_settled().await;
    seal(&app).await;
    unguard(&app).await;
    lose_heads(app.dir.path());
    assert_eq!(app.tamper(WAITING).await.unwrap(), 1);
    for statement in [
        "DELETE FROM ledger_record",
        "DELETE FROM checkpoint",
        "DELETE FROM ledger_tile",
        "UPDATE ledger_head SET size = 0, shown = NULL",
        "UPDATE claim SET number = NULL",
        "UPDATE consent_event SET mac = NULL, leaf_index = NULL",
        "UPDATE consent SET mac = NULL",
        "UPDATE signup SET mac = NULL",
        "UPDATE subscriber SET mac = NULL",
    ] {
        app.tamper(statement).await.unwrap();
    }
    app.look_anew().await;
    let refused = adopt_alone(&app).await;
    assert!(matches!(refused, Err(Error::Unsealed(_))), "{refused:?}");
    assert_eq!(command(&app, &EXPORT).status.code(), Some(1), "nothing of it is exported");
    assert_eq!(app.count(MARKED).await, 0);
    // Nor are people of whom nothing is recorded.
    app.tamper("DELETE FROM consent").await.unwrap();
    app.tamper("DELETE FROM consent_event").await.unwrap();
    adopt_alone(&app).await.unwrap();
    assert_eq!(app.count(MARKED).await, 0);
}

// DELETE FROM ledger_record, and a line that has no MAC in the file of an earlier version.
#[apply(both_databases!)]
async fn erasures_of_earlier_versions_are_taken_over_with_what_they_signed(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    unguard(&app).await;
    let key =
        app.core.flow_settings.address_secret.key(&EmailAddress::parse("ada@b.example").unwrap());
    let line = format!("2026-11-23T09:00:00.000000Z {}\n", key.to_hex());
    std::fs::write(app.dir.path().join("erasures.log"), &line).unwrap();
    assert!(app.tamper("DELETE FROM ledger_record WHERE type = 'adopted'").await.unwrap() >= 1);
    let app = app.halt().await.start(&[]).await;
    let noted = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap_or_default();
    assert!(!noted.contains(" erased "), "{noted}");
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
    // With a ledger of an earlier version they are.
    let app = of_an_earlier_version(database).await;
    std::fs::write(app.dir.path().join("erasures.log"), &line).unwrap();
    adopt_alone(&app).await.unwrap();
    let noted = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap();
    assert!(noted.contains(" began erased * "), "{noted}");
}

// After an update of a back-up: what is here is behind, and goes on by an act before it is adopted.
#[apply(both_databases!)]
async fn what_went_back_is_adopted_once_it_goes_on(database: Database) {
    let app = of_an_earlier_version(database).await;
    let core = &app.core;
    newer_is_known(&app).await;
    assert!(adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.is_err());
    does(&app, &["ledger", "resume"]);
    adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
    seal(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM ledger_record WHERE type = 'adopted'").await, 1);
    assert_sound(&app).await;
}

// The same, and what somebody ended meanwhile ends once it can be told that it is ours.
#[apply(both_databases!)]
async fn who_left_after_such_a_back_up_has_left_once_it_is_adopted(database: Database) {
    let app = of_an_earlier_version(database).await;
    let core = &app.core;
    newer_is_known(&app).await;
    app.advance(Duration::from_secs(1));
    let left = Ending {
        at: app.clock.now(),
        address_key: core
            .flow_settings
            .address_secret
            .key(&EmailAddress::parse("ada@b.example").unwrap()),
        turn: Turn::Began,
        reason: EndingReason::Suppressed(SuppressionReason::Unsubscribed),
        purpose: Some("newsletter:weekly".parse().unwrap()),
    };
    core.db.outside().note(&[left]).await.unwrap();
    assert_eq!(core.replay().await.unwrap().withdrawn, 0);
    let said = does(&app, &["ledger", "resume"]);
    assert!(said.contains("ended again: 1 consents, 0 people, 0 other suppressions"), "{said}");
    assert!(!does(&app, &EXPORT).contains("ada@b.example"));
    assert_sound(&app).await;
}

// DELETE FROM ledger_record; UPDATE checkpoint SET mac = NULL; an INSERT of a `given` in the place that is free.
#[apply(both_databases!)]
async fn what_was_adopted_is_not_adopted_again(database: Database) {
    let app = of_an_earlier_version(database).await;
    let core = &app.core;
    adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
    app.tamper("UPDATE consent_event SET mac = NULL").await.unwrap();
    app.tamper("UPDATE checkpoint SET mac = NULL, previous = NULL").await.unwrap();
    for (filled, put) in [
        (false, "SELECT 1"),
        (true, "INSERT INTO consent_event (event_id, subject_id, seq, type, purpose, leaf, leaf_index, recorded_at)
                    SELECT ledger_record_id, ledger_record_id, 1, 'given', 'privacy-policy', leaf, leaf_index, recorded_at FROM ledger_record"),
    ] {
        if filled {
            app.tamper(put).await.unwrap();
        }
        app.tamper("CREATE TABLE IF NOT EXISTS records AS SELECT * FROM ledger_record").await.unwrap();
        app.tamper("DELETE FROM ledger_record").await.unwrap();
        assert!(adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await.is_err(), "{put}");
        assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE mac IS NOT NULL").await, 0);
        app.tamper("INSERT INTO ledger_record SELECT * FROM records").await.unwrap();
    }
}
