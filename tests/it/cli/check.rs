//! `assent check`: what it finds, and that it leaves everything as it was.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use assent::store::Db;
use macro_rules_attribute::apply;
use sqlx::{Connection, PgConnection};

use crate::cli::commands::Desk;
use crate::support::app::{Database, open_db};
use crate::support::name_server::NameServer;
use crate::support::program::{Served, run};
use crate::support::smtp::SmtpSink;
use crate::support::{both_databases, postgres, story_time};

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

async fn change(desk: &Desk, sql: &'static str) {
    assert!(execute(desk, sql).await > 0, "{sql}");
}

async fn execute(desk: &Desk, sql: &'static str) -> u64 {
    let db = open_db(&desk.database_url).await;
    let changed = match &db {
        Db::Sqlite { writer, .. } => {
            sqlx::query(sql).execute(writer).await.map(|done| done.rows_affected())
        }
        Db::Postgres { pool, .. } => {
            sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected())
        }
    };
    db.close().await;
    changed.unwrap()
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

#[apply(both_databases!)]
async fn what_serving_refuses_is_found(database: Database) {
    let desk = Desk::stocked(database).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let own = [
        ("ASSENT_DATA_DIR", elsewhere.path().to_str().unwrap()),
        ("ASSENT_DATABASE_URL", desk.database_url.as_str()),
    ];
    let told = Told::by(&desk, &own, &[]);
    assert_eq!(told.wrong(), ["database"], "{:?}", told.lines);
    assert!(
        told.lines.iter().any(|line| line.contains("ASSENT_ADDRESS_KEY_FILE")),
        "{:?}",
        told.lines
    );
    let key = desk.path("data/address.key");
    let key = [own[0], own[1], ("ASSENT_ADDRESS_KEY_FILE", key.to_str().unwrap())];
    let told = Told::by(&desk, &key, &[]);
    assert!(
        told.lines.iter().any(|line| line.contains("ASSENT_LEDGER_KEY_FILE")),
        "{:?}",
        told.lines
    );

    change(
        &desk,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                       VALUES (9999, 'later', TRUE, '', 1)",
    )
    .await;
    let told = Told::by(&desk, &[], &[]);
    assert!(
        told.of("database").contains("a newer version")
            && told.of("database").contains("change 9999"),
        "{:?}",
        told.lines
    );
    desk.is_refused(&[], &["report", "list"], &["migrations failed"]);
    change(&desk, "DELETE FROM _sqlx_migrations WHERE version > 2").await;
    let told = Told::by(&desk, &[], &[]);
    assert!(told.of("database").contains("assent migrate"), "{:?}", told.lines);
    assert_eq!(told.wrong(), ["database"]);
}

#[apply(both_databases!)]
async fn tables_of_another_program_are_no_new_database(database: Database) {
    let desk = Desk::new(database).await;
    std::fs::create_dir(desk.path("data")).unwrap();
    execute(&desk, "CREATE TABLE subscriber (id integer)").await;
    let told = Told::by(&desk, &[], &[]);
    assert!(told.of("database").starts_with("tables of another program"), "{:?}", told.lines);
}

#[apply(both_databases!)]
async fn what_people_ended_is_looked_for(database: Database) {
    let desk = Desk::new(database).await;
    let clock = story_time::clock();
    story_time::begin(desk.dir.path(), clock.clone());
    desk.does(&["policy", "publish", "policy.md", "--version", "1"]);
    desk.write("left.csv", b"email\nada@council.example\n");
    desk.does(&[
        "import",
        "left.csv",
        "--suppress",
        "--source",
        "the old tool",
        "--reason",
        "complained",
    ]);
    clock.advance(Duration::from_mins(2));
    assert_eq!(Told::by(&desk, &[], &[]).of("endings"), "ok");
    change(&desk, "DELETE FROM suppression").await;
    for _ in 0..2 {
        let told = Told::by(&desk, &[], &[]);
        assert!(
            told.of("endings")
                .starts_with("people who left or were erased, unknown to the database: 1; ")
        );
    }
    desk.does(&["migrate"]);
    assert_eq!(Told::by(&desk, &[], &[]).of("endings"), "ok");
}

