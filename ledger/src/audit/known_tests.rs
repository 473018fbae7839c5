//! What an auditor brings along, and what lies in a bundle that is no part of it.

use std::fs;

use serde_json::json;

use super::sample_ledger_tests::{ADA, Ledger};
use super::sample_tests::{Bundle, checkpoint, earlier, event, events, kept, key, lines, texts};
use crate::audit::{AuditError, AuditReport, Known, audit};
use crate::bundle::{CHECKPOINT, EVENTS, KEYS, keys_json};
use crate::cosignature::Cosigned;
use crate::cosignature::tests::{line, witness};
use crate::event_type::EventType;
use crate::note::{Checkpoint, KeyName, NoteSignature, SignedNote, SigningKey, encode_hash};
use crate::record::RecordType;
use crate::witnesses::Witnesses;

const RENAMED: &str = "it is of \"example.org/ledger/r2\", and by its entries the ledger is called \"example.org/ledger\"";
const UNNAMED: &str = ": nothing in the bundle names this file: it is no part of it";

fn named(name: &str, seed: u8) -> SigningKey {
    SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32])
}

fn known_key(bundle: &Bundle, seed: u8) -> AuditReport {
    let key = key(seed).vkey();
    audit(bundle.path(), Known { key: Some(&key), ..Known::default() }).unwrap()
}

#[test]
fn a_checkpoint_of_another_key_is_not_believed() {
    let bundle = Bundle::sound(5);
    bundle.write(CHECKPOINT, checkpoint(&events(5)).sign(&[key(2)]));
    assert!(bundle.findings()[0].contains("signed by none of the keys"));

    // A forger would bring their own list of keys too; whoever knows the key is not taken in.
    bundle.write(KEYS, keys_json(&[key(2).vkey()]));
    assert!(bundle.audit().is_sound());
    let report = known_key(&bundle, 1);
    assert!(texts(&report)[0].contains("not signed by the key that was given"));
    assert_eq!((report.key, &*report.fingerprint), (None, ""));
    assert!(known_key(&bundle, 2).is_sound());
}

#[test]
fn a_rewritten_history_does_not_agree_with_an_earlier_checkpoint() {
    let whole = events(13);
    let bundle = Bundle::sound(13);
    for size in [0, 1, 8, 12, 13] {
        let report = kept(&bundle, &earlier(&whole[..size]));
        assert!(report.is_sound(), "{report:?}");
    }
    let mut other = whole.clone();
    other[4] = event(77);
    let report = kept(&bundle, &earlier(&other[..9]));
    assert!(texts(&report)[0].contains("over the first 9 leaves"), "{report:?}");
    let report = kept(&bundle, &earlier(&events(14)));
    assert!(texts(&report)[0].contains("over 14 events, more than there are"), "{report:?}");
    let foreign = Checkpoint { origin: "elsewhere".into(), ..checkpoint(&whole) };
    let foreign = SignedNote::parse(&foreign.sign(&[key(1)])).unwrap();
    let report = kept(&bundle, &foreign);
    assert!(texts(&report)[0].contains("of another ledger"), "{report:?}");
}

