//! The built program as its operator meets it: every command, on both databases.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use assent::mail::mailbox::Mailbox;
use assent::random::Random;
use assent::store::Db;
use macro_rules_attribute::apply;
use tempfile::TempDir;

use crate::support::app::{Answer, Database, form, open_db};
use crate::support::inbox::Mail;
use crate::support::program::{Served, command, run, run_well};
use crate::support::{both_databases, poll, postgres};

const POLICY: &str = "2026-11";
const PDF: &[u8] = b"%PDF-1.7\nEvery byte of this counts, \0 and \xff too.\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR a picture, as far as its first bytes go";
const CONTROLLER: [(&str, &str); 3] = [
    ("ASSENT_CONTROLLER_NAME", "Sample Press"),
    ("ASSENT_CONTROLLER_ADDRESS", "1 Sample Street, Sampleton"),
    ("ASSENT_CONTROLLER_CONTACT", "privacy@sample.example"),
];

/// A publisher's machine: an empty directory, the settings, a database of its own.
pub struct Desk {
    pub dir: TempDir,
    pub database_url: String,
    set: Vec<(String, String)>,
}

impl Desk {
    pub async fn new(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut set: Vec<(String, String)> = Vec::new();
        let database_url = match database {
            Database::Sqlite => format!("sqlite:{}", dir.path().join("data/assent.db").display()),
            Database::Postgres => {
                let unique = u64::from_be_bytes(Random::System.bytes());
                let name = format!("desk_{unique:x}");
                postgres::server().create_database(&name, None).await;
                let url = postgres::server().url(&name);
                set.push(("ASSENT_DATABASE_URL".to_owned(), url.clone()));
                url
            }
        };
        let controller = CONTROLLER.map(|(name, value)| (name.to_owned(), value.to_owned()));
        set.extend(controller);
        set.push(("ASSENT_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
        let desk = Self { dir, database_url, set };
        desk.write("policy.md", b"# Privacy\n\nWe keep little.\n");
        desk.write("report.pdf", PDF);
        desk.write("cover.png", PNG);
        desk.write("body.md", b"## Inside\n\nA *few* pages.\n");
        desk
    }

    /// The same with something to read already.
    pub async fn stocked(database: Database) -> Self {
        let desk = Self::new(database).await;
        desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
        desk.does(&["newsletter", "add", "weekly", "--name", "The weekly"]);
        desk.adds_report("first", &["--newsletter", "weekly", "--publish"]);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn set<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.set.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        own.chain(more.iter().copied()).collect()
    }

    pub fn run_with(&self, more: &[(&str, &str)], arguments: &[&str]) -> Output {
        run(self.dir.path(), &self.set(more), arguments)
    }

    pub fn does(&self, arguments: &[&str]) -> String {
        run_well(self.dir.path(), &self.set(&[]), arguments)
    }

    /// Runs a command that reads its standard input.
    pub fn run_on(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = command(self.dir.path(), &self.set(&[]), arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments first does not read it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    }

    fn adds_report(&self, slug: &str, more: &[&str]) -> String {
        let arguments = ["report", "add", "report.pdf", "--slug", slug, "--title", slug];
        self.does(&[&arguments[..], more].concat())
    }

    /// The command must refuse with one sentence that holds all of `words`.
    pub fn is_refused(&self, more: &[(&str, &str)], arguments: &[&str], words: &[&str]) {
        assert_refused(&self.run_with(more, arguments), arguments, words);
    }

    pub async fn serve(&self) -> Served {
        Served::start(self.dir.path(), &self.set(&[]), &["serve"]).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let db = open_db(&self.database_url).await;
        let count = match &db {
            Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await,
            Db::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await,
        };
        db.close().await;
        count.unwrap()
    }

    fn mails(&self) -> Vec<Mail> {
        let mailbox = Mailbox::open(&self.path("data/mailbox")).unwrap();
        let names = mailbox.names().unwrap();
        names
            .iter()
            .map(|name| Mail::parse(&mailbox.read(name.parse().unwrap()).unwrap()))
            .collect()
    }

    async fn mail(&self, nth: usize) -> Mail {
        poll::until(&format!("mail {}", nth + 1), || async { self.mails().into_iter().nth(nth) })
            .await
    }
}

fn assert_refused(output: &Output, arguments: &[&str], words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
    assert!(said.starts_with("assent: "), "{said}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    for word in words {
        assert!(said.contains(word), "{arguments:?} says nothing of {word}: {said}");
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn get(url: &str) -> Answer {
    Answer::read(client().get(url).send().await.unwrap()).await
}

async fn post(url: &str, body: String) -> Answer {
    let request =
        client().post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    Answer::read(request.send().await.unwrap()).await
}

#[apply(both_databases!)]
async fn from_an_empty_directory_to_a_file_and_a_list(database: Database) {
    let desk = Desk::new(database).await;
    let published = desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
    assert!(published.starts_with(&format!("published {POLICY}, SHA-256 ")), "{published}");
    assert!(
        desk.does(&[
            "newsletter",
            "add",
            "weekly",
            "--name",
            "The weekly",
            "--description",
            "News"
        ])
        .contains("newsletter:weekly")
    );
    let added = desk.adds_report(
        "annual",
        &[
            "--summary",
            "What there was.",
            "--newsletter",
            "weekly",
            "--body",
            "body.md",
            "--cover",
            "cover.png",
            "--pages",
            "4",
            "--require",
            "name",
            "--publish",
        ],
    );
    assert!(added.contains("/reports/annual"), "{added}");
    let plain = desk.adds_report("plain", &["--publish"]);
    assert!(plain.contains("/reports/plain"), "{plain}");

    let served = desk.serve().await;
    let page = format!("{}/reports/annual", served.base);
    let landing = get(&page).await;
    assert!(
        landing.status == 200
            && landing.text().contains("What there was.")
            && landing.text().contains("<em>few</em>")
    );
    let cover = get(&format!("{page}/cover")).await;
    assert_eq!((cover.header("content-type"), cover.body.as_slice()), ("image/png", PNG));
    assert!(
        landing.text().contains("src=\"/reports/annual/cover\"")
            && landing.text().contains("4 pages")
    );

    let nameless = post(&page, form("ada@b.example", "&newsletter=weekly")).await;
    assert!(nameless.status == 422 && nameless.text().contains("Enter your name"));
    let asked = post(&page, form("ada@b.example", "&newsletter=weekly&name=%3DAda")).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    let link = desk.mail(0).await.link("/confirm/");
    assert!(link.starts_with(&served.base));
    assert_eq!(get(&link).await.status, 200);
    assert_eq!(desk.count("SELECT count(*) FROM subscriber").await, 0);
    let confirmed = post(&link, String::new()).await;
    assert_eq!(confirmed.status, 303);
    let download = format!("{}{}", served.base, confirmed.location());
    assert_eq!(get(&download).await.status, 200);
    let file = get(&format!("{download}/file")).await;
    assert_eq!(
        (file.status, file.body.as_slice(), file.header("content-type")),
        (200, PDF, "application/pdf")
    );
    assert!(desk.mail(1).await.link("/downloads/").ends_with(confirmed.location()));

    // Exports work beside a running server.
    let csv = desk.does(&["export", "--purpose", "newsletter:weekly", "--format", "csv"]);
    assert!(
        csv.starts_with("\u{feff}subscriber_id,email,name,")
            && csv.contains(",ada@b.example,'=Ada,")
    );
    assert_eq!(csv.matches("\r\n").count(), 2);
    let ndjson = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--report",
        "annual",
        "--format",
        "ndjson",
    ]);
    let row: serde_json::Value = serde_json::from_str(&ndjson).unwrap();
    assert_eq!(
        (&row["email"], &row["name"], &row["report"]),
        (&"ada@b.example".into(), &"=Ada".into(), &"annual".into())
    );
    for (name, format, same) in [("out.csv", "csv", &csv), ("out.ndjson", "ndjson", &ndjson)] {
        let purpose = if format == "csv" { "newsletter:weekly" } else { "privacy-policy" };
        let said = desk.does(&["export", "--purpose", purpose, "--format", format, "--out", name]);
        assert_eq!((said.as_str(), &std::fs::read_to_string(desk.path(name)).unwrap()), ("", same));
    }
    let of_other = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--report",
        "plain",
        "--format",
        "ndjson",
    ]);
    let later = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--since",
        "2100-01-01",
        "--format",
        "ndjson",
    ]);
    assert_eq!((of_other.as_str(), later.as_str()), ("", ""));
    assert_eq!(
        desk.count(
            "SELECT count(*) FROM audit_entry WHERE action = 'export' AND actor = 'command line'"
        )
        .await,
        6
    );
    assert!(!desk.path("out.csv.part").exists());
    served.kill();

    // Every list names what is there.
    for (list, word) in [
        ("report", "annual\tpublished"),
        ("newsletter", "weekly\toffered\tThe weekly\tNews"),
        ("policy", POLICY),
    ] {
        let said = desk.does(&[list, "list"]);
        assert!(said.contains(word), "{said}");
    }
    for (what, word) in [("withdraw", "set aside"), ("withdraw", "set aside"), ("offer", "offered")]
    {
        assert!(desk.does(&["newsletter", what, "weekly"]).contains(word));
        assert!(
            desk.does(&["newsletter", "list"]).contains(&format!("weekly\t{word}\t")),
            "{what}"
        );
    }
}