#[apply(both_databases!)]
async fn a_port_in_use_is_told_from_our_own(database: Database) {
    let desk = Desk::stocked(database).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = Told::by(&desk, &[("ASSENT_LISTEN", &address)], &[]);
    assert!(told.of("port").contains("cannot listen on 127.0.0.1:"), "{:?}", told.lines);
    let nowhere = Told::by(&desk, &[("ASSENT_LISTEN", "203.0.113.7:8080")], &[]);
    assert!(
        nowhere.of("port").starts_with("cannot listen on 203.0.113.7:8080"),
        "{:?}",
        nowhere.lines
    );

    let served = desk.serve().await;
    let address = served.base.strip_prefix("http://").unwrap().to_owned();
    let set = [("ASSENT_LISTEN", address.as_str()), ("ASSENT_BASE_URL", served.base.as_str())];
    for _ in 0..2 {
        assert_eq!(Told::by(&desk, &set, &[]).of("port"), "ok; this installation serves there now");
        desk.does(&["ledger", "checkpoint"]);
    }
    let other = Desk::stocked(database).await;
    other.does(&["ledger", "checkpoint"]);
    let told = Told::by(&other, &set, &[]);
    assert!(told.of("port").starts_with("cannot listen on "), "{:?}", told.lines);
    served.kill();
}