#[test]
fn a_strangers_checkpoint_accuses_nobody() {
    let bundle = Bundle::sound(5);
    let vkey = key(1).vkey();
    let forged = Checkpoint { root: [7; 32], ..checkpoint(&events(3)) };
    let stranger = SignedNote::parse(&forged.sign(&[key(2)])).unwrap();
    let kept =
        |key| audit(bundle.path(), Known { key, earlier: Some(&stranger), ..Known::default() });
    assert!(matches!(kept(Some(&vkey)), Err(AuditError::ForeignToKey)));
    assert!(matches!(kept(None), Err(AuditError::ForeignToBundle)));

    // Nor does one whose line borrows name and id of the ledger's key.
    let borrowed = NoteSignature {
        name: key(1).name().to_string(),
        key_id: key(1).vkey().id(),
        bytes: key(2).sign(forged.text().as_bytes()).to_vec(),
    };
    let borrowed = SignedNote::parse(&format!("{}\n{borrowed}\n", forged.text())).unwrap();
    let known = Known { key: Some(&vkey), earlier: Some(&borrowed), ..Known::default() };
    assert!(matches!(audit(bundle.path(), known), Err(AuditError::ForeignToKey)));

    // The ledger's own does, even where somebody added a stranger's key to the bundle.
    bundle.write(KEYS, keys_json(&[key(2).vkey(), vkey.clone()]));
    assert!(matches!(kept(Some(&vkey)), Err(AuditError::ForeignToKey)));
    let own = SignedNote::parse(&forged.sign(&[key(1)])).unwrap();
    let report =
        audit(bundle.path(), Known { key: Some(&vkey), earlier: Some(&own), ..Known::default() })
            .unwrap();
    assert!(report.findings[0].to_string().contains("over the first 3 leaves"), "{report:?}");
}

#[test]
fn a_key_vouches_for_its_own_ledger_alone() {
    for (origin, signer, sound) in [
        ("example.org/ledger", "example.org/ledger", true),
        ("example.org/ledger/r2", "example.org/ledger/r2", true),
        ("example.org/shadow", "example.org/ledger", false),
        ("example.org/ledger/r1", "example.org/ledger", false),
        ("example.org/ledger2", "example.org/ledger", false),
    ] {
        let bundle = Bundle::sound(3);
        let head = Checkpoint { origin: origin.into(), ..checkpoint(&events(3)) };
        bundle.write(CHECKPOINT, head.sign(&[named(signer, 1)]));
        for key in [None, Some(&key(1).vkey())] {
            let report = audit(bundle.path(), Known { key, ..Known::default() }).unwrap();
            // A later name needs an entry that says so.
            let later = texts(&report) == [format!("checkpoint: {RENAMED}")];
            assert_eq!(report.is_sound() || later, sound, "{origin}: {:?}", report.findings);
            assert_eq!(later, origin.ends_with("/r2"));
            assert_eq!(report.key.is_some(), sound);
            let said = "and signed by the key of another, \"example.org/ledger\"";
            assert!(sound || report.findings[0].to_string().contains(said), "{report:?}");
        }
    }
}

#[test]
fn lines_of_extensions_are_allowed() {
    let (bundle, text) = (Bundle::sound(3), checkpoint(&events(3)).text() + "an extension\n");
    let signature = NoteSignature {
        name: key(1).name().to_string(),
        key_id: key(1).vkey().id(),
        bytes: key(1).sign(text.as_bytes()).to_vec(),
    };
    bundle.write(CHECKPOINT, format!("{text}\n{signature}\n"));
    assert!(bundle.audit().is_sound());
    bundle.write(CHECKPOINT, format!("{}another\n\n{signature}\n", checkpoint(&events(3)).text()));
    assert!(bundle.findings()[0].contains("signed by none of the keys"));
}

#[test]
fn what_nothing_names_is_named() {
    let bundle = Bundle::sound(2);
    fs::create_dir(bundle.path().join("more")).unwrap();
    fs::create_dir(bundle.path().join("notices/deeper")).unwrap();
    for file in [
        "README",
        "extent.jws",
        "contexts/ab.json",
        "forms/cd.html",
        "policies/2027-01.md",
        "timestamps/note",
        "more/hidden",
        "notices/deeper/hidden",
        "a\u{1b}[2K",
    ] {
        bundle.write(file, "x");
    }
    let paths = [
        "README",
        "a\\u{1b}[2K",
        "contexts/ab.json",
        "extent.jws",
        "forms/cd.html",
        "more",
        "notices/deeper",
        "policies/2027-01.md",
        "timestamps/note",
    ];
    assert_eq!(bundle.findings(), paths.map(|path| format!("{path}{UNNAMED}")));
}

