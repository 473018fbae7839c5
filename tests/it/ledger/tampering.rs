//! Whatever is changed behind the program's back is named, exports stop, and the service goes on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assent::domain::consent::event::EventType;
use assent::flows::contacts::allow_export::allow_export;
use assent::flows::ledger::keep_verdict::find_verdict;
use assent::ledger::leaf::LeafHead;
use assent::ledger::note::{KeyName, SignedNote, SigningKey};
use assent::ledger::tree::leaf_hash;
use assent::store::ledger::checkpoints::{
    StoredCheckpoint, find_newest, find_tile, list, upsert_tile,
};
use assent::store::{Db, Tx};
use macro_rules_attribute::apply;

use super::sealing::append_in;
use super::{
    EXPORT, Row, WEEKLY, assert_refused, assert_sound, check, command, does, put, rows, seal,
    unguard,
};
use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;

const STEAL: &str = "UPDATE consent_event SET leaf_index = $2 WHERE event_id = $1";
const BACK: &str = "UPDATE consent SET confirmed_at = (SELECT confirmed_at FROM kept),
         requested_at = (SELECT requested_at FROM kept) WHERE event_id = (SELECT event_id FROM kept)";

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
    let verdict = find_verdict(tx, &app.core.terms.evidence_key).await.unwrap().unwrap();
    assert_eq!((verdict.finding.as_ref(), verdict.size), (Some(first), found.size));
    let refused = allow_export(tx, &app.core.terms, app.clock.now()).await.unwrap_err().to_string();
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
    allow_export(&mut app.read().await, &app.core.terms, app.clock.now()).await.unwrap();
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