#[apply(both_databases!)]
async fn an_audit_row_says_what_left(database: Database) {
    let desk = Desk::stocked(database).await;
    let csv = desk.does(&["export", "--purpose", "newsletter:weekly", "--format", "csv"]);
    let sha256 = assent::domain::catalog::notice::sha256_hex(csv.as_bytes());
    let db = open_db(&desk.database_url).await;
    let entries =
        assent::store::staff::audit_entries::list(&mut db.read().await.unwrap(), "export")
            .await
            .unwrap();
    db.close().await;
    assert_eq!(entries.len(), 1);
    let detail = entries[0].detail.to_string();
    assert!(
        detail.contains(&sha256) && detail.contains("newsletter:weekly") && detail.contains("csv"),
        "{detail}"
    );
    assert_eq!(entries[0].detail["rows"], 0);
}

#[apply(both_databases!)]
async fn a_running_server_sees_what_commands_do_within_a_second(database: Database) {
    let desk = Desk::stocked(database).await;
    let served = desk.serve().await;
    let seen = |path: &str, status: u16| {
        let url = format!("{}{path}", served.base);
        async move {
            // The promise is a second; the rest is for a busy machine.
            poll::within(Duration::from_secs(3), &format!("{status} at {url}"), || async {
                (get(&url).await.status == status).then_some(())
            })
            .await;
        }
    };
    assert_eq!(get(&format!("{}/reports/second", served.base)).await.status, 404);
    desk.adds_report("second", &[]);
    desk.does(&["report", "publish", "second"]);
    seen("/reports/second", 200).await;
    desk.does(&["report", "withdraw", "second"]);
    seen("/reports/second", 410).await;
    desk.does(&["policy", "publish", "policy.md", "--version", "2026-12"]);
    seen("/policies/privacy/2026-12", 200).await;
}

