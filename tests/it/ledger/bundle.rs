//! The ledger as files: what an outsider can check, with our program or with one of their own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assent::ledger::bundle::{CHECKPOINT, EVENTS, KEYS, keys_json};
use assent::ledger::note::{Checkpoint, KeyName, SignedNote, SigningKey, encode_hash};
use serde_json::Value;
use tempfile::TempDir;

use super::{WEEKLY, assert_refused, assert_sound, command, does, naive_root, rows};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, program};

const UNPROVEN: &str = "the bundle does not prove what it says";

/// A bundle that somebody was given.
struct Bundle {
    dir: TempDir,
}

impl Bundle {
    fn of(app: &TestApp) -> Self {
        let bundle = Self { dir: tempfile::tempdir().unwrap() };
        does(app, &["ledger", "bundle", bundle.name()]);
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

    /// The only file of a folder.
    fn only_in(&self, folder: &str) -> String {
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
        for folder in ["", "notices", "policies"] {
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

    /// Both find something wrong.
    fn is_seen_through(&self, words: &str) {
        self.is_refused(&[], words);
        let (report, found) = self.reader();
        assert!(found, "{words}: {report}");
    }
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
    let name = KeyName::parse(app.core.terms.ledger_keys.origin()).unwrap();
    SigningKey::new(name, [9; 32])
}

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", "").await;
    app.ask_and_read("cyd@b.example", WEEKLY).await;
    app
}

/// Both readers must see the same sound ledger.
async fn assert_agreed(app: &TestApp, bundle: &Bundle, erased: usize) {
    let leaves: Vec<String> = rows(&app.core.db).await.into_iter().map(|row| row.leaf).collect();
    let (root, origin) = (encode_hash(&naive_root(&leaves)), app.core.terms.ledger_keys.origin());
    let said = bundle.audit_well(&["--key", &key(app)]);
    let sound = format!(
        "sound: {} events of {origin}, {erased} of them erased; root {root}\n",
        leaves.len()
    );
    assert!(said.starts_with(&sound), "{said}{sound}");
    let (report, found) = bundle.reader();
    assert!(!found, "{report}");
    let expected = serde_json::json!({
        "events": leaves.len(), "erased": erased, "root": root, "size": leaves.len(), "origin": origin,
        "signed_by": key(app), "faults": [],
    });
    assert_eq!(report, expected);
}

both_databases! {
    async fn two_programs_that_share_no_code_agree_on_it(database: Database) {
        let app = history(database).await;
        assert_agreed(&app, &Bundle::of(&app), 0).await;
        // A name that needs care in JSON, and somebody who left.
        app.subscribe("ada@b.example", "&name=Zo%C3%AB%20%22%F0%9F%98%80%22").await;
        does(&app, &["erase", "bob@b.example"]);
        let bundle = Bundle::of(&app);
        let bare = app.count("SELECT count(*) FROM consent_event WHERE body IS NULL").await;
        assert_agreed(&app, &bundle, usize::try_from(bare).unwrap()).await;
        assert!(bare > 0 && bundle.files().iter().all(|file| !fs::read_to_string(file).unwrap().contains("bob@")));

        let (vkey, told) = (key(&app), does(&app, &["ledger", "key"]));
        let fingerprint = told.lines().nth(1).unwrap();
        let said = bundle.audit_well(&["--key", &vkey]);
        assert!(said.contains("signed by the key you gave") && said.contains(fingerprint), "{said}");
        let said = bundle.audit_well(&[]);
        assert!(said.contains("This key came with the bundle") && said.contains(&vkey), "{said}");
    }

    async fn what_was_changed_in_its_files_is_found_by_both(database: Database) {
        let app = history(database).await;
        let bundle = Bundle::of(&app);
        let lines = bundle.lines();
        let tail = |line: &str, from: &str| line[line.find(from).unwrap()..].to_owned();
        let head = |line: &str, from: &str| line[..line.find(from).unwrap()].to_owned();
        let spoilt = |spoil: &dyn Fn(&mut Vec<String>), words: &str| {
            let (copy, mut lines) = (bundle.copy(), lines.clone());
            spoil(&mut lines);
            copy.write_lines(&lines);
            copy.is_seen_through(words);
        };
        let commits = "the leaf does not commit to this body";
        spoilt(&|lines| lines.iter_mut().for_each(|line| *line = line.replace("ada@b.example", "eve@b.example")), commits);
        for from in [",\"body\":", ",\"salt\":"] {
            spoilt(&|lines| {
                let (a, b) = (tail(&lines[1], from), tail(&lines[2], from));
                lines[1] = head(&lines[1], from) + &b;
                lines[2] = head(&lines[2], from) + &a;
            }, commits);
        }
        spoilt(&|lines| drop(lines.remove(2)), "the index should be 2");
        spoilt(&|lines| drop(lines.pop()), &format!("the bundle has {} events", lines.len() - 1));
        spoilt(&|lines| lines.swap(0, 1), "the index should be 0");
        spoilt(&|lines| {
            let (a, b) = (tail(&lines[1], ",\"leaf\""), tail(&lines[2], ",\"leaf\""));
            lines[1] = head(&lines[1], ",\"leaf\"") + &b;
            lines[2] = head(&lines[2], ",\"leaf\"") + &a;
        }, "the root over the leaves is not the checkpoint's");
        spoilt(&|lines| lines[1] = head(&lines[1], ",\"body\"") + "}", "of salt and body there is only one");

        for folder in ["notices", "policies"] {
            let copy = bundle.copy();
            let file = copy.only_in(folder);
            copy.write(&file, copy.read(&file) + "And we may sell your address.\n");
            copy.is_seen_through("the file's SHA-256 is not the one that");
        }
        let copy = bundle.copy();
        fs::remove_file(copy.path(&copy.only_in("policies"))).unwrap();
        copy.is_seen_through("the file is missing");

        let (copy, thief) = (bundle.copy(), thief(&app));
        let signed = SignedNote::parse(&copy.read(CHECKPOINT)).unwrap();
        copy.write(CHECKPOINT, signed.checkpoint().sign(std::slice::from_ref(&thief)));
        copy.is_seen_through("it is signed by none of the keys in keys.json");
        copy.write(KEYS, keys_json(&[(thief.vkey(), None)]));
        copy.is_refused(&["--key", &key(&app)], "it is not signed by the key that was given");
        copy.write(CHECKPOINT, bundle.read(CHECKPOINT).replace(&encode_hash(&signed.checkpoint().root), &encode_hash(&[1; 32])));
        copy.write(KEYS, bundle.read(KEYS));
        copy.is_seen_through("it is signed by none of the keys in keys.json");
    }

    async fn a_head_kept_from_before_holds_us_to_it(database: Database) {
        let app = history(database).await;
        let kept = app.dir.path().join("kept");
        let kept_name = kept.to_str().unwrap();
        let early = does(&app, &["ledger", "checkpoint"]);
        let first = Bundle::of(&app);
        app.subscribe("eve@b.example", "").await;
        let bundle = Bundle::of(&app);
        fs::write(&kept, &early).unwrap();
        bundle.audit_well(&["--checkpoint", kept_name]);
        let signer = app.core.terms.ledger_keys.signing();
        let early = SignedNote::parse(&early).unwrap().checkpoint().clone();
        let n = early.size;
        for (forged, words) in [
            (Checkpoint { root: [1; 32], ..early.clone() }, format!("the root over the first {n} leaves is not that of the earlier")),
            (Checkpoint { origin: "other.example/ledger".into(), ..early.clone() }, "the earlier checkpoint is of another ledger".into()),
        ] {
            fs::write(&kept, forged.sign(signer)).unwrap();
            bundle.is_refused(&["--checkpoint", kept_name], &words);
        }
        fs::write(&kept, bundle.read(CHECKPOINT)).unwrap();
        first.is_refused(&["--checkpoint", kept_name], "more than there are now");
        fs::write(&kept, "x").unwrap();
        assert_eq!(first.audit(&["--checkpoint", kept_name]).status.code(), Some(1));
        assert_eq!(first.audit(&["--key", "x"]).status.code(), Some(1));
    }

    async fn it_is_written_to_an_empty_place_and_of_something(database: Database) {
        let app = TestApp::start(database).await;
        let (dir, none) = (tempfile::tempdir().unwrap(), "the ledger is empty");
        let fresh = dir.path().join("fresh");
        let fresh = fresh.to_str().unwrap();
        assert_refused(&command(&app, &["ledger", "bundle", fresh]), none);
        assert_refused(&command(&app, &["ledger", "checkpoint"]), none);
        app.subscribe("ada@b.example", "").await;
        does(&app, &["ledger", "bundle", fresh]);
        assert_refused(&command(&app, &["ledger", "bundle", fresh]), "is not empty: name a new directory");
        let file = dir.path().join("file");
        fs::write(&file, "mine").unwrap();
        assert_eq!(command(&app, &["ledger", "bundle", file.to_str().unwrap()]).status.code(), Some(1));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        assert!(does(&app, &["ledger", "verify"]).starts_with("sound: 2 events, 0 of them erased, "));
    }

    async fn one_persons_part_exposes_nobody_else(database: Database) {
        let app = history(database).await;
        let part = Bundle { dir: tempfile::tempdir().unwrap() };
        does(&app, &["ledger", "bundle", part.name(), "--only", "Ada@B.example"]);
        let said = part.audit_well(&["--key", &key(&app)]);
        assert!(said.starts_with("sound: 4 of the 8 events of ") && said.contains("each proved to be among them"), "{said}");
        for file in part.files() {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("bob@") && !text.contains("cyd@"), "{}", file.display());
        }
        let own: Vec<String> = rows(&app.core.db).await.into_iter()
            .filter(|row| row.body.as_ref().is_some_and(|body| body.contains("ada@"))).map(|row| row.leaf).collect();
        assert_eq!((own.len(), part.lines().len()), (4, 4));
        for line in part.lines() {
            let line: Value = serde_json::from_str(&line).unwrap();
            assert!(own.contains(&line["leaf"].as_str().unwrap().to_owned()));
        }
        let copy = part.copy();
        copy.write(EVENTS, copy.read(EVENTS).replace("ada@b.example", "eve@b.example"));
        copy.is_refused(&[], "the leaf does not commit to this body");
        let mut lines = part.lines();
        lines[1] = format!("{}}}", &lines[1][..lines[1].find(",\"proof\"").unwrap()]);
        copy.write_lines(&lines);
        copy.is_refused(&[], "the line has no inclusion proof");

        does(&app, &["erase", "bob@b.example"]);
        for nobody in ["bob@b.example", "nobody@b.example"] {
            let dir = app.dir.path().join("nobody");
            let output = command(&app, &["ledger", "bundle", dir.to_str().unwrap(), "--only", nobody]);
            assert_refused(&output, "nothing is recorded of this address");
            assert!(!dir.exists(), "nothing is left behind");
        }
        let dir = app.dir.path().join("odd");
        assert_eq!(command(&app, &["ledger", "bundle", dir.to_str().unwrap(), "--only", "odd"]).status.code(), Some(1));
    }

    async fn a_receipt_proves_itself_to_whoever_knows_the_key(database: Database) {
        let app = history(database).await;
        let export = does(&app, &["export", "--purpose", "newsletter:weekly", "--format", "ndjson"]);
        let row: Value = serde_json::from_str(&export).unwrap();
        let id = row["receipt_id"].as_str().unwrap();
        let jws = does(&app, &["ledger", "receipt", id]);
        let file = app.dir.path().join("receipt");
        fs::write(&file, &jws).unwrap();
        let vkey = key(&app);
        let audit = |key: &str| alone(&["ledger", "audit-receipt", file.to_str().unwrap(), "--key", key]);
        let output = audit(&vkey);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("ada@b.example") && told.contains(id), "{told}");
        assert_eq!(audit(&thief(&app).vkey().to_string()).status.code(), Some(1));
        let nowhere = tempfile::tempdir().unwrap();
        let mut piped = program::command(nowhere.path(), &[], &["ledger", "audit-receipt", "-", "--key", &vkey])
            .stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        piped.stdin.take().unwrap().write_all(jws.as_bytes()).unwrap();
        assert!(piped.wait().unwrap().success());
        for (at, with) in [(0, "x"), (jws.len() / 2, "."), (jws.len() / 3, "A"), (jws.len() - 20, "_")] {
            let mut spoilt = jws.clone();
            let with = if &spoilt[at..=at] == with { "B" } else { with };
            spoilt.replace_range(at..=at, with);
            fs::write(&file, spoilt).unwrap();
            let output = audit(&vkey);
            assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "at {at}");
        }
        assert_refused(&command(&app, &["ledger", "receipt", "00000000-0000-7000-8000-000000000000"]), "there is no receipt");
        does(&app, &["erase", "ada@b.example"]);
        assert_refused(&command(&app, &["ledger", "receipt", id]), "its evidence was erased");
        assert_sound(&app).await;
    }
}

