//! Whatever is changed behind the program's back is named, exports stop, and the service goes on.

mod consents;
mod events;
mod heads;
mod receipts;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assent::flows::contacts::allow_export::allow_export;
use assent::flows::ledger::keep_verdict::find_verdict;
use assent::store::ledger::checkpoints::upsert_tile;
use macro_rules_attribute::apply;

use crate::ledger::{
    EXPORT, WEEKLY, assert_refused, assert_sound, check, command, does, seal, unguard,
};
use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;

/// A ledger with some history under a few heads, and nothing left that guards its rows.
async fn history(database: Database) -> TestApp {
    let app = TestApp::start_empty(database, &[]).await;
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, "2026-10").await;
    tx.commit().await.unwrap();
    app.advance(Duration::from_secs(1));
    app.publish_samples().await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    app.subscribe("bob@b.example", WEEKLY).await;
    seal(&app).await;
    let manage = app.mail_to("bob@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    app.subscribe("cyd@b.example", "").await;
    app.ask_and_read("dan@b.example", WEEKLY).await;
    seal(&app).await;
    unguard(&app).await;
    assert_sound(&app).await;
    app
}

/// The first thing found holds these words; nothing is exported, and all else goes on.
async fn caught(app: &TestApp, words: &str) {
    static STRANGERS: AtomicUsize = AtomicUsize::new(0);
    let found = check(app).await;
    let first = found.findings.first().unwrap_or_else(|| panic!("nothing found: {words}"));
    assert!(first.contains(words), "{words}: {:?}", found.findings);
    assert!(!found.findings.iter().any(|finding| finding.contains('@')), "no address is told");
    let tx = &mut app.read().await;
    let verdict = find_verdict(tx, &app.core.flow_settings.evidence_key).await.unwrap().unwrap();
    assert_eq!((verdict.finding.as_ref(), verdict.size), (Some(first), found.size));
    let refused =
        allow_export(tx, &app.core.flow_settings, app.clock.now()).await.unwrap_err().to_string();
    assert!(refused.contains(first), "{refused}");
    let output = command(app, &EXPORT);
    assert_refused(&output, "the consent ledger is not what it was");
    assert!(output.stdout.is_empty(), "not even a header");
    assert!(command(app, &["withdrawals"]).status.success(), "who left can always be asked");
    assert_eq!(app.get(PATH).await.status, 200);
    let stranger = format!("stranger{}@b.example", STRANGERS.fetch_add(1, Ordering::SeqCst));
    app.subscribe(&stranger, "").await;
}

/// What was changed was put back: all is as if nothing had been.
async fn healed(app: &TestApp) {
    assert_sound(app).await;
    allow_export(&mut app.read().await, &app.core.flow_settings, app.clock.now()).await.unwrap();
    assert!(does(app, &EXPORT).contains("ada@b.example"));
    // The export is recorded too: the worker must not find it waiting in the middle of the next change.
    seal(app).await;
}

/// One change, by statements: done, found, undone.
async fn tampered(app: &TestApp, doing: &'static str, words: &str, undoing: &'static str) {
    assert_eq!(app.tamper(doing).await.unwrap(), 1, "{doing}");
    caught(app, words).await;
    assert_eq!(app.tamper(undoing).await.unwrap(), 1, "{undoing}");
    healed(app).await;
}

async fn write_tile(app: &TestApp, hashes: &[u8]) {
    let mut tx = app.write().await;
    upsert_tile(&mut tx, 0, 0, hashes).await.unwrap();
    tx.commit().await.unwrap();
}

#[apply(both_databases!)]
async fn check_and_readyz_tell_what_was_found(database: Database) {
    let app = history(database).await;
    assert!(!app.get("/readyz").await.text().contains("ledger-check"));
    let told = command(&app, &["check"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("\nledger: ok\n"));
    assert!(app.tamper("UPDATE consent SET source = source || 'x'").await.unwrap() > 0);
    let found = check(&app).await.findings.swap_remove(0);
    let ready = app.get("/readyz").await;
    let told = ready.text();
    assert_eq!(ready.status, 200, "signups go on");
    assert!(
        told.contains("\nledger-check since ") && told.ends_with(&format!(": {found}\n")),
        "{told}"
    );
    let refused = command(&app, &["check"]);
    assert_refused(&refused, "not ready: ledger");
    let told = String::from_utf8(refused.stdout).unwrap();
    let line = format!("\nledger: the consent ledger is not what it was: {found}. ");
    assert!(told.contains(&line), "{told}");
    let undone = "UPDATE consent SET source = substr(source, 1, length(source) - 1)";
    assert!(app.tamper(undone).await.unwrap() > 0);
    healed(&app).await;
    assert!(!app.get("/readyz").await.text().contains("ledger-check"));
}

#[apply(both_databases!)]
async fn the_command_names_what_it_finds(database: Database) {
    let app = history(database).await;
    assert_eq!(app.tamper("UPDATE consent SET source = '/elsewhere'").await.unwrap(), 5);
    let output = command(&app, &["ledger", "verify"]);
    assert_refused(&output, "is not what it was: exports stop until it is sound again");
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        told.matches(": the page of the consent that rests on it is another").count(),
        3,
        "{told}"
    );
    assert!(told.starts_with("row ") && !told.contains('@'), "{told}");
    assert_refused(&command(&app, &EXPORT), "the consent ledger is not what it was");
    assert_eq!(app.tamper("UPDATE consent SET source = '/reports/sample'").await.unwrap(), 5);
    let told = does(&app, &["ledger", "verify"]);
    assert!(told.starts_with("sound: ") && told.trim().lines().count() == 2, "{told}");
    healed(&app).await;
}