#[apply(both_databases!)]
async fn what_is_refused_says_what_to_do(database: Database) {
    let desk = Desk::stocked(database).await;
    let before = desk.count("SELECT count(*) FROM report").await;
    desk.write("text.pdf", b"Only text, whatever its name says.");
    desk.write("empty.pdf", b"");
    desk.write("picture.svg", b"<svg onload=alert(1)>");
    desk.write("latin1.md", b"caf\xe9");
    desk.write("large.png", &[PNG, &vec![0; 3 * 1024 * 1024]].concat());
    let add = |file: &'static str, more: &[&'static str]| {
        [&["report", "add", file, "--slug", "fresh", "--title", "New"], more].concat()
    };
    for (arguments, words) in [
        (add("text.pdf", &["--publish"]), &["not a PDF, EPUB or ZIP"][..]),
        (add("empty.pdf", &[]), &["not a PDF"]),
        (add(".", &[]), &["read"]),
        (add("report.pdf", &["--newsletter", "none"]), &["`none`", "assent newsletter add"]),
        (add("report.pdf", &["--cover", "picture.svg"]), &["PNG, JPEG or WebP"]),
        (add("report.pdf", &["--cover", "large.png"]), &["2 MiB"]),
        (add("report.pdf", &["--body", "latin1.md"]), &["latin1.md", "UTF-8"]),
        (add("report.pdf", &["--body", "none.md"]), &["none.md"]),
        (
            vec!["report", "add", "report.pdf", "--slug", "first", "--title", "x"],
            &["`first`", "choose another --slug"],
        ),
        (vec!["report", "add", "report.pdf", "--slug", "fresh", "--title", " "], &["--title"]),
        (
            vec![
                "report",
                "add",
                "report.pdf",
                "--slug",
                "fresh",
                "--title",
                "a\r\nBcc: eve@c.example",
            ],
            &["on one line"],
        ),
        (vec!["report", "publish", "none"], &["`none`", "assent report list"]),
        (vec!["report", "withdraw", "none"], &["`none`", "assent report list"]),
        (vec!["report", "edit", "none", "--title", "x"], &["`none`", "assent report list"]),
        (vec!["newsletter", "add", "weekly", "--name", "Again"], &["`weekly`", "choose another"]),
        (vec!["newsletter", "add", "new", "--name", ""], &["--name"]),
        (vec!["newsletter", "withdraw", "none"], &["`none`", "assent newsletter list"]),
        (vec!["newsletter", "offer", "none"], &["`none`", "assent newsletter list"]),
        (
            vec!["policy", "publish", "policy.md", "--version", POLICY],
            &[POLICY, "choose another --version"],
        ),
        (vec!["policy", "publish", "none.md", "--version", "x"], &["none.md"]),
        (vec!["policy", "publish", "latin1.md", "--version", "x"], &["UTF-8"]),
        (vec!["policy", "publish", "empty.pdf", "--version", "x"], &["empty"]),
        (vec!["policy", "publish", "policy.md", "--version", "x", "--lang", "de"], &["--lang"]),
        (
            vec!["export", "--purpose", "partner-offers", "--format", "csv"],
            &["`partner-offers`", "assent newsletter list"],
        ),
        (vec!["export", "--purpose", "newsletter:none", "--format", "csv"], &["newsletter:none"]),
        (
            vec![
                "export",
                "--purpose",
                "privacy-policy",
                "--format",
                "csv",
                "--out",
                "none/out.csv",
            ],
            &["none/out.csv"],
        ),
    ] {
        desk.is_refused(&[], &arguments, words);
    }
    assert_eq!(desk.count("SELECT count(*) FROM report").await, before);
    assert_eq!(desk.count("SELECT count(*) FROM audit_entry WHERE action = 'export'").await, 0);
    let kept = std::fs::read_dir(desk.path("data/files/reports")).unwrap().count();
    assert_eq!(kept, 1, "what was refused leaves no file behind");
}