async fn write_tile(app: &TestApp, hashes: &[u8]) {
    let mut tx = app.write().await;
    upsert_tile(&mut tx, 0, 0, hashes).await.unwrap();
    tx.commit().await.unwrap();
}

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
async fn a_head_that_was_changed_is_named(database: Database) {
    let app = history(database).await;
    let heads = list(&mut app.read().await, 0, 100).await.unwrap();
    let thief =
        SigningKey::new(KeyName::parse(app.core.terms.ledger_keys.origin()).unwrap(), [9; 32]);
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

#[apply(both_databases!)]
async fn a_consent_that_no_event_made_is_named(database: Database) {
    let app = history(database).await;
    let rests = "of the consent that rests on it is another";
    for (doing, words, undoing) in [
        ("UPDATE subscriber SET email = 'eve@b.example' WHERE email = 'ada@b.example'", "the address",
         "UPDATE subscriber SET email = 'ada@b.example' WHERE email = 'eve@b.example'"),
        ("UPDATE consent SET state = 'given' WHERE state = 'withdrawn' AND purpose = 'newsletter:weekly'", "the state",
         "UPDATE consent SET state = 'withdrawn' WHERE purpose = 'newsletter:weekly'
              AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'bob@b.example')"),
        ("UPDATE consent SET state = 'renewed' WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the state",
         "UPDATE consent SET state = 'given' WHERE state = 'renewed'"),
        ("UPDATE consent SET policy_version_id = (SELECT policy_version_id FROM policy_version WHERE label = '2026-10')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the policy",
         "UPDATE consent SET policy_version_id = (SELECT policy_version_id FROM policy_version WHERE label = '2026-11')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'"),
        ("UPDATE consent SET notice_id = (SELECT notice_id FROM notice WHERE purpose = 'privacy-policy')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the words",
         "UPDATE consent SET notice_id = (SELECT notice_id FROM notice WHERE purpose = 'newsletter:weekly')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'"),
        ("UPDATE consent SET source = '/elsewhere' WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the page",
         "UPDATE consent SET source = '/reports/sample' WHERE source = '/elsewhere'"),
    ] {
        tampered(&app, doing, &format!("{words} {rests}"), undoing).await;
    }
    // What cannot be written back by hand is kept.
    app.tamper("CREATE TABLE kept AS SELECT c.* FROM consent c JOIN subscriber s ON s.subscriber_id = c.subscriber_id
                    WHERE s.email = 'ada@b.example' AND c.purpose = 'newsletter:weekly'").await.unwrap();
    tampered(&app, "UPDATE consent SET confirmed_at = requested_at WHERE event_id = (SELECT event_id FROM kept)", &format!("the time {rests}"), BACK).await;
    tampered(&app, "UPDATE consent SET requested_at = confirmed_at WHERE event_id = (SELECT event_id FROM kept)", &format!("the time {rests}"), BACK).await;
    tampered(
        &app,
        "DELETE FROM consent WHERE event_id = (SELECT event_id FROM kept)",
        "the consent that it made is missing",
        "INSERT INTO consent SELECT * FROM kept",
    )
    .await;

    // Cyd never ticked the newsletter; Bob left it.
    tampered(&app, "INSERT INTO consent SELECT c.subscriber_id, 'newsletter:weekly', c.state, c.event_id, c.notice_id,
                c.policy_version_id, c.report_id, c.source, c.requested_at, c.confirmed_at, c.mac
            FROM consent c JOIN subscriber s ON s.subscriber_id = c.subscriber_id WHERE s.email = 'cyd@b.example'",
        "to newsletter:weekly rests on no event of theirs",
        "DELETE FROM consent WHERE purpose = 'newsletter:weekly'
             AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'cyd@b.example')").await;
    let older = "UPDATE consent SET state = 'given', event_id = (SELECT event_id FROM consent_event e
                WHERE e.subject_id = consent.subscriber_id AND e.purpose = consent.purpose AND e.type = 'given')
            WHERE state = 'withdrawn' AND purpose = 'newsletter:weekly'";
    tampered(&app, older, "this program did not write the consent that rests on it",
        "UPDATE consent SET state = 'withdrawn', event_id = (SELECT event_id FROM consent_event e
                WHERE e.subject_id = consent.subscriber_id AND e.purpose = consent.purpose AND e.type = 'withdrawn')
             WHERE purpose = 'newsletter:weekly' AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'bob@b.example')").await;
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

#[apply(both_databases!)]
async fn words_and_columns_that_were_changed_are_named(database: Database) {
    let app = history(database).await;
    for (doing, words, undoing) in [
        ("UPDATE notice SET words = words || '.' WHERE purpose = 'newsletter:weekly'", "its words are not those of its hash",
         "UPDATE notice SET words = substr(words, 1, length(words) - 1) WHERE purpose = 'newsletter:weekly'"),
        ("UPDATE policy_version SET body = body || '.' WHERE label = '2026-11'", "its text is not that of its hash",
         "UPDATE policy_version SET body = substr(body, 1, length(body) - 1) WHERE label = '2026-11'"),
        ("UPDATE policy_version SET lang = 'xx' WHERE label = '2026-10'", "policy 2026-10: it is in another language",
         "UPDATE policy_version SET lang = 'en-GB' WHERE label = '2026-10'"),
        ("UPDATE policy_version SET lang = 'xx', label = '2026-11' WHERE label = '2026-10'", "another one bears its label",
         "UPDATE policy_version SET lang = 'en-GB', label = '2026-10' WHERE lang = 'xx'"),
        ("UPDATE consent_event SET purpose = 'privacy-policy' WHERE leaf_index =
              (SELECT min(leaf_index) FROM consent_event WHERE type = 'requested' AND purpose = 'newsletter:weekly')",
         "its purpose is not the one in its body",
         "UPDATE consent_event SET purpose = 'newsletter:weekly' WHERE purpose = 'privacy-policy' AND notice_id = (SELECT notice_id FROM notice WHERE purpose = 'newsletter:weekly')"),
        ("UPDATE consent_event SET type = 'given' WHERE type = 'withdrawn' AND purpose = 'newsletter:weekly'",
         "its body is not the one that its leaf commits to",
         "UPDATE consent_event SET type = 'withdrawn' WHERE type = 'given' AND leaf LIKE '%withdrawn%'"),
    ] {
        tampered(&app, doing, words, undoing).await;
    }
}

#[apply(both_databases!)]
async fn a_policy_in_another_language_stops_an_export_at_once(database: Database) {
    let app = history(database).await;
    assert!(does(&app, &EXPORT).contains("ada@b.example"));
    assert_eq!(
        app.tamper("UPDATE policy_version SET lang = 'xx' WHERE label = '2026-10'").await.unwrap(),
        1
    );
    let output = command(&app, &EXPORT);
    assert_refused(&output, "in another language");
    assert!(output.stdout.is_empty(), "not even a header");
    assert_eq!(
        app.tamper("UPDATE policy_version SET lang = 'en-GB' WHERE lang = 'xx'").await.unwrap(),
        1
    );
    healed(&app).await;
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
