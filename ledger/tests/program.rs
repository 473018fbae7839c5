//! `assent-audit` as an outsider runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use assent_ledger::bundle::{CHECKPOINT, EVENTS, KEYS, NewLine, keys_json};
use assent_ledger::digest::{hex, sha256};
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use assent_ledger::note::{Checkpoint, KeyName, SigningKey};
use assent_ledger::promise::Promise;
use assent_ledger::receipt::{Documents, Issue, Proof, ReceiptFacts, sign};
use assent_ledger::record::RecordType;
use assent_ledger::tree::{Frontier, leaf_hash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;

const BODY: &str =
    r#"{"at":"2026-11-23T09:05:00.000000Z","record_id":"01936f00-0000-7000-8000-000000000001"}"#;

/// A ledger of one leaf, which says that something was purged.
fn write_bundle(dir: &Path, key: &SigningKey) {
    let (salt, head) = ([5; 32], LeafHead::of_record(RecordType::Purged));
    let leaf = head.leaf(&salt, BODY);
    let origin = key.name().as_str().to_owned();
    let checkpoint = Checkpoint { origin, size: 1, root: leaf_hash(leaf.as_bytes()) };
    fs::write(
        dir.join(EVENTS),
        NewLine { index: 0, leaf: &leaf, salt: Some(&salt), body: Some(BODY), proof: None }.text(),
    )
    .unwrap();
    fs::write(dir.join(CHECKPOINT), checkpoint.sign(std::slice::from_ref(key))).unwrap();
    fs::write(dir.join(KEYS), keys_json(&[key.vkey()])).unwrap();
}

/// What it printed, what it said besides, and its status.
fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_assent-audit")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn a_bundle_is_sound_until_a_byte_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    write_bundle(dir.path(), &key);
    let (bundle, vkey) = (dir.path().to_str().unwrap(), key.vkey().to_string());
    let (said, errors, status) = run(&["bundle", bundle, "--key", &vkey]);
    assert_eq!((&*errors, status), ("", Some(0)));
    assert!(said.starts_with("sound: 1 leaves of example.org/ledger, 0 of them emptied"), "{said}");
    assert!(said.contains(&format!("signed by the key you gave: {vkey}")), "{said}");

    let events = dir.path().join(EVENTS);
    let changed = fs::read_to_string(&events).unwrap().replace("2026-11-23", "2026-11-24");
    fs::write(&events, changed).unwrap();
    let (said, errors, status) = run(&["bundle", bundle]);
    assert!(said.contains("the leaf does not commit to this body"), "{said}");
    let refusal = "assent-audit: the bundle does not prove what it says\n";
    assert_eq!((&*errors, status), (refusal, Some(1)));
}

#[test]
fn what_is_no_receipt_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    fs::write(&file, "a.b").unwrap();
    let vkey = SigningKey::new(KeyName::parse("ledger").unwrap(), [1; 32]).vkey().to_string();
    let (said, errors, status) = run(&["receipt", file.to_str().unwrap(), "--key", &vkey]);
    let refusal = "assent-audit: this is not a receipt: it is not a JWS in its compact form\n";
    assert_eq!((&*said, &*errors, status), ("", refusal, Some(1)));
    assert_eq!(run(&["receipt", file.to_str().unwrap()]).2, Some(2));
}

/// The verifier key of a witness, put together as C2SP tlog-cosignature says, and what it signs with.
fn witness(name: &str, seed: u8) -> (String, SigningKey) {
    let key = SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32]);
    let public = key.vkey();
    let typed = [&[4][..], public.as_bytes()].concat();
    let id = sha256(&[name.as_bytes(), b"\n", &typed].concat());
    (format!("{name}+{}+{}", hex(&id[..4]), STANDARD.encode(typed)), key)
}

/// The note with a witness's line behind it.
fn cosigned(note: &str, vkey: &str, key: &SigningKey) -> String {
    let text = note.split_inclusive("\n\n").next().unwrap().strip_suffix('\n').unwrap();
    let seconds = 1_795_502_400_u64;
    let signature = key.sign(format!("cosignature/v1\ntime {seconds}\n{text}").as_bytes());
    let id = HEXLOWER.decode(vkey.split('+').nth(1).unwrap().as_bytes()).unwrap();
    let bytes = [&id[..], &seconds.to_be_bytes(), &signature].concat();
    format!("{note}\u{2014} {} {}\n", key.name(), STANDARD.encode(bytes))
}