#[apply(both_databases!)]
async fn a_filter_that_names_nothing_is_no_empty_list(database: Database) {
    let desk = Desk::stocked(database).await;
    for filter in ["--report", "--policy"] {
        desk.is_refused(
            &[],
            &["export", "--purpose", "privacy-policy", "--format", "csv", filter, "none"],
            &["`none`"],
        );
    }
}

#[apply(both_databases!)]
async fn a_file_that_cannot_be_read_is_named(database: Database) {
    let desk = Desk::stocked(database).await;
    let add =
        ["report", "add", "report.pdf", "--slug", "fresh", "--title", "New", "--cover", "none.png"];
    desk.is_refused(&[], &add, &["none.png"]);
    desk.is_refused(
        &[],
        &["report", "add", "none.pdf", "--slug", "fresh", "--title", "New"],
        &["none.pdf"],
    );
}

#[apply(both_databases!)]
async fn nothing_is_offered_without_a_controller_and_a_policy(database: Database) {
    let desk = Desk::new(database).await;
    let add = |slug| ["report", "add", "report.pdf", "--slug", slug, "--title", "New", "--publish"];
    desk.is_refused(&[], &add("one"), &["assent policy publish"]);
    desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
    for (name, _) in CONTROLLER {
        for blank in ["", "  "] {
            desk.is_refused(&[(name, blank)], &add("one"), &["controller.name"]);
        }
    }
    assert_eq!(desk.count("SELECT count(*) FROM report").await, 0);
    desk.adds_report("one", &[]);
    desk.is_refused(
        &[("ASSENT_CONTROLLER_NAME", "")],
        &["report", "publish", "one"],
        &["controller"],
    );
    desk.does(&["report", "publish", "one"]);
}

