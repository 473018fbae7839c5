//! That the newest head holds all that an older one held can be proved to whoever kept the older one.

use std::time::Duration;

use assent::backup::read_notes;
use assent::flows::ledger::mail_checkpoint::mail_checkpoint;
use assent_ledger::note::{SignedNote, decode_hash};
use assent_ledger::tree::{Hash, verify_consistency};
use macro_rules_attribute::apply;

use super::{WEEKLY, command, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const KEEPER: &str = "keeper@archive.example";

#[apply(both_databases!)]
async fn a_proof_leads_from_an_older_head_to_the_newest(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let old = does(&app, &["ledger", "checkpoint"]);
    let size = old.lines().nth(1).unwrap().to_owned();
    let file = app.dir.path().join("old");
    std::fs::write(&file, &old).unwrap();
    app.subscribe("bob@b.example", WEEKLY).await;
    let text = does(&app, &["ledger", "consistency", file.to_str().unwrap()]);
    assert_eq!(text, does(&app, &["ledger", "consistency", &size]));
    let (proof, note) = text.split_once("\n\n").unwrap();
    let mut lines = proof.lines();
    assert_eq!(lines.next(), Some(format!("old {size}").as_str()));
    let proof: Vec<_> = lines.map(|line| decode_hash(line).unwrap()).collect();
    let old = SignedNote::parse(&old).unwrap();
    let new = SignedNote::parse(note).unwrap();
    let (old, new) = (old.checkpoint(), new.checkpoint());
    assert!(verify_consistency(old.head(), new.head(), &proof));
    for wrong in ["9999", "99999999999999999999", "nowhere", "-1"] {
        assert_ne!(
            command(&app, &["ledger", "consistency", wrong]).status.code(),
            Some(0),
            "{wrong}"
        );
    }
    let forged = std::fs::read_to_string(&file).unwrap().replace(&format!("\n{size}\n"), "\n3\n");
    std::fs::write(&file, forged).unwrap();
    assert!(
        String::from_utf8(command(&app, &["ledger", "consistency", file.to_str().unwrap()]).stderr)
            .unwrap()
            .contains("no signed head")
    );
}

#[apply(both_databases!)]
async fn whoever_keeps_heads_is_mailed_the_proof_from_one_head_to_the_next(database: Database) {
    let app = TestApp::start(database).await;
    seal(&app).await;
    // The clock of stories stands still: no head bears the time of the first mail.
    app.advance(Duration::from_secs(1));
    let app = app.halt().await.start_sealing(&[("ASSENT_LEDGER_WITNESS_MAIL", KEEPER)]).await;
    let first = app.next_mail(KEEPER, 0).await.text;
    assert!(!first.contains("\nold "), "there is nothing before it: {first}");
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    app.advance(Duration::from_hours(25));
    let second = app.next_mail(KEEPER, 1).await.text;
    let head = |mail: &str| {
        read_notes(mail, &app.core.flow_settings.ledger_keys)[0].note.checkpoint().clone()
    };
    let (old, new) = (head(&first), head(&second));
    assert!(old.size < new.size);
    let mut lines = second.lines().skip_while(|line| *line != format!("old {}", old.size)).skip(1);
    let proof: Vec<Hash> = lines.by_ref().map_while(decode_hash).collect();
    assert!(verify_consistency(old.head(), new.head(), &proof), "{second}");
}

#[apply(both_databases!)]
async fn a_head_is_mailed_once_it_is_kept_outside(database: Database) {
    let app = TestApp::start(database).await;
    let is_mailed = async || mail_checkpoint(&app.core.db, &app.core.moment()).await.unwrap();
    seal(&app).await;
    assert!(is_mailed().await);
    app.advance(Duration::from_secs(1));
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    app.advance(Duration::from_hours(25));

    // As where the outside place is away: the head is signed, and nobody may see it yet.
    let away = "UPDATE ledger_head SET shown = (SELECT max(size) FROM checkpoint
                                                WHERE size < (SELECT max(size) FROM checkpoint))";
    assert_eq!(app.tamper(away).await.unwrap(), 1);
    assert!(!is_mailed().await, "the older head was mailed, and would be again in its place");
    assert_eq!(app.tamper("UPDATE ledger_head SET shown = size").await.unwrap(), 1);
    assert!(is_mailed().await);
    assert!(!is_mailed().await, "once a day");
}
