//! Witnesses outside sign each newest head; one that does not is named, and keeps nothing waiting.

use std::time::{Duration, Instant};

use assent::domain::staff::member::Role;
use assent::worker::tasks::ask_witnesses::{Asked, Failing, PATIENCE, ask_witnesses};
use assent_ledger::note::SignedNote;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{WEEKLY, assert_sound, check, command, does, rows, seal};
use crate::support::app::{Database, TestApp};
use crate::support::postgres::free_port;
use crate::support::test_server::{Reply, TestServer};
use crate::support::witness::{Fault, TestWitness, setting};
use crate::support::{both_databases, poll};

const KEPT: &str = "SELECT count(*) FROM checkpoint_cosignature";

/// The program with a checkpoint, which these witnesses are to sign.
async fn sealed(database: Database, witnesses: &str) -> TestApp {
    let app = TestApp::start_with(database, &[("ASSENT_LEDGER_WITNESSES", witnesses)]).await;
    grow(&app, "ada@b.example").await;
    app
}

/// One more joins, and the ledger is sealed.
async fn grow(app: &TestApp, email: &str) {
    app.subscribe(email, WEEKLY).await;
    seal(app).await;
}

async fn ask(app: &TestApp, failing: &mut Failing) -> Asked {
    let core = &app.core;
    ask_witnesses(&core.db, &core.witnesses, &core.moment(), failing).await.unwrap()
}

async fn checkpoint(app: &TestApp) -> String {
    app.get("/ledger/checkpoint").await.text()
}

/// What staff read of it.
async fn page(app: &TestApp) -> String {
    app.sign_in(Role::Viewer).await.page("/console/ledger").await
}

/// Has what waits sealed, and its head signed: a command that seals finds nothing to do then.
async fn settle(app: &TestApp, failing: &mut Failing) {
    seal(app).await;
    assert_eq!(ask(app, failing).await.raised, 0);
}

fn signed(count: usize) -> Asked {
    Asked { signed: count, ..Asked::default() }
}