#[apply(both_databases!)]
async fn accounts_have_one_address_and_a_long_password(database: Database) {
    let desk = Desk::new(database).await;
    let add = |email: &str, role: &str, password: &str| {
        desk.run_on(&["staff", "add", email, "--role", role], password)
    };
    let refused = |email: &str, password: &str, word: &str| {
        assert_refused(&add(email, "admin", password), &[email, password], &[word]);
    };
    refused("ada@b.example", "short", "12 characters");
    refused("ada@b.example", "", "12 characters");
    refused("ada@b.example", &"x".repeat(257), "256 characters");
    refused("ada", "four unrelated long words", "name@example");
    assert_eq!(desk.count("SELECT count(*) FROM staff").await, 0);
    let added = add("Ada@B.example", "admin", "four unrelated long words\n");
    assert_eq!(
        (added.status.code(), String::from_utf8_lossy(&added.stdout).trim()),
        (Some(0), "added Ada@b.example")
    );
    refused("Ada@b.example", "other unrelated long words", "has an account");
    refused("ada@b.example", "other unrelated long words", "has an account");
    assert_eq!(add("bob@b.example", "viewer", "four unrelated long words").status.code(), Some(0));
    assert_eq!(add("eve@b.example", "owner", "four unrelated long words").status.code(), Some(2));
    assert_eq!(
        desk.count(
            "SELECT count(*) FROM staff WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"
        )
        .await,
        2
    );
    // By the same words that --role takes.
    assert_eq!(
        desk.does(&["staff", "list"]),
        "ada@b.example\tadmin\tactive\nbob@b.example\tviewer\tactive\n"
    );
}

#[apply(both_databases!)]
async fn accounts_are_disabled_and_given_other_passwords(database: Database) {
    let desk = Desk::new(database).await;
    let with = |arguments: &[&str], password: &str| desk.run_on(arguments, password);
    for (email, role) in [("ada@b.example", "admin"), ("bob@b.example", "viewer")] {
        let added = with(&["staff", "add", email, "--role", role], "four unrelated long words\n");
        assert_eq!(added.status.code(), Some(0));
    }
    desk.is_refused(&[], &["staff", "disable", "eve@b.example"], &["has no account"]);
    desk.is_refused(&[], &["staff", "disable", "ada@b.example"], &["the last admin"]);
    assert_eq!(desk.does(&["staff", "disable", "Bob@b.example"]), "disabled Bob@b.example\n");
    desk.is_refused(&[], &["staff", "disable", "bob@b.example"], &["disabled already"]);
    let refused = with(&["staff", "reset", "bob@b.example"], "other unrelated long words\n");
    assert_eq!(refused.status.code(), Some(1), "not while it is disabled");
    let sql = "SELECT count(DISTINCT password_hash) FROM staff";
    let before = desk.count(sql).await;
    let refused = with(&["staff", "reset", "ada@b.example"], "short\n");
    assert_eq!(refused.status.code(), Some(1));
    let reset = with(
        &["staff", "reset", "ada@b.example", "--two-factor-off"],
        "other unrelated long words\n",
    );
    assert_eq!(String::from_utf8_lossy(&reset.stdout), "changed the password of ada@b.example\n");
    assert_eq!((before, desk.count(sql).await), (2, 2));
    let audited =
        "SELECT count(*) FROM audit_entry WHERE action IN ('staff.disable', 'staff.password')";
    assert_eq!(desk.count(audited).await, 2);
    assert_eq!(
        desk.does(&["staff", "list"]),
        "ada@b.example\tadmin\tactive\nbob@b.example\tviewer\tdisabled\n"
    );
}

#[apply(both_databases!)]
async fn another_address_key_is_refused(database: Database) {
    let desk = Desk::stocked(database).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let data = elsewhere.path().to_str().unwrap();
    let quiet = ("RUST_LOG", "error");
    let own =
        [("ASSENT_DATA_DIR", data), ("ASSENT_DATABASE_URL", desk.database_url.as_str()), quiet];
    for arguments in [&["serve"][..], &["report", "list"], &["migrate"], &["purge"]] {
        desk.is_refused(&own, arguments, &["address.key", "ASSENT_ADDRESS_KEY_FILE"]);
    }
    let key = desk.path("data/address.key");
    let key = [own[0], own[1], ("ASSENT_ADDRESS_KEY_FILE", key.to_str().unwrap())];
    desk.is_refused(&key, &["report", "list"], &["ledger.key", "ASSENT_LEDGER_KEY_FILE"]);
    let ledger = desk.path("data/ledger.key");
    let keys = [key[0], key[1], key[2], ("ASSENT_LEDGER_KEY_FILE", ledger.to_str().unwrap())];
    assert_eq!(
        desk.run_with(&keys, &["report", "list"]).status.code(),
        Some(0),
        "its own keys open it"
    );
}

