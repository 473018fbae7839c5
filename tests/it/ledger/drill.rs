//! A back-up is taken while the program serves, people leave, are erased and sign up after it, the machine is
//! lost, and the back-up is put back.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use assent::backup::{Manifest, Sources, Target, put_back, take};
use assent::domain::alarm::MAIL_PAUSED;
use assent::files::Files;
use assent::outside::Outside;
use assent::random::Random;
use assent::store::alarms::{self, Alarm};
use assent::store::dump::MailPause;
use assent::store::{CONNECTIONS, Db};
use assent_ledger::digest::hex;
use macro_rules_attribute::apply;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{EXPORT, WEEKLY, seal};
use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::{both_databases, postgres, program, story_time};

/// A machine of its own, for commands: its data directory, and a database that nobody used.
pub(super) struct Machine {
    dir: TempDir,
    pub(super) url: String,
}

impl Machine {
    pub(super) async fn new(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", dir.path().join("assent.db").display()),
            Database::Postgres => {
                let name = format!("drill_{}", hex(&Random::System.bytes::<8>()));
                postgres::server().create_database(&name, None).await;
                postgres::server().url(&name)
            }
        };
        Self { dir, url }
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(&[], arguments)
    }

    /// The same with settings of its own.
    pub(super) fn run_with(&self, set: &[(&str, &str)], arguments: &[&str]) -> Output {
        let own = [
            ("ASSENT_DATA_DIR", self.path().to_str().unwrap()),
            ("ASSENT_BASE_URL", "http://drill.example"),
            ("ASSENT_DATABASE_URL", self.url.as_str()),
            ("PATH", postgres_path()),
        ];
        let set: Vec<(&str, &str)> = SETTINGS.iter().chain(&own).chain(set).copied().collect();
        program::run(self.path(), &set, arguments)
    }

    pub(super) fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub(super) fn contacts(&self) -> Vec<String> {
        let csv = self.does(&EXPORT);
        csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    }
}

fn postgres_path() -> &'static str {
    static PATH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let path = std::env::var("PATH").unwrap_or_default();
        format!("{}:{path}", postgres::binaries().unwrap().display())
    });
    &PATH
}

/// Writes these bytes in place of the database of a back-up, whose manifest then names them.
fn break_database(dir: &Path, bytes: &[u8]) {
    std::fs::write(dir.join("database"), bytes).unwrap();
    let file = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let parts = manifest["parts"].as_array_mut().unwrap();
    let part = parts.iter_mut().find(|part| part["path"] == "database").unwrap();
    part["bytes"] = bytes.len().into();
    part["sha256"] = hex(&Sha256::digest(bytes)).into();
    std::fs::write(&file, manifest.to_string()).unwrap();
}

/// Puts a file into a back-up, whose manifest then names it.
pub(super) fn add_part(dir: &Path, path: &str, bytes: &[u8]) {
    std::fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
    std::fs::write(dir.join(path), bytes).unwrap();
    let file = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let sha256 = hex(&Sha256::digest(bytes));
    let part = json!({"path": path, "bytes": bytes.len(), "sha256": sha256});
    manifest["parts"].as_array_mut().unwrap().push(part);
    std::fs::write(&file, manifest.to_string()).unwrap();
}

/// The back-up of a running program, with its keys.
pub(super) fn back_up(app: &TestApp, to: &Path) {
    let url = secrecy::ExposeSecret::expose_secret(&app.core.settings.database_url);
    let own = [
        ("ASSENT_DATA_DIR", app.dir.path().to_str().unwrap()),
        ("ASSENT_BASE_URL", app.base.as_str()),
        ("ASSENT_DATABASE_URL", url),
        ("PATH", postgres_path()),
    ];
    let set: Vec<(&str, &str)> = SETTINGS.iter().chain(&own).copied().collect();
    program::run_well(app.dir.path(), &set, &["backup", to.to_str().unwrap(), "--with-keys"]);
}

pub(super) async fn joins(app: &TestApp, email: &str) -> String {
    app.subscribe(email, WEEKLY).await;
    app.mail_to(email).pop().unwrap().link("/preferences/")
}

