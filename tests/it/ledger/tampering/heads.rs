//! Signed heads and the stored tree, changed.

use assent::store::Db;
use assent::store::ledger::checkpoints::{StoredCheckpoint, find_newest, find_tile, list};
use assent_ledger::note::{KeyName, SignedNote, SigningKey};
use macro_rules_attribute::apply;

use super::{caught, healed, history, tampered, write_tile};
use crate::ledger::{EXPORT, assert_refused, check, command};
use crate::support::app::Database;
use crate::support::both_databases;

async fn write_head(db: &Db, head: &StoredCheckpoint) {
    const WRITE: &str = "UPDATE checkpoint SET root = $2, note = $3 WHERE size = $1";
    macro_rules! write {
        ($to:expr) => {
            sqlx::query(WRITE)
                .bind(head.size)
                .bind(&head.root)
                .bind(&head.note)
                .execute($to)
                .await
                .map(|done| done.rows_affected())
        };
    }
    let written = match db {
        Db::Sqlite { writer, .. } => write!(writer),
        Db::Postgres { pool, .. } => write!(pool),
    };
    assert_eq!(written.unwrap(), 1);
}

#[apply(both_databases!)]
async fn a_head_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    let heads = list(&mut app.read().await, 0, 100).await.unwrap();
    let thief = SigningKey::new(
        KeyName::parse(app.core.flow_settings.ledger_keys.origin()).unwrap(),
        [9; 32],
    );
    for head in [heads.first().unwrap(), heads.last().unwrap()] {
        let name = format!("the checkpoint of {} events", head.size);
        let note =
            SignedNote::parse(&head.note).unwrap().checkpoint().sign(std::slice::from_ref(&thief));
        let root = vec![0; 32];
        for (forged, words) in [
            (StoredCheckpoint { note, ..head.clone() }, "is not signed by a key of this ledger"),
            (StoredCheckpoint { root, ..head.clone() }, "is kept with another size or root"),
            (StoredCheckpoint { note: "a note\n".into(), ..head.clone() }, "cannot be read"),
        ] {
            write_head(&app.core.db, &forged).await;
            caught(&app, &format!("{name} {words}")).await;
            write_head(&app.core.db, head).await;
            healed(&app).await;
        }
    }
    let newest = find_newest(&mut app.read().await).await.unwrap().unwrap().size;
    let beyond = format!("the checkpoint of {} events covers more than are sealed", newest + 1000);
    tampered(&app, "INSERT INTO checkpoint SELECT size + 1000, root, note, created_at, previous, mac FROM checkpoint
                WHERE size = (SELECT max(size) FROM checkpoint)",
        &beyond, "DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)").await;
    let size = find_newest(&mut app.read().await).await.unwrap().unwrap().size;
    let beyond = format!("the checkpoint of {size} events covers more than are sealed");
    tampered(
        &app,
        "UPDATE ledger_head SET size = size - 1",
        &beyond,
        "UPDATE ledger_head SET size = size + 1",
    )
    .await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)").await.unwrap();
    let newest = find_newest(&mut app.read().await).await.unwrap().unwrap().size;
    // Without its newest head it is behind the one that is known outside: who left cannot be asked either.
    app.tamper("DELETE FROM checkpoint WHERE size = (SELECT size FROM kept)").await.unwrap();
    let found = check(&app).await.findings;
    assert!(found[0].contains(&format!("{newest} leaves have their place, and only")), "{found:?}");
    for command in [&EXPORT[..], &["withdrawals"]] {
        assert_refused(&super::command(&app, command), "the database is behind");
    }
    app.tamper("INSERT INTO checkpoint SELECT * FROM kept").await.unwrap();
    healed(&app).await;
}

#[apply(both_databases!)]
async fn a_stored_tree_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM ledger_tile").await.unwrap();
    tampered(
        &app,
        "DELETE FROM ledger_tile",
        "row 0: its leaf is not the one that was sealed",
        "INSERT INTO ledger_tile SELECT * FROM kept",
    )
    .await;
    let tile = find_tile(&mut app.read().await, 0, 0).await.unwrap().unwrap();
    let last = tile.len() / 32 - 1;
    write_tile(&app, &tile[..last * 32]).await;
    caught(&app, &format!("row {last}: its leaf is not the one that was sealed")).await;
    write_tile(&app, &tile).await;
    healed(&app).await;
    // One leaf too many would put every later one in the wrong place.
    let tile = find_tile(&mut app.read().await, 0, 0).await.unwrap().unwrap();
    write_tile(&app, &[&tile[..], &[0; 32]].concat()).await;
    app.ask_and_read("late@b.example", "").await;
    caught(&app, "nothing can be sealed: the stored tree is not that of the newest checkpoint")
        .await;
    write_tile(&app, &tile).await;
    healed(&app).await;
}