#[apply(both_databases!)]
async fn secrets_are_for_the_owner_alone(database: Database) {
    let desk = Desk::new(database).await;
    desk.does(&["migrate"]);
    let mode =
        |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    for name in ["data/secret.key", "data/address.key", "data/ledger.key"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let before = std::fs::read(desk.path("data/secret.key")).unwrap();
    desk.does(&["migrate"]);
    assert_eq!(
        std::fs::read(desk.path("data/secret.key")).unwrap(),
        before,
        "migrating twice changes nothing"
    );
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 0);
}

// A log is read by many, and the link makes an admin of whoever follows it.
#[apply(both_databases!)]
async fn the_link_to_the_first_account_is_for_its_owner_alone(database: Database) {
    let desk = Desk::stocked(database).await;
    let (file, log) = (desk.path("data/first-account"), desk.path("log"));
    let served = Served::logging(desk.dir.path(), &desk.set(&[]), &log).await;
    let link = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = reqwest::get(link.trim()).await.unwrap();
    assert!(page.status() == 200 && page.text().await.unwrap().contains("password"));
    let said = std::fs::read_to_string(&log).unwrap();
    let token = link.trim().rsplit('/').next().unwrap();
    assert!(said.contains("first-account") && !said.contains(token), "{said}");
    served.kill();
    // With the next start it leads nowhere; once there is an account, there is none.
    let served = Served::start(desk.dir.path(), &desk.set(&[]), &["serve"]).await;
    let next = std::fs::read_to_string(&file).unwrap();
    assert_ne!(next, link);
    served.kill();
    let added = desk.run_on(
        &["staff", "add", "ada@b.example", "--role", "admin"],
        "four unrelated long words\n",
    );
    assert_eq!(added.status.code(), Some(0));
    let served = Served::start(desk.dir.path(), &desk.set(&[]), &["serve"]).await;
    assert!(!file.exists());
    served.kill();
}

