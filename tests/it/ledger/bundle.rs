//! The ledger as files: what an outsider can check, with our program or with one of their own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assent::domain::catalog::notice::sha256_hex;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::form_state::Method;
use assent::flows::contacts::erase::erase;
use assent::ledger::bundle::{CHECKPOINT, EVENTS, EXTENT, KEYS, keys_json};
use assent::ledger::extent::Extent;
use assent::ledger::note::{Checkpoint, KeyName, SignedNote, SigningKey, encode_hash};
use macro_rules_attribute::apply;
use serde_json::Value;
use tempfile::TempDir;

use super::{WEEKLY, assert_refused, assert_sound, command, does, naive_root, rows, sealed_leaves};
use crate::support::app::{Database, POLICY, TestApp};
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

    /// One person's part.
    fn of_one(app: &TestApp, email: &str) -> Self {
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
        for folder in ["", "contexts", "notices", "policies"] {
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

/// Both readers must see the same sound ledger, with every event in it.
async fn assert_agreed(app: &TestApp, bundle: &Bundle) {
    let size = bundle.lines().len();
    // That a bundle was made is recorded too, behind it.
    let leaves: Vec<String> =
        sealed_leaves(&app.core.db).await.into_iter().take(size).map(|(_, leaf)| leaf).collect();
    let rows = rows(&app.core.db).await;
    assert!(rows.iter().all(|row| leaves.contains(&row.leaf)));
    let erased = rows.iter().filter(|row| row.body.is_none()).count();
    let (root, origin) = (encode_hash(&naive_root(&leaves)), app.core.terms.ledger_keys.origin());
    let said = bundle.audit_well(&["--key", &key(app)]);
    let sound = format!(
        "sound: {size} leaves of {origin}, {erased} of them emptied; root {root}\n\
         every leaf was authenticated when it was written\n"
    );
    assert!(said.starts_with(&sound), "{said}{sound}");
    let (report, found) = bundle.reader();
    assert!(!found, "{report}");
    let expected = serde_json::json!({
        "events": size, "erased": erased, "adopted": 0, "part": false, "root": root, "size": size,
        "origin": origin, "signed_by": key(app), "faults": [],
    });
    assert_eq!(report, expected);
}

#[apply(both_databases!)]
async fn two_programs_that_share_no_code_agree_on_it(database: Database) {
    let app = TestApp::start(database).await;
    assert_agreed(&app, &Bundle::of(&app)).await;
    let app = history(database).await;
    assert_agreed(&app, &Bundle::of(&app)).await;
    // A name that needs care in JSON, a form that nobody confirmed, and somebody who left.
    app.subscribe("ada@b.example", "&name=Zo%C3%AB%20%22%F0%9F%98%80%22").await;
    does(&app, &["erase", "cyd@b.example"]);
    does(&app, &["erase", "bob@b.example"]);
    let bundle = Bundle::of(&app);
    assert_agreed(&app, &bundle).await;
    let bare = app.count("SELECT count(*) FROM consent_event WHERE body IS NULL").await;
    assert!(bare > 0);
    for file in bundle.files() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("bob@") && !text.contains("cyd@"), "{}", file.display());
    }

    let (vkey, told) = (key(&app), does(&app, &["ledger", "key"]));
    let fingerprint = told.lines().nth(1).unwrap();
    let said = bundle.audit_well(&["--key", &vkey]);
    assert!(said.contains("signed by the key you gave") && said.contains(fingerprint), "{said}");
    let said = bundle.audit_well(&[]);
    assert!(said.contains("This key came with the bundle") && said.contains(&vkey), "{said}");
}

