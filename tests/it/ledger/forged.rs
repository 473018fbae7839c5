//! A back-up by another hand, and a restore that pretends to know what came after: neither makes anybody forget who
//! left, or what was signed.

use std::path::Path;
use std::process::Command;

use assent::domain::staff::action::Action;
use assent::files::Files;
use assent::flows::FlowSettings;
use assent::outside::{Head, Outside};
use assent::store::ledger::checkpoints;
use assent::store::staff::audit_entries;
use assent_ledger::epoch::Epoch;
use macro_rules_attribute::apply;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::drill::{Machine, add_part, back_up, joins};
use super::{EXPORT, does, seal};
use crate::support::app::{Database, SETTINGS, TestApp, open_db};
use crate::support::{both_databases, postgres};

/// The secret key of another installation.
const OTHER: &str = "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3Q=";

/// What says that the ledger went on after a loss, where it did not.
const EPOCH: [&str; 2] = [
    "INSERT INTO ledger_epoch (epoch, from_size, known_note, resumed_at)
     SELECT 2, 0, NULL, min(created_at) FROM checkpoint",
    "UPDATE ledger_head SET epoch = 2",
];

/// Puts other bytes, or nothing, in place of a file of a back-up, whose manifest then says so.
fn forge_part(dir: &Path, path: &str, bytes: Option<&[u8]>) {
    let file = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    manifest["parts"].as_array_mut().unwrap().retain(|part| part["path"] != path);
    std::fs::write(&file, manifest.to_string()).unwrap();
    std::fs::remove_file(dir.join(path)).unwrap();
    if let Some(bytes) = bytes {
        add_part(dir, path, bytes);
    }
}