#[apply(both_databases!)]
async fn a_database_that_lost_everything_is_no_new_one(database: Database) {
    let desk = Desk::stocked(database).await;
    desk.does(&["ledger", "checkpoint"]);
    let ledger = |more: &[(&str, &str)]| {
        let output = desk.run_with(more, &["check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with("ledger: ")).unwrap().to_owned();
        (output.status.code(), line)
    };
    // Nobody has an account.
    assert_eq!(ledger(&[]), (Some(1), "ledger: ok".to_owned()));
    let other = Desk::new(database).await;
    let file = desk.path("emptied.db");
    let url = match database {
        Database::Sqlite => format!("sqlite:{}", file.display()),
        Database::Postgres => other.database_url.clone(),
    };
    let (code, line) = ledger(&[("ASSENT_DATABASE_URL", &url)]);
    assert!(code == Some(1) && line.contains("holds nothing of this program"), "{line}");
    // A look changes nothing.
    assert_eq!(ledger(&[("ASSENT_DATABASE_URL", &url)]), (Some(1), line));
    assert_eq!(ledger(&[]), (Some(1), "ledger: ok".to_owned()));
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

#[tokio::test]
async fn why_no_connection_is_given_is_said() {
    let desk = Desk::new(Database::Postgres).await;
    let name = desk.database_url.rsplit('/').next().unwrap();
    let sql = format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 0");
    let mut connection = PgConnection::connect(&desk.database_url).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "CREATE ROLE takes no bound parameters")]
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    statement.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let full = desk.database_url.replace("postgres@", &format!("{name}@"));
    let full = [("ASSENT_DATABASE_URL", full.as_str())];
    desk.is_refused(&full, &["migrate"], &["too many connections for role"]);
    let told = Told::by(&desk, &full, &[]);
    assert!(told.of("database").contains("too many connections for role"), "{:?}", told.lines);
}

#[test]
fn what_dns_says_is_held_against_what_mail_needs() {
    const FROM: (&str, &str) = ("ASSENT_MAIL_FROM", "Press <reports@mail.press.example>");
    let dir = tempfile::tempdir().unwrap();
    let record = |file: &str| {
        let new = ["dkim", "new", file, "--selector", "2026a", "--algorithm", "rsa"];
        let told = String::from_utf8(run(dir.path(), &[FROM], &new).stdout).unwrap();
        let record = told.lines().find(|line| line.contains("v=DKIM1")).unwrap().to_owned();
        record[record.find('"').unwrap()..].trim_matches('"').replace("\" \"", "")
    };
    let (ours, other) = (record("ours.pem"), record("other.pem"));
    let sink = SmtpSink::start(&[]);
    let relay = sink.url();
    let check = |server: &NameServer| {
        let set = [
            FROM,
            ("ASSENT_MAIL_BOUNCE_DOMAIN", "bounces.press.example"),
            ("ASSENT_MAIL_DKIM_KEYS", "2026a:ours.pem"),
            ("ASSENT_MAIL_URL", &relay),
            ("ASSENT_LISTEN", "127.0.0.1:0"),
        ];
        let output = run(dir.path(), &set, &["check", "--dns-server", &server.address]);
        let told = String::from_utf8(output.stdout).unwrap();
        let of = |kind: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("nothing of {kind}: {told}")).to_owned()
        };
        ["SPF", "MX", "DKIM", "DMARC"].map(of)
    };
    let selector = "2026a._domainkey.mail.press.example";
    let right = NameServer::start(&[
        ("txt", "bounces.press.example", "v=spf1 ip4:192.0.2.1 -all"),
        ("txt", "bounces.press.example", "unrelated"),
        ("mx", "bounces.press.example", "mx.press.example"),
        ("txt", selector, &ours),
        // Of the domain above.
        ("txt", "_dmarc.press.example", "v=DMARC1; p=none"),
    ]);
    assert_eq!(check(&right), ["ok", "ok", "ok", "ok"]);
    let none = NameServer::start(&[("txt", "press.example", "nothing")]);
    for said in check(&none) {
        assert!(said.starts_with("no record is published; publish "), "{said}");
    }
    let wrong = NameServer::start(&[
        ("txt", "bounces.press.example", "v=spf1 ip4:192.0.2.1 -all"),
        ("txt", "bounces.press.example", "v=spf1 mx -all"),
        ("a", "bounces.press.example", "192.0.2.9"),
        ("txt", selector, &other),
        ("txt", "_dmarc.mail.press.example", "v=DMARC2; p=none"),
    ]);
    let [spf, mx, dkim, dmarc] = check(&wrong);
    assert!(spf.starts_with("there are several SPF records"), "{spf}");
    assert_eq!(mx, "ok", "mail goes to the address of a domain without MX");
    assert!(dkim.starts_with("another key stands there"), "{dkim}");
    assert!(
        dmarc.starts_with("no record is published; publish _dmarc.mail.press.example. "),
        "{dmarc}"
    );
    // One that does not answer keeps nobody waiting for good.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    for said in check(&NameServer { address, child: None }) {
        assert!(said.contains("could not be looked up") && said.contains("--no-dns"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_nothing_is_found() {
    let desk = Desk::stocked(Database::Postgres).await;
    for sql in [
        "CREATE ROLE reads_only LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reads_only",
    ] {
        execute(&desk, sql).await;
    }
    let url = desk.database_url.replace("postgres://postgres@", "postgres://reads_only@");
    assert_ne!(url, desk.database_url);
    let told = Told::by(&desk, &[("ASSENT_DATABASE_URL", &url)], &[]);
    assert!(told.of("database").starts_with("its user may not write"), "{:?}", told.lines);
    // Whoever changes the tables keeps nobody waiting for long.
    let db = open_db(&desk.database_url).await;
    let Db::Postgres { pool, .. } = &db else { panic!("no PostgreSQL") };
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *tx)
        .await
        .unwrap();
    let told = Told::by(&desk, &[], &[]);
    let said = told.of("database");
    // The server's timer, or ours where the clock of tests keeps that one from ringing.
    assert!(
        said.contains("lock timeout") || said.starts_with("no answer within"),
        "{:?}",
        told.lines
    );
    tx.rollback().await.unwrap();
    db.close().await;
}