#[test]
fn witnesses_are_named_with_the_time_they_signed_at() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    write_bundle(dir.path(), &key);
    let (one, signer) = witness("witness.example/1", 21);
    let (two, _) = witness("witness.example/2", 22);
    let checkpoint = dir.path().join(CHECKPOINT);
    let note = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, cosigned(&note, &one, &signer)).unwrap();
    let bundle = dir.path().to_str().unwrap();
    let both = ["bundle", bundle, "--witness", &one, "--witness", &two];
    let (said, errors, status) = run(&[&both[..], &["--quorum", "1"]].concat());
    assert_eq!((&*errors, status), ("", Some(0)));
    let lines = "witness witness.example/1 signed this checkpoint at 2026-11-24T06:40:00Z\n\
                 witness witness.example/2 did not sign this checkpoint\n\
                 1 of 2 witnesses signed, and 1 must have: ";
    assert!(said.starts_with(lines), "{said}");

    let (said, _, status) = run(&both);
    let finding = "checkpoint: 1 of the witnesses that you named signed it, and 2 must have\n";
    assert!(said.starts_with(finding) && said.contains("2 did not sign"), "{said}");
    assert_eq!(status, Some(1));
    for (arguments, words, expected) in [
        (vec!["--witness", &one, "--witness", &one], "is given twice", 1),
        (vec!["--witness", &one, "--quorum", "2"], "the quorum must be from 1 to", 1),
        (vec!["--quorum", "1"], "--witness <VKEY>", 2),
        (vec!["--witness", &*key.vkey().to_string()], "this is the key of a ledger", 1),
    ] {
        let (_, errors, status) = run(&[&["bundle", bundle][..], &arguments].concat());
        assert!(errors.contains(words) && status == Some(expected), "{errors}");
    }
}

#[test]
fn a_promise_says_what_it_proves() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    write_bundle(dir.path(), &key);
    let promise = Promise {
        at: "2026-11-23T09:05:00.000000Z".to_owned(),
        event_id: "01936f00-0000-7000-8000-000000000001".parse().unwrap(),
        leaf: LeafHead::of_event(EventType::Given).leaf(&[5; 32], BODY),
        merge_delay: 86_400,
        origin: key.name().to_string(),
    };
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("promise.jws");
    fs::write(&file, promise.sign(&key)).unwrap();
    let (file, vkey) = (file.to_str().unwrap(), key.vkey().to_string());
    let (said, errors, status) = run(&["receipt", file, "--key", &vkey]);
    assert!(said.contains("\"merge_delay\": 86400"), "{said}");
    let words = "the event 01936f00-0000-7000-8000-000000000001 by 2026-11-24T09:05:00Z. That it does is not proved by \
                 this";
    assert!(errors.contains(words) && status == Some(0), "{errors}");

    let bundle = dir.path().to_str().unwrap();
    let (_, errors, status) = run(&["receipt", file, "--key", &vkey, "--bundle", bundle]);
    let words = "unless the bundle was made before 2026-11-24T09:05:00Z, the promise is broken\n";
    assert!(errors.ends_with(words) && status == Some(1), "{errors}");

    let receipt = outside.path().join("receipt.jws");
    fs::write(&receipt, "a.b").unwrap();
    let receipt = receipt.to_str().unwrap();
    let (_, errors, _) = run(&["receipt", receipt, "--key", &vkey, "--receipt", file]);
    assert_eq!(errors, "assent-audit: --receipt is for a promise, and this is none\n");
    let (_, errors, _) = run(&["receipt", file, "--key", &vkey, "--receipt", file]);
    assert!(errors.starts_with("assent-audit: this is not a receipt: "), "{errors}");
}

