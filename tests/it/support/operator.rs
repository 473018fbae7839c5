//! An operator's machine: the settings, a database of its own, and the built program run by commands.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use assent::mail::mailbox::Mailbox;
use assent::random::Random;
use assent::store::Db;
use tempfile::TempDir;

use super::app::{Database, POLICY, count, open_db};
use super::inbox::Mail;
use super::program::{Served, command, run, run_well};
use super::{poll, postgres};

pub const PDF: &[u8] = b"%PDF-1.7\nEvery byte of this counts, \0 and \xff too.\n%%EOF\n";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR a picture, as far as its first bytes go";
pub const CONTROLLER: [(&str, &str); 3] = [
    ("ASSENT_CONTROLLER_NAME", "Sample Press"),
    ("ASSENT_CONTROLLER_ADDRESS", "1 Sample Street, Sampleton"),
    ("ASSENT_CONTROLLER_CONTACT", "privacy@sample.example"),
];

/// A directory with files to publish, and a database with nothing in it.
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

    /// The same with a policy in force.
    async fn with_policy(database: Database) -> Self {
        let desk = Self::new(database).await;
        desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
        desk
    }

    /// The same with a newsletter to subscribe to.
    pub async fn with_newsletter(database: Database) -> Self {
        let desk = Self::with_policy(database).await;
        desk.does(&["newsletter", "add", "weekly", "--name", "The weekly"]);
        desk
    }

    /// With a report alone.
    pub async fn with_report(database: Database) -> Self {
        let desk = Self::with_policy(database).await;
        desk.adds_report("first", &["--publish"]);
        desk
    }

    /// With both.
    pub async fn stocked(database: Database) -> Self {
        let desk = Self::with_newsletter(database).await;
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

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(&[], arguments)
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

    pub fn adds_report(&self, slug: &str, more: &[&str]) -> String {
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

    pub async fn open(&self) -> Db {
        open_db(&self.database_url).await
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let db = self.open().await;
        let counted = count(&db, sql).await;
        db.close().await;
        counted
    }

    pub fn mails(&self) -> Vec<Mail> {
        let mailbox = Mailbox::open(&self.path("data/mailbox")).unwrap();
        let names = mailbox.names().unwrap();
        names
            .iter()
            .map(|name| Mail::parse(&mailbox.read(name.parse().unwrap()).unwrap()))
            .collect()
    }

    pub async fn mail(&self, nth: usize) -> Mail {
        poll::until(&format!("mail {}", nth + 1), || async { self.mails().into_iter().nth(nth) })
            .await
    }
}

pub fn assert_refused(output: &Output, arguments: &[&str], words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
    assert!(said.starts_with("assent: "), "{said}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    for word in words {
        assert!(said.contains(word), "{arguments:?} says nothing of {word}: {said}");
    }
}