#[apply(both_databases!)]
async fn output_that_nobody_takes_is_no_crash(database: Database) {
    let desk = Desk::stocked(database).await;
    let commands: [&[&str]; 11] = [
        &["check"],
        &["policy", "list"],
        &["newsletter", "list"],
        &["report", "list"],
        &["purpose", "list"],
        &["ledger", "key"],
        &["ledger", "checkpoint"],
        &["ledger", "verify"],
        &["templates", "list"],
        &["export", "--purpose", "privacy-policy", "--format", "csv"],
        &["withdrawals"],
    ];
    for arguments in commands {
        let told = |stdout: Stdio| {
            let mut command = command(desk.dir.path(), &desk.set(&[]), arguments);
            let output = command
                .stdout(stdout)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
                .wait_with_output()
                .unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let whole = told(Stdio::null());
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (code, said) = told(full.into());
        if arguments[0] != "purpose" {
            assert_eq!(code, Some(1), "{arguments:?}: {said}");
            assert!(said.lines().last().unwrap().starts_with("assent: "), "{arguments:?}: {said}");
        }
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, said) = told(writer.into());
        assert!(
            code == Some(141) || code == Some(1) || (code, &said) == (whole.0, &whole.1),
            "{arguments:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[apply(both_databases!)]
async fn a_command_without_its_database_says_so(database: Database) {
    let desk = Desk::new(database).await;
    let away = format!("postgres://postgres@127.0.0.1:{}/none", postgres::free_port());
    for (url, why) in
        [(away.as_str(), "onnection refused"), ("sqlite:/nonexistent/assent.db", "unable to open")]
    {
        for arguments in [
            &["serve"][..],
            &["migrate"],
            &["export", "--purpose", "privacy-policy", "--format", "csv"],
        ] {
            desk.is_refused(&[("ASSENT_DATABASE_URL", url)], arguments, &["database", why]);
        }
    }
}

#[apply(both_databases!)]
async fn purge_says_first_what_would_go(database: Database) {
    let desk = Desk::stocked(database).await;
    let served = desk.serve().await;
    assert_eq!(
        post(&format!("{}/reports/first", served.base), form("ada@b.example", "")).await.status,
        303
    );
    desk.mail(0).await;
    // A short time to confirm counts for signups made under it alone.
    assert!(desk.does(&["purge", "--dry-run"]).starts_with("signups that would be deleted: 0"));
    served.kill();

    let short = [("ASSENT_CONFIRM_TTL", "1s"), ("ASSENT_PENDING_RETENTION", "1s")];
    let served =
        Served::start(desk.dir.path(), &desk.set(&short), &["serve", "--role", "web"]).await;
    assert_eq!(
        post(&format!("{}/reports/first", served.base), form("bob@b.example", "")).await.status,
        303
    );
    served.kill();
    let say =
        |arguments: &[&str]| String::from_utf8(desk.run_with(&short, arguments).stdout).unwrap();
    poll::until("a signup whose time is over", || async {
        say(&["purge", "--dry-run"]).starts_with("signups that would be deleted: 1").then_some(())
    })
    .await;
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 2, "nothing went yet");
    assert!(say(&["purge"]).starts_with("signups deleted: 1"));
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 1);
    assert!(say(&["purge"]).starts_with("signups deleted: 0"));
}

#[apply(both_databases!)]
async fn the_log_names_nobody(database: Database) {
    let desk = Desk::stocked(database).await;
    let listen = format!("127.0.0.1:{}", postgres::free_port());
    let base = format!("http://{listen}");
    let log = desk.path("log");
    let mut child = command(desk.dir.path(), &desk.set(&[]), &["serve"])
        .env("ASSENT_LISTEN", &listen)
        .env("ASSENT_BASE_URL", &base)
        .env("RUST_LOG", "debug")
        .env("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    poll::until("the program to answer", || async {
        let ready = client().get(format!("{base}/readyz")).send().await.ok()?;
        ready.status().is_success().then_some(())
    })
    .await;
    let page = format!("{base}/reports/first");
    let typed = "&name=Quentin+Zebrowski&organisation=Northmoor+Council&job_title=Archivist&newsletter=weekly";
    assert_eq!(post(&page, form("Quiet.Reader@northmoor.example", typed)).await.status, 303);
    let first = desk.mail(0).await;
    let link = first.link("/confirm/");
    assert_eq!(get(&link).await.status, 200);
    let asked = post(&page, form("quiet.reader@NORTHMOOR.example", "")).await;
    let again =
        client().post(format!("{base}/check-your-inbox/resend")).header("cookie", asked.cookie());
    assert_eq!(again.send().await.unwrap().status(), 303);
    for refused in [
        "quiet.reader@localhost",
        "Quiet.Reader <reader@northmoor.example>",
        "quiet.reader\0@northmoor.example",
    ] {
        assert_eq!(post(&page, form(refused, typed)).await.status, 422);
    }
    let confirmed = post(&link, String::new()).await;
    let download = confirmed.location().to_owned();
    for path in [
        download.clone(),
        format!("{download}/file"),
        format!("{download}x"),
        format!("{download}/file/x"),
    ] {
        get(&format!("{base}{path}")).await;
    }
    assert_eq!(post(&format!("{link}/not-me"), String::new()).await.status, 410);
    assert_eq!(post(&format!("{base}{download}/fresh"), String::new()).await.status, 303);
    let mails = poll::until("every mail", || async {
        let mails = desk.mails();
        mails.iter().any(|mail| mail.text.contains("fresh link")).then_some(mails)
    })
    .await;

    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0), "SIGTERM is a clean end");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("/confirm/{token}") && log.contains("DEBUG"), "something was logged");
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let mut secrets =
        vec![token(&link), token(&download), asked.cookie().split_once('=').unwrap().1.to_owned()];
    secrets.extend(
        mails
            .iter()
            .flat_map(Mail::links)
            .filter(|link| link.contains("/downloads/"))
            .map(|link| token(&link)),
    );
    for secret in [
        "northmoor.example",
        "quiet.reader",
        "quiet%2ereader",
        "zebrowski",
        "northmoor council",
        "archivist",
    ] {
        secrets.push(secret.to_owned());
    }
    let lower = log.to_lowercase();
    for secret in secrets {
        let hit = lower.lines().find(|line| line.contains(&secret.to_lowercase()));
        assert_eq!(hit, None, "{secret} is in the log");
    }
    let keys = std::fs::read_to_string(desk.path("data/secret.key")).unwrap();
    assert!(!log.contains(keys.trim()));
    assert!(!log.contains('\u{1b}'), "colours are for terminals");
}

