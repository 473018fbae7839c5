//! Time stamps by OpenSSL, and every way to falsify one that does not take its key.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;
use tempfile::TempDir;

use super::sample_ledger_tests::{ADA, Ledger, finds};
use super::sample_tests::{Bundle, checkpoint, event, events, key, texts};
use crate::audit::{AuditReport, Known, audit};
use crate::bundle::{CHECKPOINT, EVENTS, KEYS, keys_json, stamp_files};
use crate::command::told_stamps::{VERIFY, told_stamps};
use crate::digest::{hex, sha256};
use crate::event_type::EventType;
use crate::note::{Checkpoint, KeyName, SigningKey};
use crate::record::RecordType;
use crate::timestamp::tests::made_up;
use crate::timestamp::{TimeStamp, request};

const SETTINGS: &str = "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\n\
    signer_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1\nordering=yes\n\
    tsa_name=yes\ness_cert_id_chain=no\nclock_precision_digits=3\n";

const EXTENSIONS: &str =
    "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n";

/// An authority of a test.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.write("ca.cnf", SETTINGS);
        authority.write("ext", EXTENSIONS);
        authority.write("serial", "01\n");
        let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for command in [
            format!("req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=Test-CA -days 2"),
            format!("req {new} -keyout tsa.key -out tsa.csr -subj /CN=Test-TSA"),
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 2 -extfile ext"
                .to_owned(),
        ] {
            authority.openssl(&command);
        }
        authority
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(file), content).unwrap();
    }

    #[track_caller]
    fn openssl(&self, command: &str) -> String {
        let output = Command::new("openssl")
            .args(command.split(' '))
            .current_dir(self.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {}", said(&output));
        said(&output)
    }

    /// The answer to a request.
    fn reply(&self, query: &[u8]) -> Vec<u8> {
        self.write("query", query);
        self.openssl("ts -reply -queryfile query -config ca.cnf -out reply");
        fs::read(self.path().join("reply")).unwrap()
    }

    fn stamp(&self, text: &str) -> Vec<u8> {
        self.reply(&request(&sha256(text.as_bytes()), 7).unwrap())
    }

    /// Puts a stamped checkpoint into a bundle.
    fn stamp_in(&self, bundle: &Bundle, day: &str, checkpoint: &Checkpoint) {
        let (stamp, beside) = stamp_files(day);
        bundle.write(&stamp, self.stamp(&checkpoint.text()));
        bundle.write(&beside, checkpoint.sign(&[key(1)]));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn openssl_answers_our_request_and_we_read_its_answer() {
    let authority = Authority::new();
    let hash = sha256(b"words");
    for nonce in [0, 1, 255, u64::MAX] {
        let reply = authority.reply(&request(&hash, nonce).unwrap());
        let stamp = TimeStamp::read(&reply).unwrap();
        assert!(stamp.answers(&hash, nonce), "{stamp:?}");
        assert!(!stamp.answers(&hash, nonce ^ 1) && !stamp.answers(&sha256(b""), nonce));
        authority.openssl("ts -verify -queryfile query -in reply -CAfile ca.pem");
        authority.openssl(&format!("ts -verify -digest {} -in reply -CAfile ca.pem", hex(&hash)));
        let told = authority.openssl("ts -reply -in reply -text");
        let clock = &stamp.at[stamp.at.find('T').unwrap() + 1..][..8];
        assert!(told.contains(clock), "{} / {told}", stamp.at);
    }
    authority.write("words", "words");
    authority.openssl("ts -query -data words -sha512 -cert -out query");
    let query = fs::read(authority.path().join("query")).unwrap();
    let told = TimeStamp::read(&authority.reply(&query)).unwrap_err().to_string();
    assert_eq!(told, "it is not over a SHA-256");
    authority.openssl("ts -query -data words -sha384 -cert -out query");
    let query = fs::read(authority.path().join("query")).unwrap();
    let told = TimeStamp::read(&authority.reply(&query)).unwrap_err().to_string();
    assert_eq!(told, "the time stamp authority refused, with status 2");
}

#[test]
fn stamped_checkpoints_are_told_and_openssl_checks_who_stamped_them() {
    let (authority, bundle) = (Authority::new(), Bundle::sound(5));
    authority.stamp_in(&bundle, "2026-11-22", &checkpoint(&events(2)));
    authority.stamp_in(&bundle, "2026-11-23", &checkpoint(&events(5)));
    let report = bundle.audit();
    assert!(report.is_sound(), "{:?}", report.findings);
    let told = report.stamps.iter().map(|stamp| (&*stamp.file, stamp.size)).collect::<Vec<_>>();
    assert_eq!(told, [("timestamps/2026-11-22.tsr", 2), ("timestamps/2026-11-23.tsr", 5)]);
    let words = told_stamps(&report);
    let newest = format!(
        "time stamp, not checked: timestamps/2026-11-23.tsr says {} of the checkpoint over 5 leaves\nNone of this is \
         proof of a time",
        report.stamps[1].at
    );
    assert!(words.contains(&newest) && words.ends_with(VERIFY), "{words}");

    let beside = VERIFY.replace("../TSA.pem", authority.path().join("ca.pem").to_str().unwrap());
    let verify = || {
        let shell = Command::new("sh").args(["-c", &beside]).current_dir(bundle.path()).output();
        said(&shell.unwrap())
    };
    assert_eq!(verify().matches("Verification: OK").count(), 2, "{}", verify());
    let other = checkpoint(&events(3)).sign(&[key(1)]);
    bundle.write("timestamps/2026-11-22.checkpoint", other);
    assert_eq!(verify().matches("Verification: OK").count(), 1, "{}", verify());
    assert_eq!(verify().matches("Verification: FAILED").count(), 1, "{}", verify());
}

#[test]
fn a_stamp_of_something_else_is_found() {
    let (authority, day) = (Authority::new(), "2026-11-23");
    let (stamp, beside) = stamp_files(day);
    let (stamp, beside) = (&*stamp, &*beside);
    let spoilt = |spoil: &dyn Fn(&Bundle), expected: &[(&str, &str)]| {
        let bundle = Bundle::sound(5);
        authority.stamp_in(&bundle, day, &checkpoint(&events(4)));
        spoil(&bundle);
        finds(&bundle, expected);
        assert!(bundle.audit().stamps.len() <= 1);
    };
    let remove = |bundle: &Bundle, file| fs::remove_file(bundle.path().join(file)).unwrap();
    spoilt(&|_| (), &[]);
    let imprint = "the time stamp is not over the checkpoint beside it";
    spoilt(&|bundle| bundle.write(stamp, authority.stamp("other")), &[(stamp, imprint)]);
    // Over the note as it lies there, with its signatures.
    let whole = checkpoint(&events(4)).sign(&[key(1)]);
    spoilt(&|bundle| bundle.write(stamp, authority.stamp(&whole)), &[(stamp, imprint)]);
    let other = checkpoint(&events(3)).sign(&[key(1)]);
    spoilt(&|bundle| bundle.write(beside, &other), &[(stamp, imprint)]);

    let unsigned = "is not signed by a key of this ledger";
    let by_stranger = checkpoint(&events(4)).sign(&[key(2)]);
    spoilt(&|bundle| bundle.write(beside, &by_stranger), &[(beside, unsigned)]);
    let shadow = Checkpoint { origin: "example.org/shadow".into(), ..checkpoint(&events(4)) };
    let shadowed = |bundle: &Bundle| authority.stamp_in(bundle, day, &shadow);
    spoilt(&shadowed, &[(beside, unsigned)]);

    let mut rewritten = events(4);
    rewritten[1] = event(77);
    let forked = checkpoint(&rewritten);
    let forks = |bundle: &Bundle| authority.stamp_in(bundle, day, &forked);
    spoilt(&forks, &[(beside, "the root over the first 4 leaves is not that of")]);
    let ahead = |bundle: &Bundle| authority.stamp_in(bundle, day, &checkpoint(&events(6)));
    spoilt(&ahead, &[(beside, "over 6 events, more than there are now")]);

    spoilt(
        &|bundle| bundle.write(stamp, "x"),
        &[(stamp, "not a time stamp: it is not the answer")],
    );
    spoilt(&|bundle| bundle.write(beside, "x"), &[(beside, "the file is not a signed checkpoint")]);
    spoilt(&|bundle| remove(bundle, beside), &[(beside, "this file cannot be read")]);
    spoilt(&|bundle| remove(bundle, stamp), &[(beside, "nothing in the bundle names this file")]);
    for name in [
        "timestamps/9999-99-99.tsr",
        "timestamps/today.tsr",
        "timestamps/2026-11-2x.tsr",
        "timestamps/2026-11-22.txt",
    ] {
        let more = |bundle: &Bundle| bundle.write(name, "x");
        spoilt(&more, &[(name, "nothing in the bundle names this file")]);
    }
}

/// Puts a time stamp into a bundle that nobody signed.
fn make_up(bundle: &Bundle, time: &str, checkpoint: &Checkpoint) {
    let (stamp, beside) = stamp_files("2026-11-23");
    bundle.write(&stamp, made_up(&sha256(checkpoint.text().as_bytes()), time));
    bundle.write(&beside, checkpoint.sign(&[key(1)]));
}

#[test]
fn a_stamp_that_is_older_than_what_it_covers_is_refused() {
    const STAMP: &str = "timestamps/2026-11-23.tsr";
    const SAID: &str = "the time stamp says 2020-01-01T00:00:00Z, and its checkpoint covers line 1 (index 0, event ";
    let bundle = Bundle::sound(5);
    make_up(&bundle, "20200101000000Z", &checkpoint(&events(3)));
    finds(&bundle, &[(STAMP, SAID)]);
    assert!(bundle.findings()[0].contains("was written at 2026-11-23T09:05:00Z: it was made up"));
    // Clocks may be apart a little.
    for (time, found) in [("20261123085959.9Z", 1), ("20261123090000Z", 0), ("99991231235959Z", 0)]
    {
        make_up(&bundle, time, &checkpoint(&events(5)));
        assert_eq!(bundle.findings().len(), found, "{time}");
    }

    // It goes by what its own checkpoint covers: events, and what the ledger records of itself.
    let later = || json!({ "at": "2026-12-01T09:05:00.000000Z" });
    let mut ledger = Ledger::history();
    ledger.event(EventType::Withdrawn, ADA, later());
    let mut of_itself = Ledger::history();
    of_itself.record(RecordType::Recorded, later());
    for ledger in [&ledger, &of_itself] {
        for (bundle, line) in [(ledger.bundle(), 9), (ledger.part(&[3, 6, 8]), 3)] {
            make_up(&bundle, "20261124000000Z", &checkpoint(&ledger.leaves[..8]));
            finds(&bundle, &[]);
            make_up(&bundle, "20261124000000Z", &checkpoint(&ledger.leaves));
            let place = format!("covers line {line} (index 8");
            let found = bundle.findings();
            assert!(found.len() == 1 && found[0].contains(&place), "{found:?}");
        }
    }
    // Of what was emptied nobody knows when it was written.
    let bundle = Bundle::sound(5);
    bundle.write(EVENTS, "");
    bundle.write(CHECKPOINT, checkpoint(&[]).sign(&[key(1)]));
    make_up(&bundle, "20200101000000Z", &checkpoint(&[]));
    assert!(!bundle.findings().iter().any(|found| found.contains("the time stamp says")));
}

#[test]
fn a_key_that_signs_no_more_signed_what_a_whole_bundle_still_holds() {
    let authority = Authority::new();
    let older = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [9; 32]);
    let judged = |bundle: &Bundle, head: &Checkpoint| -> AuditReport {
        let (stamp, beside) = stamp_files("2026-11-23");
        bundle.write(&stamp, authority.stamp(&head.text()));
        bundle.write(&beside, head.sign(std::slice::from_ref(&older)));
        bundle.write(KEYS, keys_json(&[key(1).vkey(), older.vkey()]));
        let known = key(1).vkey();
        audit(bundle.path(), Known { key: Some(&known), ..Known::default() }).unwrap()
    };
    assert!(judged(&Bundle::sound(5), &checkpoint(&events(4))).is_sound());
    let forged = Checkpoint { root: [7; 32], ..checkpoint(&events(4)) };
    assert!(!judged(&Bundle::sound(5), &forged).is_sound());
    // A part cannot hold it against its leaves, so there the key that is known must have signed.
    let ledger = Ledger::history();
    let report = judged(&ledger.part(&[1, 3, 6]), &checkpoint(&ledger.leaves[..7]));
    assert!(texts(&report)[0].contains("is not signed by a key of this ledger"), "{report:?}");
    let part = ledger.part(&[1, 3, 6]);
    authority.stamp_in(&part, "2026-11-23", &checkpoint(&ledger.leaves[..7]));
    assert!(part.audit().is_sound());
    let other = Checkpoint { root: [7; 32], ..checkpoint(&ledger.leaves) };
    authority.stamp_in(&part, "2026-11-23", &other);
    assert!(part.findings()[0].contains("leaves is not that of the earlier checkpoint"));
}