/// Runs statements in the database of a back-up, whose manifest then says so.
async fn forge(database: Database, dir: &Path, statements: &[&'static str]) {
    let copy = dir.join("database");
    match database {
        Database::Sqlite => {
            let options = SqliteConnectOptions::new().filename(&copy);
            let mut connection = options.connect().await.unwrap();
            for sql in statements {
                sqlx::query(*sql).execute(&mut connection).await.unwrap();
            }
            connection.close().await.unwrap();
        }
        Database::Postgres => {
            let (url, file) = (Machine::new(database).await.url, copy.to_str().unwrap());
            let runs = |program: &str, arguments: &[&str]| {
                let program = postgres::binaries().unwrap().join(program);
                assert!(Command::new(program).args(arguments).status().unwrap().success());
            };
            runs("pg_restore", &["--no-owner", "--dbname", &url, file]);
            let mut connection = PgConnection::connect(&url).await.unwrap();
            for sql in statements {
                sqlx::query(*sql).execute(&mut connection).await.unwrap();
            }
            connection.close().await.unwrap();
            runs("pg_dump", &["--format=custom", "--no-owner", "--file", file, &url]);
        }
    }
    let bytes = std::fs::read(&copy).unwrap();
    forge_part(dir, "database", Some(&bytes));
}

/// All heads of a ledger with the size of the one before each, oldest first.
async fn heads(app: &TestApp) -> Vec<(u64, Head)> {
    let stored = checkpoints::list(&mut app.read().await, 0, 100).await.unwrap();
    let head = |stored: &checkpoints::StoredCheckpoint| {
        let head = Head::parse(&stored.note, &app.core.flow_settings.ledger_keys).unwrap();
        (stored.previous.unwrap_or(0).cast_unsigned(), head)
    };
    stored.iter().map(head).collect()
}

/// What lies outside the database of a machine.
fn outside(machine: &Machine, terms: &FlowSettings) -> Outside {
    let files = Files::open(&format!("file:{}", machine.path().join("files").display())).unwrap();
    let (keys, evidence_key) = (terms.ledger_keys.clone(), terms.evidence_key.clone());
    Outside::open(machine.path(), &files, keys, evidence_key).unwrap()
}

/// Data directory and file store of a machine know these heads.
async fn knows(machine: &Machine, terms: &FlowSettings, heads: &[(u64, Head)]) {
    let outside = outside(machine, terms);
    for (after, head) in heads {
        assert!(outside.keep_head(*after, head).await.unwrap());
    }
}

/// Whether a machine's audit says that its restore went without anything newer.
async fn without_newer(machine: &Machine) -> bool {
    let db = open_db(&machine.url).await;
    let listed = audit_entries::list(&mut db.read().await.unwrap(), Action::Restore.as_str()).await;
    db.close().await;
    listed.unwrap().last().unwrap().detail.0["without_newer"] == json!(true)
}

/// The row of the epoch is a finding, and nothing goes on.
fn is_named(machine: &Machine) {
    let refused = machine.refuses(&["ledger", "resume"]);
    assert!(refused.contains("the ledger is not what it was"), "{refused}");
    let output = machine.run(&["ledger", "verify"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("/r2, and no leaf began that") || told.contains("/r2 what the leaf says"),
        "{told}"
    );
}

fn origin(machine: &Machine) -> String {
    machine.does(&["ledger", "checkpoint"]).lines().next().unwrap().to_owned()
}

#[apply(both_databases!)]
async fn an_epoch_by_another_hand_makes_no_newer_head_forgotten(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let [dir, head] = ["back-up", "head"].map(|name| kept.path().join(name));
    back_up(&app, &dir);
    let own = heads(&app).await.pop().unwrap().1.size();
    joins(&app, "bob@b.example").await;
    let note = does(&app, &["ledger", "checkpoint"]);
    std::fs::write(&head, &note).unwrap();
    let newest: u64 = note.lines().nth(1).unwrap().parse().unwrap();
    assert!(newest > own);
    let name = app.core.flow_settings.ledger_keys.origin().to_owned();
    drop(app.stop().await);
    forge(database, &dir, &EPOCH).await;

    let machine = Machine::new(database).await;
    let told = machine.does(&["restore", dir.to_str().unwrap(), "--heads", head.to_str().unwrap()]);
    assert!(told.contains(&format!("known of {name} covers {newest} entries")), "{told}");
    assert!(machine.refuses(&EXPORT).contains("ledger resume"));
    // Nothing goes on from a ledger that another hand changed, whatever is known besides.
    is_named(&machine);

    let machine = Machine::new(database).await;
    let told = machine.does(&["restore", dir.to_str().unwrap(), "--without-newer"]);
    assert!(told.contains("went on after a loss"), "{told}");
    assert!(machine.refuses(&EXPORT).contains("ledger resume"));
    is_named(&machine);
}

#[apply(both_databases!)]
async fn a_row_of_an_epoch_alone_says_nothing(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    drop(app.stop().await);
    // The ledger went on, and what says where is changed afterwards.
    let machine = Machine::new(database).await;
    machine.does(&["restore", dir.to_str().unwrap(), "--without-newer"]);
    assert_eq!(machine.contacts(), ["ada@b.example"]);
    let later = kept.path().join("later");
    machine.does(&["backup", later.to_str().unwrap(), "--with-keys"]);
    let guard = match database {
        Database::Sqlite => "DROP TRIGGER ledger_epoch_is_immutable",
        Database::Postgres => "ALTER TABLE ledger_epoch DISABLE TRIGGER USER",
    };
    forge(database, &later, &[guard, "UPDATE ledger_epoch SET from_size = 0"]).await;
    let other = Machine::new(database).await;
    let told = other.does(&["restore", later.to_str().unwrap(), "--without-newer"]);
    assert!(told.contains("went on after a loss"), "{told}");
    assert!(other.refuses(&EXPORT).contains("ledger resume"));
    is_named(&other);
}

#[apply(both_databases!)]
async fn a_head_of_an_epoch_that_is_over_is_kept_too(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let [dir, later, head] = ["back-up", "later", "head"].map(|name| kept.path().join(name));
    back_up(&app, &dir);
    joins(&app, "bob@b.example").await;
    std::fs::write(&head, does(&app, &["ledger", "checkpoint"])).unwrap();
    let (terms, newest) = (app.core.flow_settings.clone(), heads(&app).await.pop().unwrap().1);
    drop(app.stop().await);
    let machine = Machine::new(database).await;
    machine.does(&["restore", dir.to_str().unwrap(), "--without-newer"]);
    machine.does(&["backup", later.to_str().unwrap(), "--with-keys"]);
    // Of a ledger that went on since, it tells nothing, and whoever kept it is not forgotten.
    let other = Machine::new(database).await;
    let restore =
        ["restore", later.to_str().unwrap(), "--heads", head.to_str().unwrap(), "--without-newer"];
    assert!(other.refuses(&restore[..4]).contains("--without-newer"));
    assert!(other.does(&restore).contains("/r3"));
    let known = outside(&other, &terms).newest_head_of(Epoch::FIRST).await.unwrap();
    assert_eq!(known, Some(newest));
    assert_eq!(other.contacts(), ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn a_head_outside_that_is_stale_is_no_knowledge(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    let (terms, heads) = (app.core.flow_settings.clone(), heads(&app).await);
    assert!(heads.len() > 1, "{heads:?}");
    drop(app.stop().await);

    let machine = Machine::new(database).await;
    knows(&machine, &terms, &heads[..1]).await;
    let restore = ["restore", dir.to_str().unwrap(), "--without-newer"];
    assert!(machine.refuses(&restore[..2]).contains("--without-newer"));
    assert!(machine.does(&restore).contains("/ledger/r2"));
    assert!(without_newer(&machine).await);
    assert!(origin(&machine).ends_with("/ledger/r2"));
    assert_eq!(machine.contacts(), ["ada@b.example", "bob@b.example"]);

    // Where the newest one lies outside as well, nothing was signed since, and nothing is lost.
    let machine = Machine::new(database).await;
    knows(&machine, &terms, &heads).await;
    assert!(machine.does(&restore[..2]).contains("stands at its newest head"));
    assert!(!without_newer(&machine).await);
    assert!(origin(&machine).ends_with("/ledger"));

    // A back-up that does not say which head is its newest, or names an older one, is asked itself.
    let older = heads[0].1.note.as_str().as_bytes().to_vec();
    for head in [Some(older.as_slice()), None] {
        forge_part(&dir, "checkpoint", head);
        let machine = Machine::new(database).await;
        knows(&machine, &terms, &heads[..1]).await;
        assert!(machine.refuses(&restore[..2]).contains("--without-newer"));
    }
}

#[apply(both_databases!)]
async fn what_the_back_up_knows_itself_is_no_knowledge(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let bob = joins(&app, "bob@b.example").await;
    app.post(&format!("{bob}/withdraw-all"), "").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    drop(app.stop().await);
    let [head, endings] = ["checkpoint", "endings.log"].map(|name| dir.join(name));
    assert!(!std::fs::read_to_string(&endings).unwrap().is_empty());
    let machine = Machine::new(database).await;
    let dir = dir.to_str().unwrap();
    for given in [["--heads", head.to_str().unwrap()], ["--endings", endings.to_str().unwrap()]] {
        let restore = [&["restore", dir][..], &given].concat();
        assert!(machine.refuses(&restore).contains("--without-newer"), "{given:?}");
    }
    std::fs::copy(&endings, machine.path().join("endings.log")).unwrap();
    assert!(machine.refuses(&["restore", dir]).contains("--without-newer"));
    let restore = ["restore", dir, "--endings", endings.to_str().unwrap(), "--without-newer"];
    assert!(machine.does(&restore).contains("/ledger/r2"));
    assert!(without_newer(&machine).await);
    assert_eq!(machine.contacts(), ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn a_back_up_brings_no_keys_of_its_own_where_a_secret_key_is(database: Database) {
    // Somebody else's installation, with people who never were here.
    let app = TestApp::start_with(database, &[("ASSENT_SECRET_KEY", OTHER)]).await;
    joins(&app, "eve@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    let (terms, vkey) =
        (app.core.flow_settings.clone(), app.core.flow_settings.ledger_keys.first().vkey());
    drop(app.stop().await);
    assert!(dir.join("keys/address.key").exists() && !dir.join("keys/secret.key").exists());
    let restore = ["restore", dir.to_str().unwrap(), "--without-newer", "--with-keys"];
    let fingerprint = terms.address_secret.fingerprint();

    let machine = Machine::new(database).await;
    let refused = machine.refuses(&restore[..3]);
    assert!(
        refused.contains("does not follow from the secret key") && refused.contains(&fingerprint),
        "{refused}"
    );
    // Whatever it says of the address key that it was written under, and without keys too.
    let elsewhere = Machine::new(database).await;
    elsewhere.does(&["policy", "list"]);
    let own = kept.path().join("own");
    elsewhere.does(&["backup", own.to_str().unwrap()]);
    let said = std::fs::read(own.join("address-key.fingerprint")).unwrap();
    let genuine = std::fs::read(dir.join("address-key.fingerprint")).unwrap();
    assert_ne!(said, genuine);
    let keys = ["keys/address.key", "keys/ledger.key"]
        .map(|key| (key, std::fs::read(dir.join(key)).unwrap()));
    forge_part(&dir, "address-key.fingerprint", Some(&said));
    machine.refuses(&restore[..3]);
    for (key, _) in &keys {
        forge_part(&dir, key, None);
    }
    assert!(machine.refuses(&restore[..3]).contains("other keys"));
    forge_part(&dir, "checkpoint", None);
    assert!(machine.refuses(&restore[..3]).contains("other keys"));
    assert!(
        !machine.path().join("assent.db").exists() && !machine.path().join("address.key").exists()
    );

    // An installation whose secret key was replaced is the same to look at: whoever knows it says so.
    forge_part(&dir, "address-key.fingerprint", Some(&genuine));
    for (key, bytes) in &keys {
        add_part(&dir, key, bytes);
    }
    let told = machine.does(&restore);
    assert!(told.contains(&format!("address key: {fingerprint}, came with the back-up")), "{told}");
    assert!(told.contains(&vkey.to_string()) && told.contains(&vkey.fingerprint()), "{told}");
    assert_eq!(machine.contacts(), ["eve@b.example"]);

    // While the old one stands behind the new one, nothing has to be said.
    let machine = Machine::new(database).await;
    let ring = format!("{},{OTHER}", SETTINGS[0].1);
    let output = machine.run_with(&[("ASSENT_SECRET_KEY", &ring)], &restore[..3]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        told.contains(&format!("address key: {fingerprint}, follows from the secret key here")),
        "{told}"
    );
    assert_eq!(machine.contacts(), ["eve@b.example"]);
}