#[apply(both_databases!)]
async fn what_was_changed_in_its_files_is_found_by_both(database: Database) {
    let app = history(database).await;
    let bundle = Bundle::of(&app);
    let lines = bundle.lines();
    let spoilt = |spoil: &dyn Fn(&mut Vec<String>), words: &str| {
        let (copy, mut lines) = (bundle.copy(), lines.clone());
        spoil(&mut lines);
        copy.write_lines(&lines);
        copy.is_seen_through(words);
    };
    let commits = "the leaf does not commit to this body";
    spoilt(
        &|lines| {
            for line in lines.iter_mut() {
                *line = line.replace("ada@b.example", "eve@b.example");
            }
        },
        commits,
    );
    let (one, other) = (bundle.find("requested", "ada@"), bundle.find("given", "ada@"));
    let exchange = |lines: &mut Vec<String>, from: &str| exchange(lines, [one, other], from);
    spoilt(&|lines| exchange(lines, ",\"body\":"), commits);
    spoilt(&|lines| exchange(lines, ",\"salt\":"), commits);
    spoilt(
        &|lines| exchange(lines, ",\"leaf\":"),
        "the root over the leaves is not the checkpoint's",
    );
    spoilt(&|lines| drop(lines.remove(2)), "the index should be 2");
    spoilt(&|lines| drop(lines.pop()), &format!("the bundle has {} events", lines.len() - 1));
    spoilt(&|lines| lines.swap(0, 1), "the index should be 0");
    spoilt(
        &|lines| lines[one] = halves(&lines[one], ",\"body\"").0.to_owned() + "}",
        "of salt and body there is only one",
    );

    for folder in ["contexts", "notices", "policies"] {
        let copy = bundle.copy();
        let file = copy.one_in(folder);
        copy.write(&file, copy.read(&file) + "And we may sell your address.\n");
        assert!(
            copy.is_seen_through(&format!("{file}: the file's SHA-256 is not the one that"))
                .contains(&file)
        );
        fs::remove_file(copy.path(&file)).unwrap();
        assert!(copy.is_seen_through(&format!("{file}: the file is missing")).contains(&file));
    }

    let (copy, thief) = (bundle.copy(), thief(&app));
    let signed = SignedNote::parse(&copy.read(CHECKPOINT)).unwrap();
    copy.write(CHECKPOINT, signed.checkpoint().sign(std::slice::from_ref(&thief)));
    copy.is_seen_through("it is signed by none of the keys in keys.json");
    copy.write(KEYS, keys_json(&[(thief.vkey(), None)]));
    copy.is_refused(&["--key", &key(&app)], "it is not signed by the key that was given");
    copy.write(
        CHECKPOINT,
        bundle
            .read(CHECKPOINT)
            .replace(&encode_hash(&signed.checkpoint().root), &encode_hash(&[1; 32])),
    );
    copy.write(KEYS, bundle.read(KEYS));
    copy.is_seen_through("it is signed by none of the keys in keys.json");
}

#[apply(both_databases!)]
async fn what_was_emptied_without_a_word_is_found_by_both(database: Database) {
    const UNNAMED: &str = "its body is gone, and no erasure, purge or adoption names it";
    let app = history(database).await;
    let before = Bundle::of(&app);
    does(&app, &["erase", "bob@b.example"]);
    let bundle = Bundle::of(&app);
    let given = bundle.find("given", "ada@b.example");
    let erased = bundle.find("erased", "\"emptied\":");
    let bobs = before.find("given", "bob@b.example");
    let spoilt = |spoil: &dyn Fn(&mut Vec<String>), place: usize, words: &str| {
        let (copy, mut lines) = (bundle.copy(), bundle.lines());
        spoil(&mut lines);
        copy.write_lines(&lines);
        let faults = copy.is_seen_through(words);
        let place = |fault: &str| {
            fault.starts_with(&format!("index {place}: "))
                || fault.starts_with(&format!("row {place}: "))
        };
        assert!(faults.lines().any(place), "{faults}");
    };
    // One event, every event, and an erasure's own.
    spoilt(
        &|lines| lines[given] = stripped(&lines[given]),
        given,
        &format!("index {given}: {UNNAMED}"),
    );
    spoilt(
        &|lines| {
            for line in lines.iter_mut().filter(|line| line.contains("ada@")) {
                *line = stripped(line);
            }
        },
        given,
        &format!("index {given}: {UNNAMED}"),
    );
    spoilt(
        &|lines| lines[erased] = stripped(&lines[erased]),
        erased,
        &format!("index {bobs}: {UNNAMED}"),
    );
    // The list of the erasure names it too: then the erasure is another than was sealed.
    spoilt(
        &|lines| {
            lines[given] = stripped(&lines[given]);
            lines[erased] =
                lines[erased].replace("\"emptied\":[", &format!("\"emptied\":[[{given},{given}],"));
        },
        erased,
        "the leaf does not commit to this body",
    );
    // What was emptied is filled again.
    spoilt(
        &|lines| lines[bobs].clone_from(&before.lines()[bobs]),
        bobs,
        &format!("index {bobs}: it is named as emptied, and has a body"),
    );
    spoilt(
        &|lines| lines[bobs].clone_from(&before.lines()[bobs]),
        erased,
        "it is about somebody who was erased, and has its body",
    );
    // What the ledger records of itself is never emptied.
    spoilt(
        &|lines| lines[0] = stripped(&lines[0]),
        0,
        "it is what the ledger records of itself, and its salt or body is gone",
    );
}