/// A receipt of a leaf that the bundle has only emptied.
#[test]
fn what_was_emptied_since_is_not_called_there_still() {
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    let dir = tempfile::tempdir().unwrap();
    let (folder, file) = (dir.path().join("bundle"), dir.path().join("receipt.jws"));
    fs::create_dir(&folder).unwrap();
    let (salt, subject) = ([5; 32], "01936f00-0000-7000-8000-000000000007");
    let id = "01936f00-0000-7000-8000-000000000001";
    let body = format!(
        r#"{{"at":"2026-11-23T09:05:00.000000Z","event_id":"{id}","method":"api","purpose":"privacy-policy","seq":1,"source":"erasure","subscriber_id":"{subject}"}}"#
    );
    let leaf = LeafHead::of_event(EventType::Erased).leaf(&salt, &body);
    let head = |leaves: &[&str]| {
        let mut tree = Frontier::new();
        for leaf in leaves {
            tree.push(leaf_hash(leaf.as_bytes()));
        }
        Checkpoint { origin: key.name().to_string(), size: tree.size(), root: tree.root() }
    };
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let first = head(&[&leaf]);
    let facts = ReceiptFacts {
        body: &body,
        context: None,
        documents: Documents { form: None, notice: None, policy: None },
        issued: Issue {
            at: "2026-11-26T00:00:00.000000Z",
            id: "0f9c2a4e-7d1b-4c55-9a3e-5f6a7b8c9d0e",
            site: "https://press.example",
        },
        leaf: &leaf,
        proof: Proof {
            checkpoint_note: &first.sign(std::slice::from_ref(&key)),
            hashes: &[],
            index: 0,
            root: first.root,
            size: 1,
        },
        salt: &data_encoding::BASE64URL_NOPAD.encode(&salt),
    };
    fs::write(&file, sign(&facts, &key, &[key.vkey()]).unwrap()).unwrap();
    let (receipt, vkey) = (file.to_str().unwrap(), key.vkey().to_string());
    let (_, errors, status) = run(&["receipt", receipt, "--key", &vkey]);
    let words = "sound: signed by this key, under a head that this key signed; nobody else has confirmed it. ";
    assert!(errors.starts_with(words) && status == Some(0), "{errors}");

    let purge = r#"{"at":"2026-11-27T09:05:00.000000Z","emptied":[[0,0]],"record_id":"01936f00-0000-7000-8000-000000000002"}"#;
    let purged = LeafHead::of_record(RecordType::Purged).leaf(&salt, purge);
    let whole = serde_json::to_string(&body).unwrap();
    for (shown, other, said) in [
        (
            Some(&*whole),
            BODY,
            "sound: signed by this key, and the ledger of the bundle still holds it; nobody else has confirmed it. ",
        ),
        (
            None,
            purge,
            "and the leaf is in the ledger of the bundle still, at index 0, and was emptied since (2026-11-27T09:05:00Z): ",
        ),
    ] {
        let second = if other == purge {
            purged.clone()
        } else {
            LeafHead::of_record(RecordType::Purged).leaf(&salt, other)
        };
        let own = shown.map(|_| &salt[..]);
        let one = NewLine { index: 0, leaf: &leaf, salt: own, body: shown, proof: None };
        let two =
            NewLine { index: 1, leaf: &second, salt: Some(&salt), body: Some(other), proof: None };
        fs::write(folder.join(EVENTS), one.text() + &two.text()).unwrap();
        let note = head(&[&leaf, &second]).sign(std::slice::from_ref(&key));
        fs::write(folder.join(CHECKPOINT), note).unwrap();
        fs::write(folder.join(KEYS), keys_json(&[key.vkey()])).unwrap();
        let bundle = folder.to_str().unwrap();
        let (_, errors, status) = run(&["receipt", receipt, "--key", &vkey, "--bundle", bundle]);
        assert!(errors.contains(said) && status == Some(0), "{errors}");
    }
}

/// Receipts that were given out in the older form, by the key of seed 1.
const OLDER: [(&str, &str, bool); 3] = [
    ("given", include_str!("../src/receipt/older_samples/given.jws"), false),
    ("version 1", include_str!("../src/receipt/older_samples/version_1.jws"), true),
    ("erased", include_str!("../src/receipt/older_samples/erased.jws"), true),
];

#[test]
fn a_receipt_of_the_older_form_has_a_verdict_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    let file = file.to_str().unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    let vkey = key.vkey().to_string();
    for (name, jws, lacks_controller) in OLDER {
        // As a mail program breaks it.
        fs::write(file, format!("{}\n{}", &jws[..70], &jws[70..])).unwrap();
        let (said, errors, status) = run(&["receipt", file, "--key", &vkey]);
        assert_eq!(status, Some(3), "{name}: {errors}");
        assert!(said.contains("dpv:ConsentReceipt"), "{name}: {said}");
        assert!(errors.starts_with("assent-audit: compared in part: "), "{name}: {errors}");
        assert!(!errors.contains("sound"), "{name}: {errors}");
        assert_eq!(errors.contains("who is answerable"), lacks_controller, "{name}: {errors}");
        assert!(errors.contains("when the receipt was made"), "{name}: {errors}");

        // A bundle that does not hold it is worse than what could not be compared.
        write_bundle(dir.path(), &key);
        let bundle = ["receipt", file, "--key", &vkey, "--bundle", dir.path().to_str().unwrap()];
        assert_eq!(run(&bundle).2, Some(1), "{name}");
    }
    let (help, _, _) = run(&["receipt", "--help"]);
    assert!(help.contains("3 a receipt of the older form"), "{help}");
}
