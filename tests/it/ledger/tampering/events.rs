//! Events that were changed, taken away, slipped in or put in another order.

use assent::store::Tx;
use assent::store::ledger::checkpoints::{find_newest, find_tile, list};
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use assent_ledger::tree::leaf_hash;
use macro_rules_attribute::apply;

use super::{caught, healed, history, tampered, write_tile};
use crate::ledger::sealing::append_in;
use crate::ledger::{Row, check, put, rows, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const STEAL: &str = "UPDATE consent_event SET leaf_index = $2 WHERE event_id = $1";

/// The first sealed event of this type, and the first after it.
async fn two(app: &TestApp, event_type: EventType) -> (Row, Row) {
    let rows = rows(&app.core.db).await;
    let mut of = rows.into_iter().filter(|row| row.event_type == event_type);
    (of.next().unwrap(), of.next().unwrap())
}

fn place(row: &Row) -> i64 {
    row.leaf_index.unwrap()
}

/// The row with another body, and a salt and a leaf that fit it.
fn rewritten(row: &Row, from: &str, to: &str) -> Row {
    let body = row.body.as_ref().unwrap().replace(from, to);
    assert_ne!(Some(&body), row.body.as_ref());
    let salt = [7; 32];
    let leaf = LeafHead::of_event(row.event_type).leaf(&salt, &body);
    Row { body: Some(body), salt: Some(salt.to_vec()), leaf, ..row.clone() }
}

/// Writes rows over, finds it, and puts them back.
async fn overwritten(app: &TestApp, with: [Row; 2], old: [&Row; 2], words: &str) {
    for row in &with {
        put(&app.core.db, row).await;
    }
    caught(app, words).await;
    for row in old {
        put(&app.core.db, row).await;
    }
    healed(app).await;
}

#[apply(both_databases!)]
async fn a_body_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    let (a, b) = two(&app, EventType::Given).await;
    let commits = format!(
        "row {}, event {}: its body is not the one that its leaf commits to",
        place(&a),
        a.event_id
    );
    let edited =
        Row { body: a.body.as_ref().map(|body| body.replace("ada@", "eve@")), ..a.clone() };
    overwritten(&app, [edited, b.clone()], [&a, &b], &commits).await;
    let with = |row: &Row, other: &Row| Row { body: other.body.clone(), ..row.clone() };
    overwritten(&app, [with(&a, &b), with(&b, &a)], [&a, &b], &commits).await;
    let with = |row: &Row, other: &Row| Row { salt: other.salt.clone(), ..with(row, other) };
    overwritten(&app, [with(&a, &b), with(&b, &a)], [&a, &b], &commits).await;
    let sealed = format!("row {}: its leaf is not the one that was sealed", place(&a));
    let with = |row: &Row, other: &Row| Row { leaf: other.leaf.clone(), ..with(row, other) };
    overwritten(&app, [with(&a, &b), with(&b, &a)], [&a, &b], &sealed).await;
    // What would hide in the text that rows are read from.
    for hidden in ["\u{1f}", "\u{1e}", "\u{0}x"] {
        if database == Database::Postgres && hidden.starts_with('\u{0}') {
            continue; // Such a text cannot stand there.
        }
        let edited =
            Row { body: a.body.as_ref().map(|body| format!("{body}{hidden}")), ..a.clone() };
        let unreadable = format!("row {}, which is not as this program writes it", place(&a));
        overwritten(&app, [edited, b.clone()], [&a, &b], &unreadable).await;
    }
    // Half an erasure, and one that nobody asked for.
    let bare = Row { body: None, salt: None, ..a.clone() };
    let rests = format!(
        "row {}, event {}: a consent rests on it, and its body is gone",
        place(&a),
        a.event_id
    );
    overwritten(&app, [bare, b.clone()], [&a, &b], &rests).await;
}