/// Whatever stands in a directory, its audit ends with a sentence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_stranger_sends_is_taken_for_proof() {
    let app = history(Database::Sqlite).await;
    let bundle = Bundle::of(&app);
    let refused = |copy: &Bundle, what: &str| {
        let output = copy.audit(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.starts_with("assent: ") && !said.contains("panicked"), "{what}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{what}: {said}");
        assert!(output.stdout.len() < 10_000, "{what}");
    };
    let long = "x".repeat(2 << 20);
    for file in [EVENTS, CHECKPOINT, KEYS] {
        let garbage: [&[u8]; 5] =
            [b"", b"\xff\xfe\0garbage", b"{\"keys\":[]}\n", long.as_bytes(), b"\n\n\n\n"];
        for bytes in garbage {
            let copy = bundle.copy();
            copy.write(file, bytes);
            refused(&copy, file);
        }
        for kind in ["gone", "directory", "endless", "dangling", "pipe"] {
            let copy = bundle.copy();
            let path = copy.path(file);
            fs::remove_file(&path).unwrap();
            match kind {
                "directory" => fs::create_dir(&path).unwrap(),
                "endless" => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
                "dangling" => std::os::unix::fs::symlink("/nowhere", &path).unwrap(),
                "pipe" => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
                _ => {}
            }
            refused(&copy, &format!("{file}: {kind}"));
        }
    }
    let line = &bundle.lines()[0];
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for spoilt in [
        line.replacen("\"index\":0", "\"index\":18446744073709551615", 1),
        line.replacen("\"index\":0", "\"index\":0.0", 1),
        line.replacen("\"body\":{", "\"body\":{\"x\":1e999,", 1),
        line.replacen("\"body\":{", &format!("\"body\":{{\"x\":{deep},"), 1),
        line.replacen("\"body\":{", "\"body\":{\"x\":\"\\ud800\",", 1),
        line.replacen("\"body\":{", "\"body\":{\"purpose\":\"x\",", 1),
        format!("{line}{line}"),
        format!("{long}{line}"),
    ] {
        let (copy, mut lines) = (bundle.copy(), bundle.lines());
        assert_ne!(*line, spoilt);
        lines[0] = spoilt;
        copy.write_lines(&lines);
        refused(&copy, &lines[0][..60]);
    }
    let copy = bundle.copy();
    fs::remove_dir_all(copy.path("policies")).unwrap();
    refused(&copy, "no policies");
    copy.write("policies", "not a folder");
    refused(&copy, "a file for a folder");
    for nothing in [copy.path("nowhere"), copy.path(EVENTS)] {
        let output = alone(&["ledger", "audit", nothing.to_str().unwrap()]);
        assert_refused(&output, "cannot be read");
    }
}
