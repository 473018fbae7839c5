//! A database that went back in time, or a copy that goes on by itself, neither signs nor hands out anything until
//! somebody says so; and it brings nobody back who left.

mod copies;
mod endings;
mod heads;
mod resuming;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assent::flows::Error;
use assent::outside::Head;
use assent::sealing::seal_all;
use assent::store::Db;

use crate::ledger::{EXPORT, WEEKLY, command, does};
use crate::support::app::TestApp;

/// Whoever starts again at another moment draws other chances.
pub const SECOND: Duration = Duration::from_secs(1);

/// Subscribes to the newsletter, and gives the path of the page of one's choices.
pub async fn joins(app: &TestApp, email: &str) -> String {
    app.subscribe(email, WEEKLY).await;
    let link = app.mail_to(email).pop().unwrap().link("/preferences/");
    // A program that is started again has another port.
    link.strip_prefix(&app.base).unwrap().to_owned()
}

/// The newsletter's contacts, as the command exports them.
pub fn contacts(app: &TestApp) -> Vec<String> {
    let csv = does(app, &EXPORT);
    csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

/// What a command that refuses says.
pub fn refuses(app: &TestApp, arguments: &[&str]) -> String {
    let output = command(app, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
}

pub async fn not_level(app: &TestApp) -> String {
    let core = &app.core;
    match seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await {
        Err(Error::NotLevel(why)) => why,
        other => panic!("it must not be sealed: {other:?}"),
    }
}

/// How many entries the head covers that anybody may see.
pub async fn shown(app: &TestApp) -> u64 {
    let note = app.get("/ledger/checkpoint").await.text();
    assent_ledger::note::SignedNote::parse(&note).unwrap().checkpoint().size
}

/// The heads in both places, each a file of its own.
pub fn head_files(dir: &Path) -> BTreeSet<PathBuf> {
    let places = ["outside", "files/outside"];
    let mut folders = places.map(|place| dir.join(place).join("heads")).to_vec();
    let mut files = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    files
}

pub async fn newest_head(app: &TestApp) -> Head {
    app.core.db.outside().newest_head().await.unwrap().unwrap()
}

async fn readiness(app: &TestApp) -> String {
    app.get("/readyz").await.text()
}

/// Whoever holds the database undoes all of it since it had so many entries: rows, heads, and what the tiles hold of
/// them.
pub async fn cut_back(app: &TestApp, size: i64) {
    let triggers: &[&str] = match app.core.db {
        Db::Sqlite { .. } => &[
            "DROP TRIGGER consent_event_is_kept",
            "DROP TRIGGER checkpoint_is_kept",
            "DROP TRIGGER ledger_record_is_kept",
        ],
        Db::Postgres { .. } => &[
            "ALTER TABLE consent_event DISABLE TRIGGER USER",
            "ALTER TABLE checkpoint DISABLE TRIGGER USER",
            "ALTER TABLE ledger_record DISABLE TRIGGER USER",
        ],
    };
    for sql in triggers {
        app.tamper(sql).await.unwrap();
    }
    for sql in [
        "DELETE FROM consent WHERE event_id IN (SELECT event_id FROM consent_event WHERE leaf_index >= SIZE)",
        "DELETE FROM consent_event WHERE leaf_index >= SIZE",
        "DELETE FROM ledger_record WHERE leaf_index >= SIZE OR leaf_index IS NULL",
        "DELETE FROM checkpoint WHERE size > SIZE",
        "UPDATE ledger_head SET size = SIZE, shown = SIZE",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 32 * SIZE)",
    ] {
        let sql: &'static str = sql.replace("SIZE", &size.to_string()).leak();
        app.tamper(sql).await.unwrap();
    }
}