#[apply(both_databases!)]
async fn whoever_is_erased_while_it_is_written_does_not_stand_bare_in_it(database: Database) {
    let app = TestApp::start(database).await;
    app.get("/reports/sample").await;
    let readers = |n| format!("reader{n}@b.example");
    let row = |n| format!("{},2024-01-01,paper\n", readers(n));
    let contacts = app.dir.path().join("contacts.csv");
    let rows = (0..600).map(row).collect::<String>();
    fs::write(&contacts, format!("email,consented_at,method\n{rows}")).unwrap();
    let import = [
        "import",
        contacts.to_str().unwrap(),
        "--purpose",
        "newsletter:weekly",
        "--policy",
        POLICY,
        "--source",
        "Old list",
    ];
    does(&app, &import);
    let core = app.core.clone();
    let erasing = tokio::spawn(async move {
        for n in 0..600 {
            let key = core.terms.address_secret.key(&EmailAddress::parse(&readers(n)).unwrap());
            let mut tx = core.db.write().await.unwrap();
            assert!(
                erase(&mut tx, &core.moment(), &core.terms, &key, (Method::Program, "test"))
                    .await
                    .unwrap()
            );
            tx.commit().await.unwrap();
        }
    });
    let bundles: Vec<Bundle> =
        tokio::task::block_in_place(|| (0..3).map(|_| Bundle::of(&app)).collect());
    erasing.abort();
    assert!(bundles.last().unwrap().lines().iter().any(|line| !line.contains(",\"salt\":")));
    for bundle in bundles {
        bundle.audit_well(&[]);
        let (report, found) = bundle.reader();
        assert!(!found, "{report}");
    }
}

#[apply(both_databases!)]
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
        (
            Checkpoint { root: [1; 32], ..early.clone() },
            format!("the root over the first {n} leaves is not that of the earlier"),
        ),
        (
            Checkpoint { origin: "other.example/ledger".into(), ..early.clone() },
            "the earlier checkpoint is of another ledger".into(),
        ),
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

#[apply(both_databases!)]
async fn it_is_written_to_an_empty_place(database: Database) {
    let app = TestApp::start(database).await;
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("fresh");
    let fresh = fresh.to_str().unwrap();
    does(&app, &["ledger", "bundle", fresh]);
    assert_refused(
        &command(&app, &["ledger", "bundle", fresh]),
        "is not empty: name a new directory",
    );
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert_eq!(command(&app, &["ledger", "bundle", file.to_str().unwrap()]).status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[apply(both_databases!)]
async fn one_persons_part_exposes_nobody_else(database: Database) {
    let app = history(database).await;
    let part = Bundle::of_one(&app, "Ada@B.example");
    let said = part.audit_well(&["--key", &key(&app)]);
    let size = SignedNote::parse(&part.read(CHECKPOINT)).unwrap().checkpoint().size;
    assert!(said.starts_with(&format!("sound: 4 of the {size} leaves of ")), "{said}");
    assert!(
        said.contains(
            "each proved to be among them, and by the signed word of its owner all of one person"
        ),
        "{said}"
    );
    let (report, found) = part.reader();
    assert!(
        !found && report["part"] == true && report["events"] == 4 && report["size"] == size,
        "{report}"
    );
    for file in part.files() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("bob@") && !text.contains("cyd@"), "{}", file.display());
    }
    let own: Vec<String> = rows(&app.core.db)
        .await
        .into_iter()
        .filter(|row| row.body.as_ref().is_some_and(|body| body.contains("ada@")))
        .map(|row| row.leaf)
        .collect();
    assert_eq!((own.len(), part.lines().len()), (4, 4));
    for line in part.lines() {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert!(own.contains(&line["leaf"].as_str().unwrap().to_owned()));
    }

    does(&app, &["erase", "bob@b.example"]);
    for nobody in ["bob@b.example", "nobody@b.example"] {
        let dir = app.dir.path().join("nobody");
        let output = command(&app, &["ledger", "bundle", dir.to_str().unwrap(), "--only", nobody]);
        assert_refused(&output, "nothing is recorded of this address");
        assert!(!dir.exists(), "nothing is left behind");
    }
    let dir = app.dir.path().join("odd");
    assert_eq!(
        command(&app, &["ledger", "bundle", dir.to_str().unwrap(), "--only", "odd"]).status.code(),
        Some(1)
    );
}

