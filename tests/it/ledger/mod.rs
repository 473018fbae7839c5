//! The ledger as its keeper, its thief and its auditor meet it.

mod adopting;
mod bound;
mod bundle;
mod consistency;
mod drill;
mod epochs;
mod fold;
mod foreign_witness;
mod forged;
mod going_back;
mod honest;
mod identifiers;
mod inserted;
mod keys;
mod laundered;
mod leaving;
mod links;
mod noted;
mod objects;
mod published;
mod replayed;
mod sealing;
mod swallowed;
mod tampering;
mod timestamps;
mod twins;
mod undone;
mod unreadable;
mod witnesses;

use std::process::Output;

use assent::random::Moments;
use assent::sealing::verify::{Verification, verify};
use assent::store::Db;
use assent::store::ledger::checkpoints;
use assent_ledger::event_type::EventType;
use assent_ledger::note::{SignedNote, VerifyingKey};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::app::TestApp;

pub const WEEKLY: &str = "&newsletter=weekly";
pub const EXPORT: [&str; 5] = ["export", "--purpose", "newsletter:weekly", "--format", "csv"];

/// One event as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub event_id: Uuid,
    pub subject_id: Uuid,
    pub seq: i64,
    pub event_type: EventType,
    pub body: Option<String>,
    pub salt: Option<Vec<u8>>,
    pub leaf: String,
    pub leaf_index: Option<i64>,
}

/// All events, those with a place first and in its order.
pub async fn rows(db: &Db) -> Vec<Row> {
    const LIST: &str = "SELECT event_id, subject_id, seq, type AS event_type, body, salt, leaf, leaf_index
         FROM consent_event ORDER BY CASE WHEN leaf_index IS NULL THEN 1 ELSE 0 END, leaf_index, seq";
    match db {
        Db::Sqlite { readers, .. } => sqlx::query_as(LIST).fetch_all(readers).await,
        Db::Postgres { pool, .. } => sqlx::query_as(LIST).fetch_all(pool).await,
    }
    .unwrap()
}

/// Writes a row back over whatever stands under its key now.
pub async fn put(db: &Db, row: &Row) {
    const PUT: &str = "UPDATE consent_event SET body = $2, salt = $3, leaf = $4, leaf_index = $5
         WHERE event_id = $1";
    macro_rules! put {
        ($to:expr) => {
            sqlx::query(PUT)
                .bind(row.event_id)
                .bind(&row.body)
                .bind(&row.salt)
                .bind(&row.leaf)
                .bind(row.leaf_index)
                .execute($to)
                .await
                .map(|done| done.rows_affected())
        };
    }
    let put = match db {
        Db::Sqlite { writer, .. } => put!(writer),
        Db::Postgres { pool, .. } => put!(pool),
    };
    assert_eq!(put.unwrap(), 1);
}

/// Takes away what guards the rows of these tables, as whoever holds the database can.
pub async fn unguard(app: &TestApp) {
    let guards: &[&'static str] = match app.core.db {
        Db::Sqlite { .. } => &[
            "DROP TRIGGER consent_event_is_kept",
            "DROP TRIGGER consent_event_is_immutable",
            "DROP TRIGGER checkpoint_is_kept",
            "DROP TRIGGER checkpoint_is_immutable",
            "DROP TRIGGER notice_is_immutable",
            "DROP TRIGGER policy_version_is_immutable",
            "DROP TRIGGER audit_entry_is_kept",
            "DROP TRIGGER audit_entry_is_immutable",
            "DROP TRIGGER claim_is_kept",
            "DROP TRIGGER claim_is_immutable",
            "DROP TRIGGER ledger_record_is_kept",
            "DROP TRIGGER ledger_record_is_immutable",
            "DROP TRIGGER consent_context_is_kept",
            "DROP TRIGGER consent_context_is_immutable",
            "DROP TRIGGER blank_form_is_kept",
            "DROP TRIGGER blank_form_is_immutable",
        ],
        Db::Postgres { .. } => &[
            "ALTER TABLE consent_event DISABLE TRIGGER USER",
            "ALTER TABLE checkpoint DISABLE TRIGGER USER",
            "ALTER TABLE notice DISABLE TRIGGER notice_is_immutable",
            "ALTER TABLE policy_version DISABLE TRIGGER policy_version_is_immutable",
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_immutable",
            "ALTER TABLE claim DISABLE TRIGGER USER",
            "ALTER TABLE ledger_record DISABLE TRIGGER USER",
            "ALTER TABLE consent_context DISABLE TRIGGER USER",
            "ALTER TABLE blank_form DISABLE TRIGGER USER",
        ],
    };
    for guard in guards {
        app.tamper(guard).await.unwrap();
    }
}

