//! The newest head of each day is stamped with the time by an authority outside, and what it gives is bundled.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::worker::tasks::stamp_head::{PATIENCE, StampRun, stamp_head};
use assent_ledger::note::SignedNote;
use macro_rules_attribute::apply;

use super::{WEEKLY, assert_sound, check, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::postgres::free_port;
use crate::support::time_stamps::{Fault, TimeStamps, setting};

const KEPT: &str = "SELECT count(*) FROM checkpoint_timestamp";
const DAY: Duration = Duration::from_hours(24);

/// The program with a checkpoint, which whoever listens there is to stamp.
async fn sealed_at(database: Database, address: &str) -> TestApp {
    let app = TestApp::start_with(database, &[("ASSENT_LEDGER_TIMESTAMP_URL", address)]).await;
    grow(&app, "ada@b.example").await;
    app
}

/// The same for an authority that has the story's clock.
async fn sealed(database: Database, stamps: &TimeStamps) -> TestApp {
    let app = sealed_at(database, &stamps.setting()).await;
    stamps.keep_time_of(app.dir.path());
    app
}

/// One more joins, and the ledger is sealed; gives its size.
async fn grow(app: &TestApp, email: &str) -> i64 {
    app.subscribe(email, WEEKLY).await;
    seal(app).await;
    size(app).await
}

async fn size(app: &TestApp) -> i64 {
    app.count("SELECT size FROM ledger_head").await
}

async fn stamp(app: &TestApp) -> StampRun {
    let core = &app.core;
    let at = core.moment();
    stamp_head(&core.db, core.time_stamping.as_ref(), core.flow_settings.at(&at)).await.unwrap()
}

async fn page(app: &TestApp) -> String {
    app.sign_in(Role::Viewer).await.page("/console/ledger").await
}

#[apply(both_databases!)]
async fn the_newest_head_of_each_day_is_stamped(database: Database) {
    let stamps = TimeStamps::start().await;
    let app = sealed(database, &stamps).await;
    assert!(page(&app).await.contains("Nothing is stamped yet"));
    let first = size(&app).await;
    assert_eq!(stamp(&app).await, StampRun::Size(first));
    assert_eq!(stamp(&app).await, StampRun::Nothing);
    let second = grow(&app, "bob@b.example").await;
    assert_eq!(stamp(&app).await, StampRun::Nothing, "once a day");
    app.advance(DAY);
    assert_eq!(stamp(&app).await, StampRun::Size(second));
    app.advance(DAY);
    assert_eq!(stamp(&app).await, StampRun::Nothing, "there is no newer head");
    assert!(page(&app).await.contains("The last states"));
    assert!(app.tamper("DELETE FROM checkpoint_timestamp").await.is_err());

    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("bundle");
    does(&app, &["ledger", "bundle", bundle.to_str().unwrap()]);
    for (day, size) in [("2026-11-23", first), ("2026-11-24", second)] {
        let file = |kind: &str| bundle.join(format!("timestamps/{day}.{kind}"));
        let note = std::fs::read_to_string(file("checkpoint")).unwrap();
        let note = SignedNote::parse(&note).unwrap();
        assert_eq!(i64::try_from(note.checkpoint().size), Ok(size));
        assert!(note.verified_by(&app.core.flow_settings.ledger_keys.trusted()).is_some());
        let text = note.checkpoint().text();
        assert!(stamps.verify(text.as_bytes(), &file("tsr")), "OpenSSL does not believe {day}");
        assert!(!stamps.verify(text.replace('\n', " ").as_bytes(), &file("tsr")));
    }
    does(&app, &["ledger", "audit", bundle.to_str().unwrap()]);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn a_row_of_another_hand_stops_no_stamp_and_spoils_no_bundle(database: Database) {
    let stamps = TimeStamps::start().await;
    let app = sealed(database, &stamps).await;
    let first = size(&app).await;
    assert_eq!(stamp(&app).await, StampRun::Size(first));
    let second = grow(&app, "bob@b.example").await;
    app.advance(DAY);
    // A stamp that was given, but of another day and another head; and one of days to come.
    for forged in [
        "INSERT INTO checkpoint_timestamp (day, size, response, stamped_at, received_at, mac)
         SELECT day + 1, (SELECT max(size) FROM checkpoint), response, stamped_at, received_at, mac
         FROM checkpoint_timestamp",
        "INSERT INTO checkpoint_timestamp (day, size, response, stamped_at, received_at, mac)
         SELECT day + 5000, size, response, stamped_at, received_at, mac
         FROM checkpoint_timestamp WHERE day = (SELECT min(day) FROM checkpoint_timestamp)",
    ] {
        assert_eq!(app.tamper(forged).await.unwrap(), 1);
    }
    let of_today = "the time stamp of 2026-11-24: this program did not write it";
    let told = check(&app).await.findings;
    assert!(told.len() == 2 && told[0].starts_with(of_today), "{told:?}");
    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("before");
    does(&app, &["ledger", "bundle", bundle.to_str().unwrap()]);
    does(&app, &["ledger", "audit", bundle.to_str().unwrap()]);
    let mut days: Vec<_> = std::fs::read_dir(bundle.join("timestamps")).unwrap().collect();
    days.sort_by_key(|file| file.as_ref().unwrap().file_name());
    let days: Vec<_> = days.into_iter().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(days, ["2026-11-23.checkpoint", "2026-11-23.tsr"]);

    seal(&app).await;
    let newest = size(&app).await;
    assert!(newest >= second);
    assert_eq!(stamp(&app).await, StampRun::Size(newest), "in place of the false one");
    assert_eq!(stamp(&app).await, StampRun::Nothing);
    let told = check(&app).await.findings;
    assert!(told.len() == 1 && !told[0].starts_with(of_today), "{told:?}");
    // And what this program wrote counts only as it wrote it.
    let moved = "UPDATE checkpoint_timestamp SET day = day - 10 WHERE day < 20790";
    assert_eq!(app.tamper(moved).await.unwrap(), 2);
    assert!(matches!(stamp(&app).await, StampRun::Size(_)));
}

#[apply(both_databases!)]
async fn a_day_without_a_stamp_is_an_alarm_until_there_is_one(database: Database) {
    let port = free_port();
    let app = sealed_at(database, &setting(port)).await;
    assert_eq!(stamp(&app).await, StampRun::Not);
    assert!(!page(&app).await.contains("For over a day"), "it may be there soon");
    app.advance(PATIENCE);
    assert_eq!(stamp(&app).await, StampRun::Not);
    let shown = page(&app).await;
    assert!(shown.contains("For over a day") && shown.contains("it cannot be reached"), "{shown}");
    let ready = app.get("/readyz").await.text();
    assert!(ready.contains("\nledger-time-stamps since ") && !ready.contains("reached"), "{ready}");
    let stamps = TimeStamps::start_at(port).await;
    assert_eq!(stamps.setting(), setting(port));
    stamps.keep_time_of(app.dir.path());
    assert_eq!(stamp(&app).await, StampRun::Size(size(&app).await));
    assert!(!page(&app).await.contains("For over a day"));
    assert!(!app.get("/readyz").await.text().contains("ledger-time-stamps"));
}

#[apply(both_databases!)]
async fn what_is_no_stamp_of_this_head_is_not_kept(database: Database) {
    let stamps = TimeStamps::start().await;
    let app = sealed(database, &stamps).await;
    app.advance(PATIENCE);
    for fault in [
        Fault::Ill,
        Fault::Garbled,
        Fault::Rejects,
        Fault::OtherHead,
        Fault::Again,
        Fault::NoNonce,
        Fault::Ahead,
    ] {
        stamps.turn(fault);
        assert_eq!(stamp(&app).await, StampRun::Not, "{fault:?}");
        let words = match fault {
            Fault::Ill => "it answered with status 500",
            Fault::Garbled => "is not the answer of a time stamp authority",
            Fault::Rejects => "the time stamp authority refused, with status 2",
            Fault::Ahead => "the time stamp that came states 2026-11-24T",
            _ => "the time stamp that came is not of this head, or not for this request",
        };
        let shown = page(&app).await;
        assert!(shown.contains(words), "{fault:?}: {shown}");
        assert_eq!(app.count(KEPT).await, 0, "{fault:?}");
    }
    stamps.turn(Fault::None);
    assert!(matches!(stamp(&app).await, StampRun::Size(_)));
    // What was right for one head is wrong for the next.
    grow(&app, "bob@b.example").await;
    app.advance(DAY);
    stamps.turn(Fault::Again);
    assert_eq!(stamp(&app).await, StampRun::Not);
    assert_eq!(app.count(KEPT).await, 1);
}
