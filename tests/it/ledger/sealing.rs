//! Events get their places once, in each person's order, and every head over them is signed.

use std::time::Duration;

use assent::domain::catalog::notice::LANG;
use assent::domain::signup::submitted_form::Method;
use assent::flows::ledger::contexts::Contexts;
use assent::flows::ledger::evidence::{Form, Order, Workflow};
use assent::flows::signup::sign_up::words;
use assent::sealing::seal_all;
use assent::store::Tx;
use assent::store::catalog::notices;
use assent::store::consent::events::{NewConsentEvent, append_all};
use assent::store::ledger::checkpoints;
use assent::store::policy::versions;
use assent_ledger::event_type::EventType;
use assent_ledger::note::SignedNote;
use assent_ledger::tree::TILE_WIDTH;
use macro_rules_attribute::apply;

use super::{
    WEEKLY, assert_heads_are_right, assert_sound, does, newest, rows, seal, sealed_leaves,
};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const EVENTS: &str = "SELECT count(*) FROM consent_event";
const SEALED: &str = "SELECT count(*) FROM consent_event WHERE leaf_index IS NOT NULL";
const SIZE: &str = "SELECT size FROM ledger_head";
const HEADS: &str = "SELECT count(*) FROM checkpoint";

/// Appends so many wishes of strangers.
pub async fn append(app: &TestApp, count: usize) {
    let mut tx = app.write().await;
    append_in(app, &mut tx, count).await;
    tx.commit().await.unwrap();
}

/// The same in a transaction under way: as the form would record them, under the newest policy.
pub async fn append_in(app: &TestApp, tx: &mut Tx, count: usize) -> Vec<NewConsentEvent> {
    let at = app.core.moment();
    let notices = notices::list(tx).await.unwrap();
    let notice = notices.into_iter().find(|notice| notice.purpose.is_privacy_policy()).unwrap();
    let policies = versions::list(tx, LANG).await.unwrap();
    let policy = policies.into_iter().max_by_key(|policy| policy.published_at.micros()).unwrap();
    let settings = &app.core.flow_settings;
    let wish = |_| {
        let signup_id = at.new_id();
        let form = Form {
            signup_id: Some(signup_id),
            email: "stranger@b.example",
            method: Method::Form,
            policy: (&policy).into(),
            report: None,
            requested_at: at.now,
            source: "/reports/sample",
            evidence: None,
            workflow: Workflow::default(),
        };
        let mut order = Order::new(settings.at(&at), signup_id);
        let shown = Contexts::default().shown(settings, &form, &words(&notice)).unwrap();
        order.event(EventType::Requested, &form, &shown).unwrap()
    };
    let events: Vec<NewConsentEvent> = (0..count).map(wish).collect();
    append_all(tx, &events).await.unwrap();
    events
}

/// Every place, every head and every tile, by definition.
async fn assert_right(app: &TestApp) {
    assert_heads_are_right(&app.core.db, &app.core.flow_settings.ledger_keys.trusted()).await;
    assert_sound(app).await;
}

#[apply(both_databases!)]
async fn each_persons_order_is_kept_even_when_the_clock_was_set_back(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    let again = app.ask_and_read("ada@b.example", WEEKLY).await.link("/confirm/");
    app.subscribe("bob@b.example", "").await;
    // Somebody sets the server's clock right, by a day.
    app.set_back(Duration::from_hours(24));
    assert_eq!(app.post(&again, "").await.status, 303);
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    seal(&app).await;
    let rows = rows(&app.core.db).await;
    assert!(rows.iter().all(|row| row.leaf_index.is_some()));
    for row in &rows {
        let own = rows.iter().filter(|other| other.subject_id == row.subject_id);
        let own: Vec<i64> = own.map(|row| row.seq).collect();
        assert!(own.iter().copied().eq((1..).take(own.len())), "{own:?}");
    }
    assert_eq!(rows.iter().map(|row| row.seq).max(), Some(6), "given, renewed, withdrawn");
    assert_right(&app).await;
}

#[apply(both_databases!)]
async fn two_who_seal_at_once_leave_no_gap_and_no_double(database: Database) {
    let app = TestApp::start(database).await;
    app.get("/reports/sample").await;
    for count in [1, 7, 300] {
        append(&app, count).await;
        let core = &app.core;
        let one = || seal_all(&core.db, &core.flow_settings, &core.clock, &core.random);
        let (a, b, c) = tokio::join!(one(), one(), one());
        a.and(b).and(c).unwrap();
    }
    // So do commands beside the running program.
    append(&app, 20).await;
    std::thread::scope(|scope| {
        let print = || does(&app, &["ledger", "checkpoint"]);
        for told in [scope.spawn(print), scope.spawn(print)].map(|told| told.join().unwrap()) {
            let size = SignedNote::parse(&told).unwrap().checkpoint().size;
            assert!(size >= 328, "{size}");
        }
    });
    assert_eq!(app.count(SEALED).await, 328);
    assert_right(&app).await;
    let heads = app.count(HEADS).await;
    seal(&app).await;
    assert_eq!(app.count(HEADS).await, heads, "nothing waits, nothing is signed");
}