pub async fn seal(app: &TestApp) {
    app.seal().await;
}

pub async fn check(app: &TestApp) -> Verification {
    let core = &app.core;
    loop {
        let found =
            verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), |_| ())
                .await
                .unwrap();
        // The worker of the story checks too.
        if !found.overtaken {
            return found;
        }
    }
}

pub async fn assert_sound(app: &TestApp) -> Verification {
    let found = check(app).await;
    assert!(found.is_sound(), "{:?}", found.findings);
    found
}

/// The newest signed head, which must verify under one of these keys.
pub async fn newest(db: &Db, keys: &[VerifyingKey]) -> SignedNote {
    let stored = checkpoints::find_newest(&mut db.read().await.unwrap()).await.unwrap().unwrap();
    let note = SignedNote::parse(&stored.note).unwrap();
    assert!(note.verified_by(keys).is_some(), "{}", stored.note);
    let signed = note.checkpoint();
    assert_eq!((signed.size.cast_signed(), &signed.root[..]), (stored.size, &stored.root[..]));
    note
}

/// The root over leaves, straight from the definition (RFC 6962 §2.1).
pub fn naive_root(leaves: &[String]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
        leaves => {
            let mut half = 1;
            while half * 2 < leaves.len() {
                half *= 2;
            }
            let (left, right) = leaves.split_at(half);
            let node = Sha256::new().chain_update([1]).chain_update(naive_root(left));
            node.chain_update(naive_root(right)).finalize().into()
        }
    }
}

/// Every leaf with its place, in their order: of events, and of what the ledger records of itself.
pub async fn sealed_leaves(db: &Db) -> Vec<(i64, String)> {
    const LIST: &str = "SELECT leaf_index, leaf FROM consent_event WHERE leaf_index IS NOT NULL
         UNION ALL SELECT leaf_index, leaf FROM ledger_record WHERE leaf_index IS NOT NULL
         ORDER BY leaf_index";
    match db {
        Db::Sqlite { readers, .. } => sqlx::query_as(LIST).fetch_all(readers).await,
        Db::Postgres { pool, .. } => sqlx::query_as(LIST).fetch_all(pool).await,
    }
    .unwrap()
}

/// Every signed head must be that of the leaves as they were, and every place taken once.
pub async fn assert_heads_are_right(db: &Db, keys: &[VerifyingKey]) {
    let (places, leaves): (Vec<i64>, Vec<String>) = sealed_leaves(db).await.into_iter().unzip();
    assert!(places.iter().copied().eq((0..).take(places.len())), "{places:?}");
    let heads = checkpoints::list(&mut db.read().await.unwrap(), 0, 10_000).await.unwrap();
    let newest = heads.last().map_or(0, |head| head.size);
    assert_eq!(usize::try_from(newest), Ok(places.len()));
    for head in heads {
        let note = SignedNote::parse(&head.note).unwrap();
        assert!(note.verified_by(keys).is_some(), "{}", head.note);
        let size = usize::try_from(head.size).unwrap();
        let (signed, root) = (note.checkpoint(), naive_root(&leaves[..size]));
        assert_eq!((signed.size, signed.root), (head.size.cast_unsigned(), root));
        assert_eq!(head.root, root);
    }
}

/// Runs a command of the built program on the database of a running one.
pub fn command(app: &TestApp, arguments: &[&str]) -> Output {
    app.command(arguments)
}

/// The same for one that must succeed; gives what it printed.
pub fn does(app: &TestApp, arguments: &[&str]) -> String {
    app.does(arguments)
}

/// The command refused in one sentence that holds these words. Where it was the first to check the ledger, the log says
/// so before.
pub fn assert_refused(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let is_of_log = |line: &&str| line.contains(" ERROR assent::sealing::before_export: ");
    let sentences: Vec<&str> = said.trim().lines().skip_while(is_of_log).collect();
    assert_eq!(sentences.len(), 1, "one sentence: {said}");
    let sentence = sentences[0];
    assert!(sentence.starts_with("assent: ") && sentence.contains(words), "{words}: {said}");
    assert!(!said.contains("panic"), "{said}");
}
mod console;
mod newer_schema;
mod stored;
