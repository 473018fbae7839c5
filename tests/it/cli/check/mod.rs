//! `assent check`: what it finds, and that it leaves everything as it was.

mod bucket;
mod database;
mod file_store;
mod network;
mod witnesses;

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use macro_rules_attribute::apply;

use crate::support::app::Database;
use crate::support::operator::Desk;
use crate::support::program::{Served, run};
use crate::support::{both_databases, postgres};

/// What a check came to: the exit code, the lines, and what standard error says.
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
    said: String,
}

impl Told {
    fn by(desk: &Desk, more: &[(&str, &str)], options: &[&str]) -> Self {
        let output = desk.run_with(more, &[&["check"], options].concat());
        let lines = String::from_utf8(output.stdout).unwrap();
        Self {
            code: output.status.code(),
            lines: lines
                .lines()
                .take_while(|line| !line.is_empty())
                .map(ToOwned::to_owned)
                .collect(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it says of one part.
    fn of(&self, name: &str) -> &str {
        let line = self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("nothing of {name} in {:?}", self.lines))
    }

    /// All parts that something is wrong with.
    fn wrong(&self) -> Vec<&str> {
        let named = self.said.trim().strip_prefix("assent: not ready: ");
        named.map(|named| named.split(", ").collect()).unwrap_or_default()
    }
}

/// Every file below a directory, and what it holds.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            files.extend(contents(&path));
            files.insert(name + "/", vec![]);
        } else {
            files.insert(name, std::fs::read(&path).unwrap());
        }
        // An index of the log, which each reader may make anew.
        files.retain(|name, _| !name.ends_with("-shm"));
    }
    files
}

#[apply(both_databases!)]
async fn each_part_is_named(database: Database) {
    let desk = Desk::new(database).await;
    let told = Told::by(&desk, &[], &[]);
    assert_eq!((told.code, told.said.as_str()), (Some(0), ""), "{:?}", told.lines);
    let empty = "ok, and nothing in it yet: `assent serve` sets it up when it first starts";
    assert_eq!((told.of("database"), told.of("ledger")), (empty, "none yet"));
    assert!(told.of("keys").starts_with("ok; the first start makes "));
    assert!(told.of("data directory").starts_with("ok; "));

    desk.does(&["migrate"]);
    let told = Told::by(&desk, &[], &[]);
    assert_eq!(told.wrong(), ["policy", "staff"]);
    assert_eq!(told.code, Some(1));
    desk.does(&["policy", "publish", "policy.md", "--version", "1"]);
    desk.run_on(
        &["staff", "add", "ada@b.example", "--role", "admin"],
        "four unrelated long words\n",
    );
    let told = Told::by(&desk, &[], &[]);
    assert_eq!((told.code, told.said.as_str()), (Some(0), ""));
    assert_eq!(
        told.lines,
        [
            "configuration: ok",
            "controller: ok",
            "evidence: ok; receipts leave out what is blank: controller.identifier (under which number does a \
             register know you?), processing.jurisdiction (in which country are you supervised?), \
             processing.recipients (who is given the data besides you?), processing.retention (how long do you \
             keep them?), processing.storage (where do they lie?)",
            "source: ok; source_url is not set: whoever runs a changed version must say there where its \
             sources are (AGPL-3.0 §13)",
            "signup sources: ok; kept with each signup, so the privacy policy must mention it: what the followed \
             link says of its campaign (utm_source, utm_medium, utm_campaign, utm_term, utm_content, ref), and the \
             site on whose page the form stood; signup_sources = false keeps none of it",
            "bot check: ok",
            "base_url: ok",
            "keys: ok",
            "data directory: ok",
            "files: ok",
            &format!(
                "mail relay: ok; {} is made when it is needed",
                desk.path("data/mailbox").display()
            ),
            "database: ok",
            "ledger: ok",
            "endings: ok",
            "policy: ok",
            "staff: ok",
            "port: ok",
        ]
    );

    let sources = [("ASSENT_SOURCE_URL", "https://code.sample.example/assent")];
    assert_eq!(Told::by(&desk, &sources, &[]).of("source"), "ok");
    let none = [("ASSENT_SIGNUP_SOURCES", "false")];
    assert_eq!(Told::by(&desk, &none, &[]).of("signup sources"), "ok; not kept");

    let nobody = postgres::free_port();
    let away = format!("postgres://postgres@127.0.0.1:{nobody}/none");
    let relay = format!("smtp://127.0.0.1:{nobody}?tls=none");
    for (name, value, wrong) in [
        ("ASSENT_DATABASE_URL", away.as_str(), "database"),
        ("ASSENT_DATABASE_URL", "sqlite:policy.md/assent.db", "database"),
        ("ASSENT_DATABASE_URL", "sqlite:policy.md", "database"),
        ("ASSENT_DATABASE_URL", "mysql://localhost/x", "database"),
        ("ASSENT_FILES_URL", "file:policy.md", "files"),
        ("ASSENT_FILES_URL", "file:policy.md/files", "files"),
        ("ASSENT_FILES_URL", "ftp://files", "files"),
        ("ASSENT_MAIL_URL", relay.as_str(), "mail relay"),
        ("ASSENT_MAIL_URL", "file:policy.md/mailbox", "mail relay"),
        ("ASSENT_CONTROLLER_CONTACT", " ", "controller"),
        ("ASSENT_BASE_URL", "http://reports.example.org", "base_url"),
        ("ASSENT_SECRET_KEY", "c2hvcnQ=", "keys"),
    ] {
        let told = Told::by(&desk, &[(name, value)], &["--no-dns"]);
        assert_eq!(
            (told.code, told.wrong()),
            (Some(1), vec![wrong]),
            "{name}={value}: {:?}",
            told.lines
        );
    }
    // An IPv6 address is no name to look up.
    let away = format!("postgres://postgres@[::1]:{nobody}/none");
    let told = Told::by(&desk, &[("ASSENT_DATABASE_URL", &away)], &["--no-dns"]);
    assert_eq!(told.wrong(), ["database"]);
    assert!(!told.of("database").contains("lookup"), "{:?}", told.lines);
    // A secret in a URL is not shown, whatever is wrong with the rest of it.
    for url in [
        "postgres://u:hunter2@127.0.0.1:1/none",
        "postgres://u:hunter2@[::1/x",
        "postgres://u:hunter2@h:port/x",
    ] {
        let told = Told::by(&desk, &[("ASSENT_DATABASE_URL", url)], &[]);
        assert_eq!(told.code, Some(1));
        assert!(!format!("{:?}{}", told.lines, told.said).contains("hunter2"), "{:?}", told.lines);
    }
}