#[apply(both_databases!)]
async fn tiles_hold_together_across_their_edges(database: Database) {
    let app = TestApp::start(database).await;
    app.get("/reports/sample").await;
    seal(&app).await;
    let begun = usize::try_from(app.count(SIZE).await).unwrap();
    // One short of a tile, full, one over; then many at once, over more than one transaction.
    for count in [255 - begun, 1, 1, 254, 2, 4500] {
        append(&app, count).await;
        seal(&app).await;
    }
    assert_eq!(app.count(SIZE).await, 5013);
    let full = usize::from(TILE_WIDTH) * 32;
    let mut tx = app.read().await;
    for tile in 0..5013 / 256 {
        let hashes = checkpoints::find_tile(&mut tx, 0, tile).await.unwrap().unwrap();
        assert_eq!(hashes.len(), full);
    }
    assert_eq!(
        checkpoints::find_tile(&mut tx, 0, 19).await.unwrap().unwrap().len(),
        (5013 % 256) * 32
    );
    assert_eq!(
        checkpoints::find_tile(&mut tx, 1, 0).await.unwrap().unwrap().len(),
        (5013 / 256) * 32
    );
    assert!(checkpoints::find_tile(&mut tx, 2, 0).await.unwrap().is_none());
    drop(tx);
    assert_right(&app).await;
}

#[apply(both_databases!)]
async fn people_confirm_while_others_seal(database: Database) {
    let app = TestApp::start(database).await;
    let emails: Vec<String> = (0..12).map(|n| format!("reader{n}@b.example")).collect();
    let mut links = vec![];
    for email in &emails {
        links.push(app.ask_and_read(email, WEEKLY).await.link("/confirm/"));
    }
    let core = &app.core;
    let confirm = futures_util::future::join_all(links.iter().map(|link| app.post(link, "")));
    let sealing = async {
        while app.count("SELECT count(*) FROM subscriber").await < 12 {
            seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
        }
    };
    let (answers, ()) = tokio::join!(confirm, sealing);
    assert!(answers.iter().all(|answer| answer.status == 303));
    seal(&app).await;
    assert_eq!((app.count(EVENTS).await, app.count(SEALED).await), (48, 48));
    assert_eq!(app.exported("newsletter:weekly").await.len(), 12);
    assert_right(&app).await;
}

#[apply(both_databases!)]
async fn the_newest_head_is_published_and_asking_for_it_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    seal(&app).await;
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let mut before = 0;
    for email in ["bob@b.example", "cyd@b.example"] {
        let answer = app.get("/ledger/checkpoint").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/plain; charset=utf-8")
        );
        let note = SignedNote::parse(&answer.text()).unwrap();
        assert_eq!(note.verified_by(&keys), keys.first());
        assert_eq!(note, newest(&app.core.db, &keys).await);
        let size = note.checkpoint().size;
        assert!(size > before);
        before = size;
        app.ask_and_read(email, "").await;
        seal(&app).await;
    }
    let (heads, sealed) = (app.count(HEADS).await, app.count(SEALED).await);
    assert_eq!(app.send(app.request("HEAD", "/ledger/checkpoint")).await.status, 200);
    app.get("/ledger/checkpoint").await;
    assert_eq!((app.count(HEADS).await, app.count(SEALED).await), (heads, sealed));
    assert_eq!(app.post("/ledger/checkpoint", "").await.status, 405);
}

/// What a tile of the second height is made of: 65536 events. It is told on the embedded database
/// alone, for the arithmetic is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn the_second_height_begins_where_it_should() {
    let app = TestApp::start(Database::Sqlite).await;
    app.get("/reports/sample").await;
    seal(&app).await;
    let begun = usize::try_from(app.count(SIZE).await).unwrap();
    for _ in 0..13 {
        append(&app, 5_000).await;
    }
    append(&app, 535 - begun).await;
    seal(&app).await;
    let mut tx = app.read().await;
    assert!(checkpoints::find_tile(&mut tx, 2, 0).await.unwrap().is_none());
    assert_eq!(checkpoints::find_tile(&mut tx, 1, 0).await.unwrap().unwrap().len(), 255 * 32);
    drop(tx);
    append(&app, 3).await;
    seal(&app).await;
    let mut tx = app.read().await;
    assert_eq!(checkpoints::find_tile(&mut tx, 2, 0).await.unwrap().unwrap().len(), 32);
    assert_eq!(checkpoints::find_tile(&mut tx, 1, 0).await.unwrap().unwrap().len(), 256 * 32);
    assert_eq!(checkpoints::find_tile(&mut tx, 0, 256).await.unwrap().unwrap().len(), 2 * 32);
    drop(tx);
    let leaves: Vec<String> =
        sealed_leaves(&app.core.db).await.into_iter().map(|(_, leaf)| leaf).collect();
    let note = newest(&app.core.db, &app.core.flow_settings.ledger_keys.trusted()).await;
    assert_eq!(
        (note.checkpoint().size, note.checkpoint().root),
        (65_538, super::naive_root(&leaves))
    );
    assert_eq!(assert_sound(&app).await.size, 65_538);
}