#[test]
fn what_a_file_manager_leaves_is_said_and_accuses_nobody() {
    let bundle = Bundle::sound(2);
    for file in ["notices/Thumbs.db", ".DS_Store", "desktop.ini"] {
        bundle.write(file, "x");
    }
    let report = bundle.audit();
    assert!(report.is_sound(), "{report:?}");
    let said = |file| {
        format!(
            "{file} is what a file manager leaves, and no part of the bundle: it was not looked at"
        )
    };
    assert_eq!(report.warnings, [".DS_Store", "desktop.ini", "notices/Thumbs.db"].map(said));
    // Only where somebody looked at a folder of the bundle, and only a file.
    fs::create_dir(bundle.path().join("more")).unwrap();
    bundle.write("more/.DS_Store", "x");
    fs::create_dir(bundle.path().join("forms/Thumbs.db")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", bundle.path().join("contexts/.DS_Store")).unwrap();
    bundle.write("._checkpoint", "x");
    let paths = ["._checkpoint", "contexts/.DS_Store", "forms/Thumbs.db", "more"];
    assert_eq!(bundle.findings(), paths.map(|path| format!("{path}{UNNAMED}")));
}

#[test]
fn a_folder_that_is_a_link_is_no_folder() {
    let (bundle, other) = (Bundle::sound(2), Bundle::sound(2));
    fs::remove_dir(bundle.path().join("forms")).unwrap();
    std::os::unix::fs::symlink(other.path(), bundle.path().join("forms")).unwrap();
    assert_eq!(bundle.findings(), [format!("forms{UNNAMED}")]);
}

#[test]
fn what_a_damaged_row_would_name_is_not_called_foreign() {
    let whole = events(3);
    let mut damaged = lines(&whole);
    damaged[0] = damaged[0].replace("\"body\":", "\"boby\":");
    let bundle = Bundle::new(&whole, &damaged);
    bundle.write("notices/other.txt", "x");
    bundle.write("other", "x");
    let found = bundle.findings();
    assert!(found[0].contains("line 1: the line has a member \"boby\", which no event has"));
    assert_eq!(found[1..], [format!("other{UNNAMED}")], "{found:?}");
}

#[test]
fn a_line_with_more_than_a_line_has_is_named() {
    let whole = events(2);
    let mut more = lines(&whole);
    more[1] = more[1].replace("{\"index\":1", "{\"index\":1,\"remark\":\"never mind\"");
    let found = Bundle::new(&whole, &more).findings();
    let said = format!("{EVENTS} line 2: the line has a member \"remark\", which no event has");
    assert_eq!(found, [said]);
}

#[test]
fn a_form_must_be_the_one_that_was_shown() {
    const FORM: &str = "<!-- assent 0.1.0; form trees; privacy policy 2026-11 -->\n<form></form>\n";
    let mut ledger = Ledger::history();
    let (bundle, form) = ledger.with_form(FORM);
    assert!(bundle.audit().is_sound(), "{:?}", bundle.findings());
    bundle.write(&form, FORM.replace("<form>", "<form hidden>"));
    let found = bundle.findings();
    assert!(
        found[0].starts_with(&format!("{form}: the file's SHA-256 is not the one that line 9"))
    );
    fs::remove_file(bundle.path().join(&form)).unwrap();
    let found = bundle.findings();
    assert!(found[0].starts_with(&format!("{form}: the file is missing; line 9")), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");

    for named in [json!("../keys"), json!(1), json!("AB".repeat(32)), json!(null)] {
        let bundle = Ledger::history().with_context_of(&json!({ "form": named }));
        let found = bundle.findings();
        assert!(found[0].contains("not a context as events name it; line 9"), "{found:?}");
    }
}

#[test]
fn as_many_witnesses_must_have_signed_as_are_wanted() {
    let bundle = Bundle::sound(3);
    let [one, two] = [("w/1", 21), ("w/2", 22)].map(|(name, seed)| witness(name, seed));
    let note = SignedNote::parse(&checkpoint(&events(3)).sign(&[key(1)])).unwrap();
    bundle.write(CHECKPOINT, note.with(&[line(&one, note.text(), 1_795_502_400)]).as_str());
    let asked = |quorum| {
        let witnesses = Witnesses::new(vec![one.0.clone(), two.0.clone()], quorum).unwrap();
        audit(bundle.path(), Known { witnesses: Some(&witnesses), ..Known::default() }).unwrap()
    };
    let report = asked(Some(1));
    assert!(report.is_sound(), "{report:?}");
    let seen = report.witnessed.unwrap().seen;
    let at = Cosigned::At("2026-11-24T06:40:00Z".into());
    assert_eq!(seen, [("w/1".to_owned(), at), ("w/2".to_owned(), Cosigned::Missing)]);
    let finding = "checkpoint: 1 of the witnesses that you named signed it, and 2 must have";
    assert_eq!(texts(&asked(None)), [finding]);

    // A cosignature of another head does not count, nor a line of the ledger's own key under the witness's name.
    let other = checkpoint(&events(2)).text();
    for line in [line(&one, &other, 1_795_502_400), line(&witness("w/1", 1), note.text(), 7)] {
        bundle.write(CHECKPOINT, note.with(&[line]).as_str());
        assert!(texts(&asked(Some(1)))[0].contains("0 of the witnesses"));
    }
    assert!(bundle.audit().is_sound(), "who asks for no witness is not told of any");
}

#[test]
fn after_a_loss_witnesses_need_the_checkpoint_that_they_signed_before() {
    const NOW: &str = "example.org/ledger/r2";
    let one = witness("w/1", 21);
    let cosigned = |head: &Checkpoint, signer: &str| {
        let note = SignedNote::parse(&head.sign(&[named(signer, 1)])).unwrap();
        let line = line(&one, note.text(), 1_795_502_400);
        note.with(&[line])
    };
    let mut ledger = Ledger::history();
    let before = cosigned(&checkpoint(&ledger.leaves), "example.org/ledger");
    let mut lost = ledger.clone();
    let from = before.checkpoint();
    let from = json!({ "origin": from.origin, "root": encode_hash(&from.root), "size": from.size });
    ledger.record(RecordType::Resumed, json!({ "epoch": NOW, "from": from }));
    ledger.event(EventType::Withdrawn, ADA, json!({}));
    let head = Checkpoint { origin: NOW.into(), ..checkpoint(&ledger.leaves) };
    let witnesses = Witnesses::new(vec![one.0.clone()], None).unwrap();
    let bundle = ledger.bundle();
    bundle.write(CHECKPOINT, cosigned(&head, NOW).as_str());
    let judged = |earlier| {
        let known = Known { witnesses: Some(&witnesses), earlier, ..Known::default() };
        audit(bundle.path(), known).unwrap()
    };
    let says = |earlier, words: &str| {
        let report = judged(earlier);
        assert!(report.is_sound(), "{:?}", report.findings);
        let said = report.witnessed.unwrap().to_string();
        assert!(said.contains("only since it is called example.org/ledger/r2"), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    };
    says(None, "Of the first 8 leaves they say nothing");
    says(Some(&before), "1 of them signed the checkpoint over 8 leaves that you kept");
    let bare = SignedNote::parse(&before.checkpoint().sign(&[key(1)])).unwrap();
    says(Some(&bare), "is signed by 0 of them, too few");
    // What they saw and the ledger lost is a finding.
    lost.event(EventType::Withdrawn, ADA, json!({}));
    let lost = cosigned(&checkpoint(&lost.leaves), "example.org/ledger");
    let found = texts(&judged(Some(&lost)));
    assert!(found[0].contains("those behind the first 8 were lost before"), "{found:?}");
    let said = judged(Some(&lost)).witnessed.unwrap().to_string();
    assert!(said.contains("Of the first 8 leaves they say nothing"), "{said}");
}