#[apply(both_databases!)]
async fn wrong_usage_is_not_a_refusal(database: Database) {
    let desk = Desk::new(database).await;
    for arguments in [
        &[][..],
        &["none"],
        &["--none"],
        &["report"],
        &["report", "add"],
        &["report", "add", "report.pdf"],
        &["report", "add", "report.pdf", "--slug", "Not A Slug", "--title", "x"],
        &["report", "add", "report.pdf", "--slug", "../x", "--title", "x"],
        &["report", "add", "report.pdf", "--slug", "x", "--title", "x", "--pages", "0"],
        &["report", "add", "report.pdf", "--slug", "x", "--title", "x", "--require", "phone"],
        &["report", "publish"],
        &["newsletter", "add", "weekly"],
        &["policy", "publish", "policy.md"],
        &["policy", "publish", "policy.md", "--version", "a/b"],
        &["policy", "publish", "policy.md", "--version", "x", "--change", "small"],
        &["export", "--format", "csv"],
        &["export", "--purpose", "privacy-policy"],
        &["export", "--purpose", "a:b", "--format", "csv"],
        &["export", "--purpose", "privacy-policy", "--format", "pdf"],
        &["export", "--purpose", "privacy-policy", "--format", "csv", "--since", "yesterday"],
        &["staff", "add", "ada@b.example"],
        &["serve", "--role", "none"],
        &["purge", "--dryrun"],
        &["migrate", "now"],
    ] {
        let output = desk.run_with(&[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!desk.path("data").exists(), "nothing was made");
}

#[test]
fn every_command_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let help = |arguments: &[&str]| run_well(dir.path(), &[], arguments);
    let named = |text: &str| -> Vec<String> {
        let commands = text
            .split_once("Commands:\n")
            .map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
        let words = commands.lines().filter(|line| line.starts_with("  "));
        words
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(ToOwned::to_owned)
            .collect()
    };
    let mut seen = 0;
    for command in named(&help(&["--help"])) {
        let text = help(&[&command, "--help"]);
        assert!(text.contains("Usage: assent "), "{text}");
        seen += 1;
        for inner in named(&text) {
            let text = help(&[&command, &inner, "--help"]);
            assert!(text.contains(&format!("Usage: assent {command} {inner}")));
            seen += 1;
        }
    }
    assert!(seen >= 19, "{seen} commands");
    assert!(help(&["--version"]).starts_with("assent "));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_unknown_setting_is_answered_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |set: &[(&str, &str)], arguments: &[&str], words: &[&str]| {
        assert_refused(&run(dir.path(), set, arguments), arguments, words);
    };
    let wrong = [("ASSENT_BASEURL", "http://127.0.0.1:1")];
    refused(&wrong, &["migrate"], &["ASSENT_BASEURL", "ASSENT_BASE_URL"]);
    refused(&[("ASSENT_LISTEN", "8080")], &["serve"], &["ASSENT_LISTEN", "127.0.0.1:8080"]);
    refused(&[("ASSENT_CONFIG", "none.toml")], &["migrate"], &["none.toml"]);
    let file = dir.path().join("other.toml");
    std::fs::write(&file, "[mail]\nurls = 'file:x'\n").unwrap();
    let file = file.to_str().unwrap();
    refused(&[], &["--config", file, "migrate"], &["mail.urls", "mail.url?"]);
    refused(&[("ASSENT_CONFIG", file)], &["migrate"], &["mail.url?"]);
    // What stands beside is read without being asked for.
    std::fs::write(dir.path().join("assent.toml"), "data_dirs = 'x'\n").unwrap();
    refused(&[], &["migrate"], &["data_dirs", "data_dir?"]);
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_settings_file_that_is_no_toml_is_refused_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("assent.toml"), "listen = \n").unwrap();
    let output = run(dir.path(), &[], &["migrate"]);
    assert_refused(&output, &["migrate"], &["assent.toml", "line 1"]);
}

#[test]
fn a_taken_port_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = run(dir.path(), &[("ASSENT_LISTEN", &listen)], &["serve"]);
    assert_refused(&output, &["serve"], &[&listen, "ASSENT_LISTEN"]);
}
