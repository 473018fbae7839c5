//! A receipt alone, before whoever knows the key.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use assent_ledger::bundle::{CHECKPOINT, EVENTS, EXTENT, KEYS};
use assent_ledger::note::{KeyName, SigningKey};
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{Bundle, alone, history, key, thief};
use crate::ledger::{assert_refused, assert_sound, command, does};
use crate::support::app::Database;
use crate::support::{both_databases, program};

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

/// Both programs end with the same status of their own (`ledger/tests/program.rs`).
#[test]
fn a_receipt_of_the_older_form_is_not_called_sound() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt");
    fs::write(&file, include_str!("../../../../ledger/src/receipt/older_samples/given.jws"))
        .unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    let (file, vkey) = (file.to_str().unwrap(), key.vkey().to_string());
    let output = alone(&["ledger", "audit-receipt", file, "--key", &vkey]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("assent: compared in part: ") && !said.contains("sound"), "{said}");
}

/// Whatever stands in a directory, its audit ends with a sentence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_stranger_sends_is_taken_for_proof() {
    let app = history(Database::Sqlite).await;
    let (bundle, part) = (Bundle::new(&app), Bundle::for_one(&app, "ada@b.example"));
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
    for folder in ["contexts", "forms", "notices", "policies"] {
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