#[apply(both_databases!)]
async fn what_is_left_out_of_a_persons_part_is_found_by_both(database: Database) {
    const OTHER: &str = "extent.jws: the signed word is on other events, or on another checkpoint";
    let app = history(database).await;
    let of_two = Bundle::of_one(&app, "bob@b.example");
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    let earlier = Bundle::of_one(&app, "ada@b.example");
    app.subscribe("ada@b.example", WEEKLY).await;
    let part = Bundle::of_one(&app, "ada@b.example");
    for whole in [&of_two, &earlier, &part] {
        whole.audit_well(&[]);
        let (report, found) = whole.reader();
        assert!(!found, "{report}");
    }
    let keys = &app.core.terms.ledger_keys;
    let word = Extent::verify(&part.read(EXTENT), &keys.trusted()).unwrap();
    let spoil = |spoil: &dyn Fn(&mut Vec<String>)| {
        let (copy, mut lines) = (part.copy(), part.lines());
        spoil(&mut lines);
        copy.write_lines(&lines);
        copy
    };
    // In the middle it leaves a gap, and says where; at the end the signed word alone tells.
    let middle = part.find("withdrawn", "");
    let gap = "the event before it of the same signup or subscriber is missing";
    let copy = spoil(&|lines| drop(lines.remove(middle)));
    let faults = copy.is_seen_through(&format!("{EVENTS} line {} ", middle + 1));
    assert!(
        faults.contains(&format!("row {middle}: the event before it of its subject is missing")),
        "{faults}"
    );
    copy.is_seen_through(gap);
    let copy = spoil(&|lines| drop(lines.pop()));
    let faults = copy.is_seen_through(OTHER);
    assert!(faults.lines().count() == 1 && faults.starts_with("extent.jws: "), "{faults}");
    assert!(!String::from_utf8_lossy(&copy.audit(&[]).stdout).contains(EVENTS));
    spoil(&|lines| lines.push(of_two.lines()[1].clone())).is_seen_through(OTHER);

    // Whatever its owner would sign, each event is still held to the tree.
    let spoilt = |how: &dyn Fn(&mut Vec<String>), words: &str| {
        let copy = spoil(how);
        let sha256 = sha256_hex(copy.read(EVENTS).as_bytes());
        let word = Extent { events: copy.lines().len() as u64, sha256, ..word.clone() };
        copy.write(EXTENT, word.sign(keys.first()));
        let faults = copy.is_seen_through(words);
        assert!(!faults.contains("extent.jws"), "{faults}");
    };
    let last = part.lines().len() - 1;
    spoilt(&|lines| drop(lines.remove(middle)), gap);
    spoilt(&|lines| lines[last] = stripped(&lines[last]), "no erasure, purge or adoption names it");
    spoilt(
        &|lines| lines[1] = lines[1].replace("ada@b.example", "eve@b.example"),
        "the leaf does not commit to this body",
    );
    spoilt(
        &|lines| lines[1] = halves(&lines[1], ",\"proof\"").0.to_owned() + "}",
        "the line has no inclusion proof",
    );
    spoilt(
        &|lines| exchange(lines, [1, 2], ",\"proof\""),
        "the inclusion proof does not lead from the leaf to the checkpoint's root",
    );

    let copy = part.copy();
    fs::remove_file(copy.path(EXTENT)).unwrap();
    copy.is_seen_through("the signed word on how many events these are is missing");
    for other in [&of_two, &earlier] {
        copy.write(EXTENT, other.read(EXTENT));
        copy.is_seen_through(OTHER);
    }
    let does_not_count = "the signed word on how many events these are does not count";
    copy.write(EXTENT, word.sign(&thief(&app)));
    copy.is_seen_through(does_not_count);
    let (own, others) = (part.read(EXTENT), earlier.read(EXTENT));
    copy.write(
        EXTENT,
        own[..own.rfind('.').unwrap()].to_owned() + &others[others.rfind('.').unwrap()..],
    );
    copy.is_seen_through(does_not_count);
    // An older part whole, with its own word, is sound: what came later, only a newer head shows.
    let kept = app.dir.path().join("kept");
    fs::write(&kept, part.read(CHECKPOINT)).unwrap();
    earlier.is_refused(&["--checkpoint", kept.to_str().unwrap()], "more than there are now");
}