#[apply(both_databases!)]
async fn each_newest_head_is_signed_and_shown_so(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let failing = &mut Failing::default();
    assert_eq!(witness.signatures(&checkpoint(&app).await), 0);
    assert!(page(&app).await.contains("Is asked"));
    assert_eq!(ask(&app, failing).await, signed(1));
    assert_eq!(ask(&app, failing).await, signed(0), "once is enough");
    let first = checkpoint(&app).await;
    assert_eq!(witness.signatures(&first), 1);
    let old = SignedNote::parse(&first).unwrap();
    assert!(old.verified_by(&keys).is_some());
    assert!(page(&app).await.contains("Signed the newest"));

    grow(&app, "bob@b.example").await;
    assert_eq!(witness.signatures(&checkpoint(&app).await), 0, "of another head");
    assert_eq!(ask(&app, failing).await, signed(1));
    assert_eq!(witness.asked(), [0, old.checkpoint().size], "with the proof from what it signed");
    assert_eq!(witness.signatures(&checkpoint(&app).await), 1);
    settle(&app, failing).await;
    assert_eq!(witness.signatures(&does(&app, &["ledger", "checkpoint"])), 1);

    settle(&app, failing).await;
    let event = rows(&app.core.db).await.last().unwrap().event_id.to_string();
    let receipt = does(&app, &["ledger", "receipt", &event]);
    let payload = receipt.trim().split('.').nth(1).unwrap();
    let payload = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(witness.signatures(payload["ledger"]["checkpoint"].as_str().unwrap()), 1);
    // That a receipt was given out is an entry of the audit, and a leaf.
    settle(&app, failing).await;
    let bundle = tempfile::tempdir().unwrap();
    let name = bundle.path().join("bundle");
    does(&app, &["ledger", "bundle", name.to_str().unwrap()]);
    let note = std::fs::read_to_string(name.join("checkpoint")).unwrap();
    assert_eq!(witness.signatures(&note), 1);
    let (name, own) = (name.to_str().unwrap(), witness.vkey());
    let other = TestWitness::start("other.example").await.vkey();
    let both = ["ledger", "audit", name, "--witness", &own, "--witness", &other];
    does(&app, &both[..5]);
    does(&app, &[&both[..], &["--quorum", "1"]].concat());
    assert_eq!(command(&app, &both).status.code(), Some(1), "the other did not sign");
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn a_false_row_silences_no_witness_and_spoils_no_note(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let failing = &mut Failing::default();
    assert_eq!(ask(&app, failing).await, signed(1));
    assert!(app.tamper("DELETE FROM checkpoint_cosignature").await.is_err());
    for is_line in [false, true] {
        settle(&app, failing).await;
        let note = SignedNote::parse(&checkpoint(&app).await).unwrap();
        let mut own = note.signatures().iter().filter(|line| line.name == witness.name);
        let mut changed = own.next().unwrap().clone();
        changed.bytes[71] ^= 1;
        let line = if is_line { changed.to_string() } else { "no line".to_owned() };
        let size = note.checkpoint().size;
        let forged =
            format!("UPDATE checkpoint_cosignature SET line = '{line}' WHERE size = {size}");
        assert_eq!(app.tamper(forged.leak()).await.unwrap(), 1);
        let shown = checkpoint(&app).await;
        assert_eq!(witness.signatures(&shown), 0, "{line}");
        let shown = SignedNote::parse(&shown).unwrap();
        assert_eq!((shown.verified_by(&keys).is_some(), shown.signatures().len()), (true, 1));
        assert!(!page(&app).await.contains("Signed the newest"));
        assert_eq!(ask(&app, failing).await, signed(1), "it is asked again: {line}");
        assert_eq!(checkpoint(&app).await, note.as_str());
        assert!(page(&app).await.contains("Signed the newest"));
    }
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn rows_that_no_witness_signed_are_named(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    assert_eq!(ask(&app, &mut Failing::default()).await, signed(1));
    let note = checkpoint(&app).await;
    let size = SignedNote::parse(&note).unwrap().checkpoint().size;
    // A signature of a head that cannot be seen yet says nothing of the one that can.
    assert!(page(&app).await.contains("Signed the newest"));
    assert_eq!(app.tamper("UPDATE ledger_head SET shown = shown - 1").await.unwrap(), 1);
    assert!(!page(&app).await.contains("Signed the newest"));
    assert_eq!(app.tamper("UPDATE ledger_head SET shown = shown + 1").await.unwrap(), 1);
    // Of a key that is none, and by a key that did not sign.
    let other = TestWitness::start("other.example").await.vkey();
    for key in ["another", &other] {
        let forged = format!(
            "INSERT INTO checkpoint_cosignature (witness, size, line, received_at)
             SELECT '{key}', size, line, received_at FROM checkpoint_cosignature
             WHERE witness LIKE 'witness%'"
        );
        assert_eq!(app.tamper(forged.leak()).await.unwrap(), 1);
        assert_eq!(checkpoint(&app).await, note);
    }
    let told = check(&app).await.findings;
    assert_eq!(told.len(), 2, "{told:?}");
    for name in ["nobody", "other.example"] {
        let named = format!(
            "the signature of witness {name} under the checkpoint of {size} events is not one of"
        );
        assert!(told.iter().any(|found| found.starts_with(&named)), "{told:?}");
    }
}

#[apply(both_databases!)]
async fn a_silent_one_keeps_no_other_waiting(database: Database) {
    let (good, silent) =
        (TestWitness::start("good.example").await, TestWitness::start("silent.example").await);
    silent.turn(Fault::Silent);
    let set = format!("{},{}", silent.setting(), good.setting());
    let app = sealed(database, &set).await;
    let (begun, failing) = (Instant::now(), &mut Failing::default());
    let mut asking = Box::pin(ask(&app, failing));
    tokio::select! {
        _ = &mut asking => panic!("all waited for the silent one"),
        () = async {
            // Meanwhile nothing is locked.
            grow(&app, "bob@b.example").await;
            poll::until("the other's signature", || async {
                (app.count(KEPT).await == 1).then_some(())
            })
            .await;
        } => {}
    }
    assert_eq!(asking.await, signed(1));
    assert!(begun.elapsed() < Duration::from_secs(20), "it was waited for without end");
    assert_eq!(failing.keys().collect::<Vec<_>>(), ["silent.example"]);
}

#[apply(both_databases!)]
async fn one_that_is_away_is_named_until_it_signs(database: Database) {
    let port = free_port();
    let app = sealed(database, &setting("away.example", port)).await;
    let failing = &mut Failing::default();
    assert_eq!(ask(&app, failing).await, Asked::default(), "a moment is borne with");
    app.advance(PATIENCE);
    assert_eq!(ask(&app, failing).await, Asked { raised: 1, ..Asked::default() });
    assert_eq!(ask(&app, failing).await, Asked::default(), "heard once");
    let desk = app.sign_in(Role::Viewer).await;
    for shown in [desk.page("/console").await, desk.page("/console/ledger").await] {
        assert!(
            shown.contains("away.example") && shown.contains("it cannot be reached"),
            "{shown}"
        );
    }
    let ready = app.get("/readyz").await.text();
    assert!(ready.contains("\nledger-witness:away.example since "), "{ready}");
    assert!(!ready.contains("reached"), "strangers read no words of others");
    let witness = TestWitness::start_at("away.example", port).await;
    assert_eq!(ask(&app, failing).await, Asked { signed: 1, raised: 0, ended: 1 });
    assert_eq!(witness.signatures(&checkpoint(&app).await), 1);
    assert!(!app.get("/readyz").await.text().contains("away.example"));
}

#[apply(both_databases!)]
async fn what_is_no_passing_fault_is_told_at_once(database: Database) {
    let elsewhere = TestServer::start(|_, _| -> Reply { panic!("nobody is led there") }).await;
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    let failing = &mut Failing::default();
    for (fault, words) in [
        (Fault::OtherKey, "without a signature by its key"),
        (Fault::OtherHead, "is not one of this checkpoint"),
        (Fault::Garbled, "cannot be read"),
        (Fault::LeadsTo(elsewhere.url("/log/add-checkpoint")), "answered with status 307"),
        (Fault::Endless, "larger than 64 KiB"),
        (Fault::Says(400), "could not read the request"),
        (Fault::Says(403), "knows this ledger by another key"),
        (Fault::Says(404), "does not know this ledger"),
        (Fault::Says(409), "two were signed"),
        (Fault::Says(422), "is not the beginning of this one"),
        (Fault::Knows(0), "does not belong to this one"),
        (Fault::Knows(1_000_000), "it signed a head of this ledger over 1000000 leaves"),
    ] {
        witness.turn(fault.clone());
        assert_eq!(ask(&app, failing).await.raised, 1, "{fault:?}");
        let shown = page(&app).await;
        assert!(shown.contains(words), "{fault:?}: {shown}");
        assert_eq!(app.count(KEPT).await, 0, "{fault:?}");
        witness.turn(Fault::None);
        // Some of them took the head in all the same.
        witness.forget();
        let before = witness.asked().len();
        assert_eq!(ask(&app, failing).await, Asked { signed: 1, raised: 0, ended: 1 });
        assert_eq!(witness.asked().len(), before + 1);
        // The next fault is met with the next head.
        break_off(&app).await;
        witness.forget();
    }
    for fault in [Fault::Says(503), Fault::Says(429)] {
        witness.turn(fault);
        assert_eq!(ask(&app, failing).await, Asked::default(), "it may be over soon");
    }
}

/// Takes away what was signed, as whoever holds the database can.
async fn break_off(app: &TestApp) {
    let guards: &[&'static str] = match app.core.db {
        assent::store::Db::Sqlite { .. } => {
            &["DROP TRIGGER IF EXISTS checkpoint_cosignature_is_kept"]
        }
        assent::store::Db::Postgres { .. } => {
            &["ALTER TABLE checkpoint_cosignature DISABLE TRIGGER USER"]
        }
    };
    for guard in guards {
        app.tamper(guard).await.unwrap();
    }
    app.tamper("DELETE FROM checkpoint_cosignature").await.unwrap();
}

#[apply(both_databases!)]
async fn one_that_knows_another_size_is_asked_from_there(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    let failing = &mut Failing::default();
    assert_eq!(ask(&app, failing).await, signed(1));
    let size = SignedNote::parse(&checkpoint(&app).await).unwrap().checkpoint().size;
    grow(&app, "bob@b.example").await;
    // A new machine took its name over, with nothing.
    witness.forget();
    assert_eq!(ask(&app, failing).await, signed(1));
    assert_eq!(witness.asked(), [0, size, 0]);
    // And here what was known of it is lost.
    break_off(&app).await;
    let newest = SignedNote::parse(&checkpoint(&app).await).unwrap().checkpoint().size;
    assert_eq!(ask(&app, failing).await, signed(1));
    assert_eq!(witness.asked()[3..], [0, newest]);
}

#[apply(both_databases!)]
async fn several_who_ask_at_once_keep_one_signature(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let app = sealed(database, &witness.setting()).await;
    let (mut one, mut other) = (Failing::default(), Failing::default());
    let (first, second) = tokio::join!(ask(&app, &mut one), ask(&app, &mut other));
    assert!(first.raised + second.raised == 0 && one.is_empty() && other.is_empty());
    assert_eq!(app.count(KEPT).await, 1);
    assert_eq!(witness.signatures(&checkpoint(&app).await), 1);
}

#[apply(both_databases!)]
async fn under_a_new_name_a_witness_begins_anew(database: Database) {
    let witness = TestWitness::start("witness.example").await;
    let set = witness.setting();
    let app = sealed(database, &set).await;
    let (app, before) = app.copied().await;
    grow(&app, "bob@b.example").await;
    let mut stopped = app.halt().await;
    stopped.put_back(&before).await;
    let app = stopped.start(&[("ASSENT_LEDGER_WITNESSES", &set)]).await;
    let failing = &mut Failing::default();
    assert_eq!(ask(&app, failing).await, signed(1), "the older head is shown still");
    let before = checkpoint(&app).await;
    assert_eq!(witness.signatures(&before), 1);
    let resumed = app.command_with(&[("ASSENT_LEDGER_WITNESSES", &set)], &["ledger", "resume"]);
    let said = String::from_utf8(resumed.stdout).unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{said}");
    assert!(said.contains("what they sign under it says nothing of what was before"), "{said}");
    assert!(said.contains(&before), "the last head that it signed is to be kept: {said}");
    assert_eq!(ask(&app, failing).await, signed(1));
    assert_eq!(witness.asked(), [0, 0], "the ledger bears another name");
    let note = checkpoint(&app).await;
    assert!(note.lines().next().unwrap().ends_with("/r2"));
    assert_eq!(witness.signatures(&note), 1);
}

#[apply(both_databases!)]
async fn an_alarm_ends_with_the_setting(database: Database) {
    let app = sealed(database, &setting("away.example", free_port())).await;
    let failing = &mut Failing::default();
    assert_eq!(ask(&app, failing).await, Asked::default());
    app.advance(PATIENCE);
    assert_eq!(ask(&app, failing).await.raised, 1);
    let app = app.halt().await.start(&[]).await;
    assert!(page(&app).await.contains("No witness is set"));
    let asked = ask(&app, &mut Failing::default()).await;
    assert_eq!(asked, Asked { ended: 1, ..Asked::default() });
}
