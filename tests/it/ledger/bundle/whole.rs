//! The whole ledger as files: what was changed in them is found, by our program and by another one.

use std::fs;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::submitted_form::Method;
use assent::flows::contacts::erase::{Erasing, erase};
use assent_ledger::bundle::{CHECKPOINT, KEYS, keys_json};
use assent_ledger::digest::sha256_hex;
use assent_ledger::note::{Checkpoint, SignedNote, encode_hash};
use macro_rules_attribute::apply;

use super::{Bundle, exchange, halves, history, key, stripped, thief};
use crate::ledger::{assert_refused, command, does, naive_root, rows, sealed_leaves};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;

/// Both readers must see the same sound ledger, with every event in it.
async fn assert_agreed(app: &TestApp, bundle: &Bundle) {
    let size = bundle.lines().len();
    // That a bundle was made is recorded too, behind it.
    let leaves: Vec<String> =
        sealed_leaves(&app.core.db).await.into_iter().take(size).map(|(_, leaf)| leaf).collect();
    let rows = rows(&app.core.db).await;
    assert!(rows.iter().all(|row| leaves.contains(&row.leaf)));
    let erased = rows.iter().filter(|row| row.body.is_none()).count();
    let (root, origin) =
        (encode_hash(&naive_root(&leaves)), app.core.flow_settings.ledger_keys.origin());
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
    assert_agreed(&app, &Bundle::new(&app)).await;
    let app = history(database).await;
    assert_agreed(&app, &Bundle::new(&app)).await;
    // A name that needs care in JSON, a form that nobody confirmed, and somebody who left.
    app.subscribe("ada@b.example", "&name=Zo%C3%AB%20%22%F0%9F%98%80%22").await;
    does(&app, &["erase", "cyd@b.example"]);
    does(&app, &["erase", "bob@b.example"]);
    let bundle = Bundle::new(&app);
    assert_agreed(&app, &bundle).await;
    let bare = app.count("SELECT count(*) FROM consent_event WHERE body IS NULL").await;
    assert!(bare > 0);
    for file in bundle.files() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("bob@") && !text.contains("cyd@"), "{}", file.display());
    }

    let (vkey, told) = (key(&app), does(&app, &["ledger", "key"]));
    let fingerprint = told.lines().nth(1).unwrap();
    let page = sha256_hex(&app.get("/ledger/verify").await.body);
    assert!(told.lines().last().unwrap().ends_with(&page), "{page}: {told}");
    let said = bundle.audit_well(&["--key", &vkey]);
    assert!(said.contains("signed by the key you gave") && said.contains(fingerprint), "{said}");
    let said = bundle.audit_well(&[]);
    assert!(said.contains("This key came with the bundle") && said.contains(&vkey), "{said}");
}

#[apply(both_databases!)]
async fn what_was_changed_in_its_files_is_found_by_both(database: Database) {
    let app = history(database).await;
    let bundle = Bundle::new(&app);
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

    for folder in ["contexts", "forms", "notices", "policies"] {
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
    copy.write(KEYS, keys_json(&[thief.vkey()]));
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
    let before = Bundle::new(&app);
    does(&app, &["erase", "bob@b.example"]);
    let bundle = Bundle::new(&app);
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
            let key =
                core.flow_settings.address_secret.key(&EmailAddress::parse(&readers(n)).unwrap());
            let mut tx = core.db.write().await.unwrap();
            assert!(
                erase(
                    &mut tx,
                    &core.flow_settings,
                    &key,
                    Erasing {
                        at: &core.moment(),
                        method: Method::Program,
                        source: "test",
                        actor: None
                    }
                )
                .await
                .unwrap()
            );
            tx.commit().await.unwrap();
        }
    });
    let bundles: Vec<Bundle> =
        tokio::task::block_in_place(|| (0..3).map(|_| Bundle::new(&app)).collect());
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
    let first = Bundle::new(&app);
    app.subscribe("eve@b.example", "").await;
    let bundle = Bundle::new(&app);
    fs::write(&kept, &early).unwrap();
    bundle.audit_well(&["--checkpoint", kept_name]);
    let signer = app.core.flow_settings.ledger_keys.signing();
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