#[apply(both_databases!)]
async fn a_leaf_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    let (a, b) = two(&app, EventType::Requested).await;
    let sealed = format!("row {}: its leaf is not the one that was sealed", place(&a));
    let edited = rewritten(&a, "ada@b.example", "eve@b.example");
    overwritten(
        &app,
        [Row { leaf: edited.leaf.clone(), ..a.clone() }, b.clone()],
        [&a, &b],
        &sealed,
    )
    .await;
    overwritten(&app, [edited.clone(), b.clone()], [&a, &b], &sealed).await;

    // Whoever changes the stored tree too is given away by the heads signed since.
    let tile = find_tile(&mut app.read().await, 0, 0).await.unwrap().unwrap();
    let mut forged = tile.clone();
    let at = usize::try_from(place(&a)).unwrap() * 32;
    forged[at..at + 32].copy_from_slice(&leaf_hash(edited.leaf.as_bytes()));
    put(&app.core.db, &edited).await;
    write_tile(&app, &forged).await;
    let heads = list(&mut app.read().await, 0, 100).await.unwrap();
    let first = heads.iter().find(|head| head.size > place(&a)).unwrap();
    let before = heads.iter().rfind(|head| head.size <= place(&a)).map_or(0, |head| head.size);
    caught(&app, "this program did not write it").await;
    let told = check(&app).await.findings;
    for words in [
        format!("the checkpoint of {} events was signed over another tree", first.size),
        format!("what differs is among rows {before} to {}", first.size - 1),
    ] {
        assert!(told.iter().any(|what| what.contains(&words)), "{words}: {told:?}");
    }
    let newest = find_newest(&mut app.read().await).await.unwrap().unwrap();
    assert_eq!(newest.size, heads.last().unwrap().size, "a forged tree is never signed");
    put(&app.core.db, &a).await;
    write_tile(&app, &tile).await;
    healed(&app).await;
}

#[apply(both_databases!)]
async fn a_row_that_is_gone_or_came_late_is_named(database: Database) {
    let app = history(database).await;
    let (a, _) = two(&app, EventType::Requested).await;
    let missing = format!("row {}: it is missing", place(&a));
    app.tamper(
        "CREATE TABLE kept AS SELECT * FROM consent_event WHERE leaf_index =
                    (SELECT min(leaf_index) FROM consent_event WHERE type = 'requested')",
    )
    .await
    .unwrap();
    let delete = "DELETE FROM consent_event WHERE event_id = (SELECT event_id FROM kept)";
    let back = "INSERT INTO consent_event SELECT * FROM kept";
    tampered(&app, delete, &missing, back).await;

    assert_eq!(app.tamper(delete).await.unwrap(), 1);
    let mut tx = app.write().await;
    let late = append_in(&app, &mut tx, 1).await.remove(0);
    match &mut tx {
        Tx::Sqlite(tx) => drop(
            sqlx::query(STEAL)
                .bind(late.event_id)
                .bind(place(&a))
                .execute(&mut **tx)
                .await
                .unwrap(),
        ),
        Tx::Postgres(tx) => drop(
            sqlx::query(STEAL)
                .bind(late.event_id)
                .bind(place(&a))
                .execute(&mut **tx)
                .await
                .unwrap(),
        ),
    }
    tx.commit().await.unwrap();
    caught(&app, &format!("row {}: its leaf is not the one that was sealed", place(&a))).await;
    let out = "DELETE FROM consent_event WHERE leaf_index = (SELECT leaf_index FROM kept)";
    assert_eq!(app.tamper(out).await.unwrap(), 1);
    assert_eq!(app.tamper(back).await.unwrap(), 1);
    healed(&app).await;

    // The last of all is missed too.
    app.tamper("DROP TABLE kept").await.unwrap();
    app.ask_and_read("late@b.example", "").await;
    seal(&app).await;
    app.tamper(
        "CREATE TABLE kept AS SELECT * FROM consent_event WHERE leaf_index =
                    (SELECT max(leaf_index) FROM consent_event)",
    )
    .await
    .unwrap();
    let last = place(rows(&app.core.db).await.last().unwrap());
    tampered(&app, delete, &format!("row {last}: it is missing"), back).await;
}

#[apply(both_databases!)]
async fn an_order_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    // Bob's leaving is made older than his joining, and his consent to rest on that.
    app.tamper("CREATE TABLE kept AS SELECT e.event_id, e.seq FROM consent_event e JOIN subscriber s ON s.subscriber_id = e.subject_id
                    WHERE s.email = 'bob@b.example'").await.unwrap();
    for statement in [
        "UPDATE consent_event SET seq = seq + 100 WHERE type = 'given' AND event_id IN (SELECT event_id FROM kept)",
        "UPDATE consent SET state = 'given', event_id = (SELECT event_id FROM consent_event e
                WHERE e.subject_id = consent.subscriber_id AND e.purpose = consent.purpose AND e.type = 'given')
             WHERE state = 'withdrawn'",
    ] {
        assert_eq!(app.tamper(statement).await.unwrap(), 2);
    }
    caught(&app, "the event before it of the same subject is missing").await;
}