/// Ada joined, all was sealed and backed up, and the machine is lost: the directory that holds the back-up, and the
/// back-up.
async fn lost_with_ada(database: Database) -> (TempDir, PathBuf) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    drop(app.stop().await);
    (kept, dir)
}

#[apply(both_databases!)]
async fn what_was_lost_is_known_and_nobody_comes_back(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    for email in ["bob@b.example", "cyd@b.example"] {
        joins(&app, email).await;
    }
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    // After it, one leaves, one is erased, one comes; the newest head is mailed.
    app.post(&format!("{ada}/withdraw-all"), "").await;
    super::super::does(&app, &["erase", "bob@b.example"]);
    joins(&app, "dee@b.example").await;
    let older = kept.path().join("older");
    std::fs::write(&older, super::super::does(&app, &["ledger", "checkpoint"])).unwrap();
    joins(&app, "eve@b.example").await;
    let head = kept.path().join("mail.txt");
    let note = super::super::does(&app, &["ledger", "checkpoint"]);
    std::fs::write(
        &head,
        format!(
            "Subject: Ledger checkpoint\r\n\r\n{}\r\nKeep this.\r\n",
            note.replace('\n', "\r\n")
        ),
    )
    .unwrap();
    let endings = kept.path().join("endings");
    std::fs::copy(app.dir.path().join("endings.log"), &endings).unwrap();
    drop(app.stop().await);

    let machine = Machine::new(database).await;
    let (dir, head, endings) =
        (dir.to_str().unwrap(), head.to_str().unwrap(), endings.to_str().unwrap());
    assert!(machine.refuses(&["restore", dir]).contains("--without-newer"));
    assert!(!machine.path().join("address.key").exists(), "who is refused has nothing written");
    let covers = format!("covers {} entries", note.lines().nth(1).unwrap());
    let told = machine.does(&[
        "restore",
        dir,
        "--heads",
        older.to_str().unwrap(),
        "--heads",
        head,
        "--endings",
        endings,
    ]);
    assert!(told.contains(&covers), "the newest counts: {told}");
    assert!(machine.refuses(&["restore", dir, "--heads", head]).contains("--replace"));
    assert!(machine.refuses(&EXPORT).contains("the database is behind"));
    assert!(machine.refuses(&["withdrawals"]).contains("the database is behind"));
    assert!(machine.refuses(&["ledger", "checkpoint"]).contains("the database is behind"));
    assert!(machine.refuses(&["mail", "resume"]).contains("the database is behind"));
    assert!(machine.does(&["ledger", "resume"]).contains("/r2"));
    assert_eq!(machine.contacts(), ["cyd@b.example"]);
    machine.does(&["ledger", "verify"]);
    let is_held_back = || {
        let checked = machine.run(&["check", "--no-dns"]);
        String::from_utf8_lossy(&checked.stdout).contains("`assent mail resume` lets it go")
    };
    assert!(is_held_back());
    assert_eq!(machine.does(&["mail", "resume"]), "mail leaves again\n");
    assert!(!is_held_back());
}

#[apply(both_databases!)]
async fn with_nothing_newer_it_must_be_said_and_shows(database: Database) {
    let (_kept, dir) = lost_with_ada(database).await;
    let machine = Machine::new(database).await;
    let dir = dir.to_str().unwrap();
    machine.does(&["restore", dir, "--without-newer"]);
    assert!(
        machine.does(&["ledger", "checkpoint"]).lines().next().unwrap().ends_with("/ledger/r2")
    );
    assert_eq!(machine.contacts(), ["ada@b.example"]);
    assert_eq!(machine.does(&["mail", "resume"]), "mail leaves again\n");
}

