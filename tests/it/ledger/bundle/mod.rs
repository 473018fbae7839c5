//! The ledger as files: what an outsider can check, with our program or with one of their own.

mod one_person;
mod promises;
mod receipts;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assent_ledger::bundle::EVENTS;
use assent_ledger::note::{KeyName, SigningKey};
use serde_json::Value;
use tempfile::TempDir;

use crate::ledger::{WEEKLY, assert_refused, does};
use crate::support::app::{Database, TestApp};
use crate::support::program;

const UNPROVEN: &str = "the bundle does not prove what it says";

/// A bundle that somebody was given.
struct Bundle {
    dir: TempDir,
}

impl Bundle {
    fn new(app: &TestApp) -> Self {
        let bundle = Self { dir: tempfile::tempdir().unwrap() };
        does(app, &["ledger", "bundle", bundle.name()]);
        bundle
    }

    /// One person's part.
    fn for_one(app: &TestApp, email: &str) -> Self {
        let bundle = Self { dir: tempfile::tempdir().unwrap() };
        does(app, &["ledger", "bundle", bundle.name(), "--only", email]);
        bundle
    }

    fn name(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(file), text).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        self.read(EVENTS).lines().map(ToOwned::to_owned).collect()
    }

    fn write_lines(&self, lines: &[String]) {
        self.write(EVENTS, lines.join("\n") + "\n");
    }

    /// The line of one leaf that still has its body, whose type and body hold these texts.
    fn find(&self, event_type: &str, text: &str) -> usize {
        let lines = self.lines();
        let of_type = format!(r#"\"t\":\"{event_type}\""#);
        let is = |line: &String| line.contains(&of_type) && line.contains(text);
        lines.iter().position(is).unwrap()
    }

    /// A file of a folder.
    fn one_in(&self, folder: &str) -> String {
        let mut names = fs::read_dir(self.path(folder)).unwrap();
        format!("{folder}/{}", names.next().unwrap().unwrap().file_name().to_str().unwrap())
    }

    /// A copy to be spoilt.
    fn copy(&self) -> Self {
        let copy = Self { dir: tempfile::tempdir().unwrap() };
        for file in self.files() {
            let to = copy.path(file.strip_prefix(self.dir.path()).unwrap().to_str().unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, to).unwrap();
        }
        copy
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![];
        for folder in ["", "contexts", "forms", "notices", "policies"] {
            let entries = fs::read_dir(self.path(folder)).unwrap();
            files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
        }
        files
    }

    fn audit(&self, more: &[&str]) -> Output {
        alone(&[&["ledger", "audit", self.name()], more].concat())
    }

    fn audit_well(&self, more: &[&str]) -> String {
        let output = self.audit(more);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{said}{errors}");
        said
    }

    /// The audit must name these words, and refuse.
    fn is_refused(&self, more: &[&str], words: &str) {
        let output = self.audit(more);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(words), "{words}: {said}{}", String::from_utf8_lossy(&output.stderr));
        assert_refused(&output, UNPROVEN);
    }

    /// What the independent reader says, and whether it found faults.
    fn reader(&self) -> (Value, bool) {
        let python = std::env::var_os("TEST_AIOSMTPD_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/read_bundle.py");
        let output = Command::new(python).arg(script).arg(self.name()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout).expect(&errors);
        let found = output.status.code() == Some(1);
        assert!(found || output.status.success(), "{errors}");
        assert_eq!(found, !report["faults"].as_array().unwrap().is_empty());
        (report, found)
    }

    /// Both find something wrong; gives the faults that the reader tells, one to a line.
    fn is_seen_through(&self, words: &str) -> String {
        self.is_refused(&[], words);
        let (report, found) = self.reader();
        assert!(found, "{words}: {report}");
        let faults = report["faults"].as_array().unwrap().iter();
        faults.map(|fault| fault.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }
}

/// What stands before a text in a line, and from it on.
fn halves<'a>(line: &'a str, at: &str) -> (&'a str, &'a str) {
    line.split_at(line.find(at).unwrap())
}

/// Exchanges what two lines hold from a text on.
fn exchange(lines: &mut [String], [one, other]: [usize; 2], from: &str) {
    let (first, second) = (lines[one].clone(), lines[other].clone());
    let ((a, first), (b, second)) = (halves(&first, from), halves(&second, from));
    (lines[one], lines[other]) = (format!("{a}{second}"), format!("{b}{first}"));
}

/// A line without salt and body.
fn stripped(line: &str) -> String {
    let (leaf, evidence) = halves(line, ",\"salt\":");
    // A proof comes last.
    let proof = evidence.rfind(",\"proof\":").map_or("}", |at| &evidence[at..]);
    format!("{leaf}{proof}")
}

/// The program without any settings, in an empty directory, which it leaves empty.
fn alone(arguments: &[&str]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    let output = program::command(nowhere.path(), &[], arguments)
        .env_remove("ASSENT_DATA_DIR")
        .output()
        .unwrap();
    assert!(fs::read_dir(nowhere.path()).unwrap().next().is_none(), "{arguments:?} left a file");
    output
}

fn key(app: &TestApp) -> String {
    does(app, &["ledger", "key"]).lines().next().unwrap().to_owned()
}

fn thief(app: &TestApp) -> SigningKey {
    let name = KeyName::parse(app.core.flow_settings.ledger_keys.origin()).unwrap();
    SigningKey::new(name, [9; 32])
}

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", "").await;
    app.ask_and_read("cyd@b.example", WEEKLY).await;
    app
}