#[apply(both_databases!)]
async fn a_receipt_proves_itself_to_whoever_knows_the_key(database: Database) {
    let app = history(database).await;
    let export = does(&app, &["export", "--purpose", "newsletter:weekly", "--format", "ndjson"]);
    let row: Value = serde_json::from_str(&export).unwrap();
    let id = row["receipt_id"].as_str().unwrap();
    let jws = does(&app, &["ledger", "receipt", id]);
    let file = app.dir.path().join("receipt");
    fs::write(&file, &jws).unwrap();
    let vkey = key(&app);
    let audit =
        |key: &str| alone(&["ledger", "audit-receipt", file.to_str().unwrap(), "--key", key]);
    let output = audit(&vkey);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("ada@b.example") && told.contains(id), "{told}");
    assert_eq!(audit(&thief(&app).vkey().to_string()).status.code(), Some(1));
    let nowhere = tempfile::tempdir().unwrap();
    let mut piped =
        program::command(nowhere.path(), &[], &["ledger", "audit-receipt", "-", "--key", &vkey])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    piped.stdin.take().unwrap().write_all(jws.as_bytes()).unwrap();
    assert!(piped.wait().unwrap().success());
    for (at, with) in [(0, "x"), (jws.len() / 2, "."), (jws.len() / 3, "A"), (jws.len() - 20, "_")]
    {
        let mut spoilt = jws.clone();
        let with = if &spoilt[at..=at] == with { "B" } else { with };
        spoilt.replace_range(at..=at, with);
        fs::write(&file, spoilt).unwrap();
        let output = audit(&vkey);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "at {at}");
    }
    assert_refused(
        &command(&app, &["ledger", "receipt", "00000000-0000-7000-8000-000000000000"]),
        "there is no receipt",
    );
    does(&app, &["erase", "ada@b.example"]);
    assert_refused(&command(&app, &["ledger", "receipt", id]), "its evidence was erased");
    assert_sound(&app).await;
}

/// Whatever stands in a directory, its audit ends with a sentence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_stranger_sends_is_taken_for_proof() {
    let app = history(Database::Sqlite).await;
    let (bundle, part) = (Bundle::of(&app), Bundle::of_one(&app, "ada@b.example"));
    let refused = |copy: &Bundle, what: &str| {
        let output = copy.audit(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.starts_with("assent: ") && !said.contains("panicked"), "{what}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{what}: {said}");
        assert!(output.stdout.len() < 10_000, "{what}");
    };
    let long = "x".repeat(2 << 20);
    for (bundle, file) in
        [(&bundle, EVENTS), (&bundle, CHECKPOINT), (&bundle, KEYS), (&part, EXTENT)]
    {
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
    let at = bundle.find("requested", "ada@");
    let (line, index) = (&bundle.lines()[at], format!("\"index\":{at}"));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for spoilt in [
        line.replacen(&index, "\"index\":18446744073709551615", 1),
        line.replacen(&index, &format!("{index}.0"), 1),
        line.replacen("\"body\":{", "\"body\":{\"x\":1e999,", 1),
        line.replacen("\"body\":{", &format!("\"body\":{{\"x\":{deep},"), 1),
        line.replacen("\"body\":{", "\"body\":{\"x\":\"\\ud800\",", 1),
        line.replacen("\"body\":{", "\"body\":{\"email\":\"x\",", 1),
        format!("{line}{line}"),
        format!("{long}{line}"),
    ] {
        let (copy, mut lines) = (bundle.copy(), bundle.lines());
        assert_ne!(*line, spoilt);
        lines[at] = spoilt;
        copy.write_lines(&lines);
        refused(&copy, &lines[at][..60]);
    }
    for folder in ["contexts", "notices", "policies"] {
        let copy = bundle.copy();
        fs::remove_dir_all(copy.path(folder)).unwrap();
        refused(&copy, folder);
        copy.write(folder, "not a folder");
        refused(&copy, "a file for a folder");
    }
    for nothing in [bundle.path("nowhere"), bundle.path(EVENTS)] {
        let output = alone(&["ledger", "audit", nothing.to_str().unwrap()]);
        assert_refused(&output, "cannot be read");
    }
}