#[apply(both_databases!)]
async fn a_back_up_puts_nothing_where_none_is_taken_from(database: Database) {
    let (_kept, dir) = lost_with_ada(database).await;
    let added = ["outside/endings/x", "/outside/endings/y", "exports/x.csv", "checks/x"];
    for key in added {
        add_part(&dir, &format!("files/{key}"), b"nonsense\n");
    }
    let machine = Machine::new(database).await;
    machine.does(&["restore", dir.to_str().unwrap(), "--without-newer"]);
    for key in added {
        let file = machine.path().join("files").join(key.trim_start_matches('/'));
        assert!(!file.exists(), "{key}");
    }
    assert_eq!(machine.contacts(), ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn what_a_crash_left_or_a_hand_changed_is_no_back_up(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    let machine = Machine::new(database).await;
    let restore = ["restore", dir.to_str().unwrap(), "--without-newer"];
    let manifest = std::fs::read_to_string(dir.join("manifest.json")).unwrap();
    let parsed: Value = serde_json::from_str(&manifest).unwrap();
    let parts = parsed["parts"].as_array().unwrap();
    assert!(
        parts.iter().any(|part| part["path"].as_str().unwrap().starts_with("files/")),
        "{manifest}"
    );
    std::fs::remove_file(dir.join("manifest.json")).unwrap();
    assert!(machine.refuses(&restore).contains("no whole back-up"));
    for bad in ["{}", "", &manifest.replace("\"database\"", "\"../database\"")] {
        std::fs::write(dir.join("manifest.json"), bad).unwrap();
        machine.refuses(&restore);
    }
    std::fs::write(dir.join("manifest.json"), &manifest).unwrap();
    let log = dir.join("endings.log");
    std::fs::write(&log, "more\n").unwrap();
    assert!(machine.refuses(&restore).contains("endings.log"));
    std::fs::remove_file(&log).unwrap();
    assert!(machine.refuses(&restore).contains("endings.log is missing"));
}

#[apply(both_databases!)]
async fn what_is_put_back_mails_nobody_from_the_first_moment(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("back-up");
    back_up(&app, &dir);
    let machine = Machine::new(database).await;
    let files = Files::open(&format!("file:{}", machine.path().join("files").display())).unwrap();
    let outside = Outside::open(
        machine.path(),
        &files,
        app.core.flow_settings.ledger_keys.clone(),
        app.core.flow_settings.evidence_key.clone(),
    )
    .unwrap();
    let url = machine.url.clone().into();
    let pause = MailPause { why: "it's back".into(), since: app.clock.now() };
    let to = Target {
        data_dir: machine.path(),
        database_url: &url,
        replace: false,
        files: &files,
        outside: &outside,
        keys: &[],
        pause: &pause,
    };
    put_back(&Manifest::read(&dir).unwrap(), &dir, to, vec![]).await.unwrap();
    // Nothing else was done yet, as after a crash.
    let db = Db::open(&machine.url, &outside, CONNECTIONS).await.unwrap();
    let alarms = alarms::list(&mut db.read().await.unwrap()).await.unwrap();
    let paused =
        Alarm { subject: MAIL_PAUSED.into(), detail: pause.why.clone(), since: pause.since };
    assert!(alarms.contains(&paused), "{alarms:?}");
    db.close().await;
}

#[apply(both_databases!)]
async fn one_that_cannot_be_put_back_leaves_what_is_there(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| kept.path().join(name));
    back_up(&app, &one);
    joins(&app, "bob@b.example").await;
    back_up(&app, &two);
    let machine = Machine::new(database).await;
    machine.does(&["restore", one.to_str().unwrap(), "--without-newer"]);
    // Its hash is right, and what it holds is no database.
    let database = two.join("database");
    let bytes = std::fs::read(&database).unwrap();
    break_database(&two, &bytes[..bytes.len() / 2]);
    let replace = ["restore", two.to_str().unwrap(), "--replace"];
    machine.refuses(&replace);
    assert_eq!(machine.contacts(), ["ada@b.example"]);
    // Put in order, it replaces that, twice in a row.
    break_database(&two, &bytes);
    for _ in 0..2 {
        machine.does(&replace);
        assert!(machine.does(&["ledger", "resume"]).contains("/r"));
        assert_eq!(machine.contacts(), ["ada@b.example", "bob@b.example"]);
        machine.does(&["ledger", "verify"]);
    }
}

#[apply(both_databases!)]
async fn one_that_a_program_has_open_is_not_replaced(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let dir = app.dir.path().join("back-up");
    back_up(&app, &dir);
    let replace = ["restore", dir.to_str().unwrap(), "--without-newer", "--replace"];
    super::super::assert_refused(&super::super::command(&app, &replace), "stop `assent serve`");
    joins(&app, "bob@b.example").await;
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 2, "it goes on as it was");
}