#[apply(both_databases!)]
async fn nothing_is_written(database: Database) {
    let desk = Desk::new(database).await;
    let before = contents(desk.dir.path());
    Told::by(&desk, &[], &[]);
    assert_eq!(contents(desk.dir.path()), before, "nothing was there, and nothing is");

    let desk = Desk::stocked(database).await;
    desk.does(&["ledger", "checkpoint"]);
    // What the file store knows, and the data directory does not, stays so.
    std::fs::remove_dir_all(desk.path("data/outside/heads")).unwrap();
    let before = contents(desk.dir.path());
    let told = Told::by(&desk, &[], &[]);
    assert_eq!(told.wrong(), ["staff"], "{:?}", told.lines);
    let after = contents(desk.dir.path());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(after == before);
    // Neither is anything where the settings name what is not there.
    let elsewhere = [
        ("ASSENT_DATA_DIR", "other"),
        ("ASSENT_FILES_URL", "file:other-files"),
        ("ASSENT_MAIL_URL", "file:other-mailbox"),
    ];
    Told::by(&desk, &elsewhere, &[]);
    assert!(contents(desk.dir.path()) == before);
    // What a killed process left in SQLite's log stays there.
    desk.serve().await.kill();
    let before = contents(desk.dir.path());
    assert_eq!(Told::by(&desk, &[], &[]).of("database"), "ok");
    assert!(contents(desk.dir.path()) == before);
}

#[apply(both_databases!)]
async fn keys_that_others_may_read_are_named(database: Database) {
    let desk = Desk::stocked(database).await;
    let set = [
        ("ASSENT_MAIL_FROM", "Press <reports@press.example>"),
        ("ASSENT_MAIL_DKIM_KEYS", "2026a:mail.pem"),
    ];
    let new = ["dkim", "new", "mail.pem", "--selector", "2026a", "--algorithm", "ed25519"];
    assert!(desk.run_with(&set[..1], &new).status.success());
    assert_eq!(Told::by(&desk, &set, &["--no-dns"]).wrong(), ["staff"]);
    let may = |mode: u32| {
        for file in ["data/secret.key", "mail.pem"] {
            std::fs::set_permissions(desk.path(file), Permissions::from_mode(mode)).unwrap();
        }
    };
    may(0o644);
    let told = Told::by(&desk, &set, &["--no-dns"]);
    assert_eq!(told.wrong(), ["keys", "staff"], "{:?}", told.lines);
    assert!(told.of("keys").ends_with("secret.key mail.pem`"), "{:?}", told.lines);
    assert!(told.of("keys").contains("run `chmod 600 "), "{:?}", told.lines);
    // Serving says it once, and goes on.
    let log = desk.path("log");
    Served::logging(desk.dir.path(), &desk.set(&set), &log).await.kill();
    let log = std::fs::read_to_string(log).unwrap();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("chmod 600")).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(
        said[0].contains("WARN") && said[0].contains("secret.key") && said[0].contains("mail.pem"),
        "{log}"
    );
    assert!(!said[0].contains("address.key"), "{log}");
    // What a group may read is as the operator wants it.
    may(0o640);
    assert_eq!(Told::by(&desk, &set, &["--no-dns"]).of("keys"), "ok");
}

#[test]
fn all_wrong_settings_are_named_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "base_url = 'reports.example.org'\n\n[mail]\nurls = 'file:x'\nfrom = 'nobody'\n\n[download]\nttl = \"soon\"\n";
    std::fs::write(dir.path().join("assent.toml"), toml).unwrap();
    let output = run(dir.path(), &[("ASSENT_LISTEN", "8080")], &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    let starts: Vec<&str> = lines.lines().map(|line| line.split(" is ").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "configuration: assent.toml, line 4: mail.urls",
            "configuration: assent.toml, line 1: base_url",
            "configuration: ASSENT_LISTEN",
            "configuration: assent.toml, line 8: download.ttl",
            "configuration: assent.toml, line 5: mail.from",
        ]
    );
    // So does every other command.
    let output = run(dir.path(), &[], &["serve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("assent: 4 things are wrong with the settings:\n  assent.toml, line 4: "),
        "{said}"
    );
}
