//! What witnesses wrote beneath a head, before the page as a file. The program says the same.

use std::fs;
use std::path::Path;

use assent_ledger::bundle::CHECKPOINT;
use assent_ledger::note::SignedNote;
use serde_json::json;

use super::bundles::copy;
use super::forgeries::{resigned, with};
use super::{ADA, SIGNED, Said, Verifier, file, given, history, key, receipts};
use crate::support::stopped::lose_heads;
use crate::support::witness::TestWitness;

const NAME: &str = "witness.example";
const UNCHECKED: &str =
    "Signed by the publisher. It carries a witness’s signature, not checked yet.";

/// What stands beneath a head, by the witness or somebody else, and whether it counts.
type Line = (&'static str, bool, fn(&TestWitness, &TestWitness, &str) -> String);

const LINES: [Line; 5] = [
    ("its own", true, |witness, _, text| witness.line(text)),
    ("its own, beside a stranger's", true, |witness, other, text| {
        other.line(text) + &witness.line(text)
    }),
    ("none", false, |_, _, _| String::new()),
    ("of another head", false, |witness, _, text| witness.line(&format!("{text}more\n"))),
    ("a stranger's in its name", false, |_, other, text| {
        other.line(text).replace(other.name, NAME)
    }),
];

fn judges(said: &Said, kind: &str, (what, counts): (&str, bool)) {
    if counts {
        said.is_sound(kind, "known");
        assert_eq!(said.steps["step-witnesses"], "ok", "{what}: {said:?}");
        assert_eq!(said.confirmed, "others", "{what}: {said:?}");
    } else {
        said.is_forged(&["witnesses"], &format!("{kind}: {what}"));
        let lacks = format!("This {kind} lacks the signature of a witness whose key you entered");
        assert_eq!(said.title, lacks);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_witness_wrote_of_this_head_counts() {
    let app = history().await;
    let (witness, other) =
        (TestWitness::start(NAME).await, TestWitness::start("other.example").await);
    let receipts = receipts(&app).await;
    let receipt = given(&receipts, ADA, "newsletter:weekly");
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let whole = dir.path().join("whole");
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    let asked = ["--key", &vkey, "--witness", &witness.vkey()].map(str::to_owned);
    let audit = |command: &str, path: &Path| {
        let mut arguments = vec!["ledger", command, path.to_str().unwrap()];
        arguments.extend(asked.iter().map(String::as_str));
        app.command(&arguments).status.success()
    };
    let mut page = Verifier::open(&file()).await;
    page.knows(&vkey).await;
    page.tells("witnesses", &witness.vkey()).await;
    let beneath = |note: &str, line: &Line| {
        let text = SignedNote::parse(note).unwrap().text().to_owned();
        format!("{note}{}", (line.2)(&witness, &other, &text))
    };
    for line in &LINES {
        let what = (line.0, line.1);
        // The ledger's key signs a receipt with all that stands beneath its head by then.
        let note = receipt.payload["ledger"]["checkpoint"].as_str().unwrap();
        let cosigned = beneath(note, line);
        let payload = if cosigned == note {
            receipt.payload.clone()
        } else {
            with(&receipt.payload, "/ledger/checkpoint", json!(cosigned))
        };
        let jws = resigned(&payload, app.core.flow_settings.ledger_keys.first());
        let path = dir.path().join("receipt.jws");
        fs::write(&path, &jws).unwrap();
        assert_eq!(audit("audit-receipt", &path), line.1, "{what:?}");
        judges(&page.says(&[&jws]).await, "receipt", what);
        let afterwards = if line.1 { "Not after" } else { "Yes, at any time" };
        page.reader.reads("[data-say=afterwards]", afterwards).await;
        page.reader.reads("[data-proof=word]", "publisher’s clock").await;

        let folder = dir.path().join("cosigned");
        copy(&whole, &folder);
        let note = fs::read_to_string(folder.join(CHECKPOINT)).unwrap();
        fs::write(folder.join(CHECKPOINT), beneath(&note, line)).unwrap();
        assert_eq!(audit("audit", &folder), line.1, "{what:?}");
        judges(&page.says_of(&folder).await, "bundle", what);
        fs::remove_dir_all(folder).unwrap();
    }
    page.says(&[&receipt.jws]).await;
    page.looks_good("unwitnessed").await;

    // What a witness whose key nobody entered may have signed reads otherwise than what nobody did.
    page.tells("witnesses", "").await;
    let note = receipt.payload["ledger"]["checkpoint"].as_str().unwrap();
    let cosigned = with(&receipt.payload, "/ledger/checkpoint", json!(beneath(note, &LINES[0])));
    let unchecked = resigned(&cosigned, app.core.flow_settings.ledger_keys.first());
    for (jws, title, afterwards) in [
        (&receipt.jws, SIGNED, "Yes, at any time"),
        (&unchecked, UNCHECKED, "not checked here: give that witness’s key"),
    ] {
        let said = page.says(&[jws]).await;
        said.is_sound("receipt", "known");
        assert_eq!((said.title.as_str(), said.confirmed.as_str()), (title, "nobody"));
        page.reader.reads("[data-say=afterwards]", afterwards).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_loss_a_witness_speaks_only_since_the_new_name() {
    let app = history().await;
    let witness = TestWitness::start(NAME).await;
    let before = app.does(&["ledger", "checkpoint"]);
    let stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    let app = stopped.start(&[]).await;
    app.does(&["ledger", "resume"]);
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let whole = dir.path().join("whole");
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    let cosigned = |note: &str| {
        let line = witness.line(SignedNote::parse(note).unwrap().text());
        format!("{note}{line}")
    };
    let now = fs::read_to_string(whole.join(CHECKPOINT)).unwrap();
    assert!(now.lines().next().unwrap().ends_with("/r2"), "{now}");
    fs::write(whole.join(CHECKPOINT), cosigned(&now)).unwrap();

    let page = Verifier::open(&file()).await;
    page.knows(&vkey).await;
    page.tells("witnesses", &witness.vkey()).await;
    let kept = dir.path().join("kept");
    let both_say = async |earlier: Option<&str>, words: &str| {
        let own = witness.vkey();
        let mut arguments = vec!["ledger", "audit", whole.to_str().unwrap(), "--key", &vkey];
        arguments.extend(["--witness", &own]);
        page.tells("earlier", "").await;
        let mut said = page.says_of(&whole).await;
        if let Some(earlier) = earlier {
            fs::write(&kept, earlier).unwrap();
            arguments.extend(["--checkpoint", kept.to_str().unwrap()]);
            page.drops(&[("checkpoint", earlier.as_bytes())]).await;
            said = page.says_now().await;
        }
        let told = app.does(&arguments);
        assert!(told.contains("They say so only since it is called"), "{told}");
        assert!(told.contains(words), "{words}: {told}");
        said.is_sound("bundle", "known");
        assert_eq!(said.steps["step-witnesses"], "ok", "{said:?}");
        page.reader.reads("#step-witnesses", "They say so only since it is called").await;
        page.reader.reads("#step-witnesses", words).await;
    };
    both_say(None, "they say nothing").await;
    both_say(Some(&before), "0 of them").await;
    both_say(Some(&cosigned(&before)), "1 of them signed the").await;
}