#[apply(both_databases!)]
async fn who_knows_endings_alone_signs_under_another_name(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let bob = joins(&app, "bob@b.example").await;
    seal(&app).await;
    let kept = tempfile::tempdir().unwrap();
    let [dir, older] = ["back-up", "older"].map(|name| kept.path().join(name));
    std::fs::write(&older, super::super::does(&app, &["ledger", "checkpoint"])).unwrap();
    back_up(&app, &dir);
    app.advance(Duration::from_hours(1));
    // After it one leaves, which is signed as well; nobody here kept that head.
    app.post(&format!("{bob}/withdraw-all"), "").await;
    seal(&app).await;
    let endings = kept.path().join("endings");
    std::fs::copy(app.dir.path().join("endings.log"), &endings).unwrap();
    let clock = app.clock.clone();
    drop(app.stop().await);
    for (known, stays) in
        [("--endings", vec!["ada@b.example"]), ("--heads", vec!["ada@b.example", "bob@b.example"])]
    {
        let machine = Machine::new(database).await;
        story_time::begin(machine.path(), clock.clone());
        let file = if known == "--endings" { &endings } else { &older };
        let mut restore = vec!["restore", dir.to_str().unwrap(), known, file.to_str().unwrap()];
        if known == "--heads" {
            // It is the back-up's own newest, and tells nothing of what came after.
            assert!(machine.refuses(&restore).contains("--without-newer"));
            restore.push("--without-newer");
        }
        assert!(machine.does(&restore).contains("the ledger goes on as"), "{known}");
        assert!(
            machine.does(&["ledger", "checkpoint"]).lines().next().unwrap().ends_with("/ledger/r2")
        );
        assert_eq!(machine.contacts(), stays, "{known}");
    }
}

#[apply(both_databases!)]
async fn under_other_keys_nothing_is_touched(database: Database) {
    let (_kept, dir) = lost_with_ada(database).await;
    let restore = ["restore", dir.to_str().unwrap(), "--without-newer"];
    // Of another installation, whose ledger has another name.
    let other = Machine::new(database).await;
    other.does(&["policy", "list"]);
    std::fs::write(
        other.path().join("address.key"),
        "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3Q=\n",
    )
    .unwrap();
    for key in ["address.key", "ledger.key"] {
        let machine = Machine::new(database).await;
        std::fs::copy(other.path().join(key), machine.path().join(key)).unwrap();
        let refused = machine.refuses(&restore);
        assert!(refused.contains("other keys"), "{key}: {refused}");
        let left: Vec<_> = std::fs::read_dir(machine.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            left.iter().all(|name| *name == *key || *name == *"files"),
            "who is refused has nothing written: {left:?}"
        );
        std::fs::remove_file(machine.path().join(key)).unwrap();
        machine.does(&restore);
        assert_eq!(machine.contacts(), ["ada@b.example"], "{key}");
    }
}

/// Of files alone, so one database is enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_meanwhile_is_left_out() {
    let app = TestApp::start(Database::Sqlite).await;
    joins(&app, "ada@b.example").await;
    let core = &app.core;
    let mut files = core.files.keys().await.unwrap();
    files.retain(|key| key.starts_with("reports/"));
    let gone = files.pop().unwrap();
    let from = Sources {
        db: &core.db,
        database_url: &core.settings.database_url,
        files: &core.files,
        data_dir: &core.settings.data_dir,
        addresses: &core.flow_settings.address_secret,
        with_keys: false,
    };
    let dir = app.dir.path().join("back-up");
    let deletes = |what: &str| {
        if what.starts_with("file 1 of") {
            std::fs::remove_file(app.dir.path().join("files").join(&gone)).unwrap();
        }
    };
    take(&from, &dir, app.clock.now(), deletes).await.unwrap();
    let parts = Manifest::read(&dir).unwrap().parts;
    assert!(parts.iter().all(|part| part.path != format!("files/{gone}")), "{parts:?}");
    assert!(!parts.is_empty() && !dir.join("files").join(&gone).exists());
}
