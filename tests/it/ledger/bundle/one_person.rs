//! One person's part of it: whole, and of nobody else.

use std::fs;

use assent_ledger::bundle::{CHECKPOINT, EVENTS, EXTENT};
use assent_ledger::digest::sha256_hex;
use assent_ledger::extent::Extent;
use assent_ledger::note::SignedNote;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{Bundle, exchange, halves, history, key, stripped, thief};
use crate::ledger::{WEEKLY, assert_refused, command, does, rows};
use crate::support::app::Database;
use crate::support::both_databases;

#[apply(both_databases!)]
async fn one_persons_part_exposes_nobody_else(database: Database) {
    let app = history(database).await;
    let part = Bundle::for_one(&app, "Ada@B.example");
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
    let of_two = Bundle::for_one(&app, "bob@b.example");
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    let earlier = Bundle::for_one(&app, "ada@b.example");
    app.subscribe("ada@b.example", WEEKLY).await;
    let part = Bundle::for_one(&app, "ada@b.example");
    for whole in [&of_two, &earlier, &part] {
        whole.audit_well(&[]);
        let (report, found) = whole.reader();
        assert!(!found, "{report}");
    }
    let keys = &app.core.flow_settings.ledger_keys;
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
