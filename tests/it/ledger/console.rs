//! The ledger as staff see it, and having it checked.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::random::Moments;
use assent::sealing::verify::verify;
use assent::store::Tx;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use macro_rules_attribute::apply;
use tokio::time::timeout;

use crate::support::app::{Database, TestApp};
use crate::support::desk::TestDesk;
use crate::support::{both_databases, poll};

/// Longer than anything takes that waits for nobody.
const PATIENCE: Duration = Duration::from_secs(4);

/// Keeps everybody from writing to the audit. SQLite has one writer, so a transaction is enough.
async fn hold_the_audit(app: &TestApp) -> Tx {
    let mut tx = app.write().await;
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("LOCK TABLE audit_entry IN EXCLUSIVE MODE").execute(&mut **tx).await.unwrap();
    }
    tx
}

/// The page once no check runs.
async fn ended(desk: &TestDesk<'_>) -> String {
    poll::until("the end of the check", || async {
        let page = desk.page("/console/ledger").await;
        (!page.contains("<progress")).then_some(page)
    })
    .await
}

async fn entries(app: &TestApp) -> (i64, i64) {
    let asked = "SELECT count(*) FROM audit_entry WHERE action = 'ledger.verify.start'";
    let told = "SELECT count(*) FROM audit_entry WHERE action = 'ledger.verify'";
    (app.count(asked).await, app.count(told).await)
}

#[apply(both_databases!)]
async fn the_newest_checkpoint_is_shown_and_taken_away(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.subscribe("ada@b.example", "").await;
    app.seal().await;
    let page = desk.page("/console/ledger").await;
    let key = app.core.flow_settings.ledger_keys.first().vkey();
    let note = app.get("/ledger/checkpoint").await.text();
    let root = note.lines().nth(2).unwrap();
    let plain = page.replace("&#x2f;", "/").replace("&#x2F;", "/");
    assert!(plain.contains(root) && plain.contains(&key.fingerprint()));
    let size = note.lines().nth(1).unwrap().to_owned();
    assert!(page.contains(&format!("<dd>{size}</dd>")), "the leaves under it");
    assert!(!page.contains("Verify now"), "a viewer has nothing checked");
    let file = desk.get("/console/ledger/checkpoint").await;
    assert_eq!((file.status, file.text()), (200, note));
    assert!(file.header("content-disposition").contains(&format!("checkpoint-{size}.txt")));
}

#[apply(both_databases!)]
async fn a_check_is_asked_for_by_a_button_and_its_verdict_kept(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    // The worker's own check, made when it starts, would otherwise be told as the last.
    poll::until("the first check", || async {
        (app.count("SELECT count(*) FROM ledger_verdict").await == 1).then_some(())
    })
    .await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.advance(Duration::from_hours(1));
    assert_eq!(desk.get("/console/ledger").await.status, 200);
    // Nothing can be written down, so the one that begins the check waits; all others find it begun.
    let held = hold_the_audit(&app).await;
    let mut presses: FuturesUnordered<_> =
        (0..8).map(|_| desk.post("/console/ledger/verify", "")).collect();
    for _ in 0..7 {
        let answer = timeout(PATIENCE, presses.next()).await.expect("an answer at once").unwrap();
        assert_eq!((answer.status, answer.location()), (303, "/console/ledger"));
    }
    drop(held);
    let answer = presses.next().await.unwrap();
    assert_eq!((answer.status, answer.location()), (303, "/console/ledger"));
    let page = ended(&desk).await;
    let size = app.count("SELECT size FROM ledger_head").await;
    assert!(
        page.contains("checked and is sound") && page.contains(&format!("{size} leaves")),
        "{page}"
    );
    assert!(page.contains("23 Nov 2026, 10:00 UTC"), "when");
    poll::until("the end written down", || async { (entries(&app).await.1 > 0).then_some(()) })
        .await;
    assert_eq!(entries(&app).await, (1, 1), "one check for eight presses");
    assert_eq!(
        app.count("SELECT count(*) FROM ledger_verdict WHERE finding IS NULL AND size >= 4").await,
        1
    );
    assert!(desk.page("/console/audit").await.contains("asked for a check of the ledger"));
}

#[apply(both_databases!)]
async fn a_changed_row_is_told_and_exports_stop(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.subscribe("ada@b.example", "").await;
    app.subscribe("bob@b.example", "").await;
    app.seal().await;
    for lift in match app.core.db {
        assent::store::Db::Sqlite { .. } => ["DROP TRIGGER consent_event_is_immutable"],
        assent::store::Db::Postgres { .. } => ["ALTER TABLE consent_event DISABLE TRIGGER ALL"],
    } {
        app.tamper(lift).await.unwrap();
    }
    app.tamper("CREATE TABLE kept AS SELECT event_id, leaf FROM consent_event").await.unwrap();
    app.tamper(
        "UPDATE consent_event SET leaf = '{\"c\":\"x\"}' WHERE leaf_index IN
            (SELECT leaf_index FROM consent_event ORDER BY leaf_index LIMIT 2)",
    )
    .await
    .unwrap();
    let first = app.count("SELECT min(leaf_index) FROM consent_event").await;
    let second = app
        .count(
            "SELECT max(leaf_index) FROM (SELECT leaf_index FROM consent_event
            ORDER BY leaf_index LIMIT 2) AS both_rows",
        )
        .await;
    assert_eq!(desk.post("/console/ledger/verify", "").await.status, 303);
    let page = ended(&desk).await;
    assert!(page.contains("verdict-no") && page.contains("Nothing is exported"), "{page}");
    for row in [first, second] {
        assert!(page.contains(&format!("row {row}: its leaf")), "all that was found: {page}");
    }
    assert!(desk.page("/console").await.contains("The consent ledger is not what it was"));
    let mut tx = app.read().await;
    let refused = assent::flows::contacts::allow_export::allow_export(
        &mut tx,
        &app.core.flow_settings,
        app.clock.now(),
    )
    .await;
    assert!(refused.is_err());
    // Whoever finds it sound later has the last word: the page lists nothing of what was found before.
    app.tamper("UPDATE consent_event SET leaf = (SELECT k.leaf FROM kept k WHERE k.event_id = consent_event.event_id)")
        .await
        .unwrap();
    app.advance(Duration::from_secs(1));
    let core = &app.core;
    let found =
        verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), |_| ())
            .await
            .unwrap();
    assert!(found.is_sound(), "{:?}", found.findings);
    let page = desk.page("/console/ledger").await;
    assert!(page.contains("checked and is sound"), "{page}");
    assert!(!page.contains("its leaf") && !page.contains("of them emptied"), "{page}");
}
