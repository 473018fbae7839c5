//! Transactions that the database ends for the sake of others, and those that their callers leave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assent::flows::Error;
use assent::flows::raise_alarm::raise;
use assent::store::{Tx, UseCase};
use tokio::sync::Barrier;

use crate::support::app::{Database, TestApp};

/// PostgreSQL looks who waits for whom when a timer rings, which it never does where libfaketime moves the clock.
fn finds_deadlocks() -> bool {
    std::env::var_os("FAKETIME").is_none()
}

/// Locks one of two rows, waits until both have one, and locks the other. Where nobody finds that they wait for each other,
/// one of them gives way as if it had been found.
async fn lock_both(
    tx: &mut UseCase<'_>,
    order: [i64; 2],
    both: &Barrier,
    begun: &AtomicUsize,
) -> Result<(), Error> {
    let Tx::Postgres(tx) = &mut **tx else { unreachable!("a story of PostgreSQL") };
    let lock = "SELECT pg_advisory_xact_lock($1)";
    sqlx::query(lock).bind(order[0]).execute(&mut **tx).await?;
    if begun.fetch_add(1, Ordering::SeqCst) < 2 {
        both.wait().await;
        if !finds_deadlocks() && order[0] > order[1] {
            let give_way = "DO $$ BEGIN RAISE USING ERRCODE = 'deadlock_detected'; END $$";
            sqlx::query(give_way).execute(&mut **tx).await?;
        }
    }
    sqlx::query(lock).bind(order[1]).execute(&mut **tx).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_way_begins_anew() {
    let app = TestApp::start(Database::Postgres).await;
    let (both, begun) = (Barrier::new(2), AtomicUsize::new(0));
    let (both, begun) = (&both, &begun);
    let run = |order| app.core.db.run(move |tx| Box::pin(lock_both(tx, order, both, begun)));
    let (one, other) = tokio::join!(run([7, 8]), run([8, 7]));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(begun.load(Ordering::SeqCst), 3, "one of them twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_gives_way_begins_anew_too() {
    let app = TestApp::start(Database::Postgres).await;
    let (both, begun) = (Barrier::new(2), AtomicUsize::new(0));
    let (both, begun) = (&both, &begun);
    let run = |order| {
        app.core.db.run(move |tx| {
            Box::pin(async move {
                lock_both(tx, order, both, begun).await.map_err(assent::web::Error::from)
            })
        })
    };
    let (one, other) = tokio::join!(run([7, 8]), run([8, 7]));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(begun.load(Ordering::SeqCst), 3, "one of them twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_while_a_transaction_begins_leaves_nothing_to_the_next() {
    let app = TestApp::start(Database::Postgres).await;
    let (db, at) = (&app.core.db, app.core.moment());
    for micros in (0..3000).step_by(20) {
        let limit = Duration::from_micros(micros);
        drop(tokio::time::timeout(limit, db.read()).await);
        drop(tokio::time::timeout(limit, db.write()).await);
        let before = app.count("SELECT count(*) FROM alarm WHERE subject LIKE 'story%'").await;
        let subject = format!("story{micros}");
        let raised = db.run(|tx| Box::pin(raise(tx, &at, &subject, "a story"))).await;
        assert!(raised.unwrap());
        let after = app.count("SELECT count(*) FROM alarm WHERE subject LIKE 'story%'").await;
        assert_eq!(after, before + 1, "after {limit:?}");
    }
}
