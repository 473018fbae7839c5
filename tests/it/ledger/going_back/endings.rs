//! Who left or was erased stays so, whatever an older database says: endings are noted outside it.

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::outside::{Ending, EndingReason, Outside, Turn};
use macro_rules_attribute::apply;

use super::{SECOND, contacts, joins, refuses};
use crate::ledger::{EXPORT, assert_sound, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn an_erased_person_does_not_come_back_with_a_dump(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let (app, dump) = app.copied().await;
    assert_eq!(does(&app, &["erase", "ada@b.example"]), "erased\n");
    let app = app.gone_back(&dump).await;
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
    assert_eq!(app.exported("newsletter:weekly").await, ["bob@b.example"]);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'erased'").await, 1);
    // Another start has nothing left to do.
    let events = app.count("SELECT count(*) FROM consent_event").await;
    let app = app.halt().await.start(&[]).await;
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, events);
}

#[apply(both_databases!)]
async fn who_left_after_a_dump_has_left_when_it_is_back(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    let bob = joins(&app, "bob@b.example").await;
    joins(&app, "cyd@b.example").await;
    let (app, dump) = app.copied().await;
    app.post(&format!("{ada}/withdraw-all"), "").await;
    // Bob left, and came back before the dump did.
    app.post(&format!("{bob}/withdraw-all"), "").await;
    app.mail_settled().await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let app = app.gone_back(&dump).await;
    assert_eq!(app.exported("newsletter:weekly").await, ["cyd@b.example"]);
    // Who comes back after that stays, whoever starts again.
    does(&app, &["ledger", "resume"]);
    does(&app, &["mail", "resume"]);
    joins(&app, "ada@b.example").await;
    let app = app.halt().await.start(&[]).await;
    assert_eq!(app.exported("newsletter:weekly").await, ["cyd@b.example", "ada@b.example"]);
}

#[apply(both_databases!)]
async fn what_one_replica_noted_another_one_knows(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    let (app, dump) = app.copied().await;
    app.post(&format!("{ada}/withdraw-all"), "").await;
    app.core.db.outside().put_new().await.unwrap();
    // The data directory is lost with the machine; the file store is not.
    let mut stopped = app.halt().await;
    std::fs::remove_file(stopped.dir.path().join("endings.log")).unwrap();
    stopped.put_back(&dump).await;
    let app = stopped.start(&[]).await;
    assert_eq!(app.exported("newsletter:weekly").await, ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn a_command_knows_what_another_replica_noted(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    let (dir, terms) = (tempfile::tempdir().unwrap(), &app.core.flow_settings);
    let other = Outside::open(
        dir.path(),
        &app.core.files,
        terms.ledger_keys.clone(),
        terms.evidence_key.clone(),
    )
    .unwrap();
    let left = Ending {
        at: app.clock.now(),
        address_key: terms.address_secret.key(&EmailAddress::parse("ada@b.example").unwrap()),
        turn: Turn::Began,
        reason: EndingReason::Suppressed(SuppressionReason::Unsubscribed),
        purpose: Some("newsletter:weekly".parse().unwrap()),
    };
    other.note(&[left]).await.unwrap();
    other.put_new().await.unwrap();
    assert_eq!(contacts(&app), ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn nothing_is_exported_while_who_left_elsewhere_cannot_be_known(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    app.post(&format!("{ada}/withdraw-all"), "").await;
    app.core.db.outside().put_new().await.unwrap();
    let endings = app.dir.path().join("files/outside/endings");
    std::fs::remove_dir_all(&endings).unwrap();
    std::fs::write(&endings, "").unwrap();
    assert!(refuses(&app, &EXPORT).contains("what is kept outside the database cannot be reached"));
    std::fs::remove_file(&endings).unwrap();
    assert_eq!(contacts(&app), ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn staff_lift_what_they_set_and_no_start_sets_it_again(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let key = EmailAddress::parse("ada@b.example").unwrap();
    let key = app.core.flow_settings.address_secret.key(&key);
    let mut tx = app.write().await;
    assert!(assent::flows::contacts::suppress::suppress(&mut tx, &app.act(), &key).await.unwrap());
    tx.commit().await.unwrap();
    assert!(app.exported("newsletter:weekly").await.is_empty());
    let (app, dump) = app.copied().await;
    app.advance(SECOND);
    let mut tx = app.write().await;
    let why = assent::domain::text::Line::parse("a mistake").unwrap().unwrap();
    let reason = SuppressionReason::Manual;
    let lifted = assent::flows::contacts::suppress::lift(
        &mut tx,
        &app.act(),
        assent::flows::contacts::suppress::Stands { address_key: &key, reason },
        &why,
    )
    .await;
    assert_eq!(lifted.unwrap(), assent::flows::contacts::suppress::Lifted::Lifted);
    tx.commit().await.unwrap();
    let app = app.halt().await.start(&[]).await;
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    // Of an older database the safe side is kept: it stands until staff lift it again.
    let app = app.gone_back(&dump).await;
    assert!(app.exported("newsletter:weekly").await.is_empty());
}

#[apply(both_databases!)]
async fn an_ending_that_cannot_be_noted_is_not_acknowledged(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    let log = app.dir.path().join("endings.log");
    // A directory in its place can be written by nobody, root neither.
    std::fs::create_dir(&log).unwrap();
    assert_eq!(app.post(&format!("{ada}/withdraw-all"), "").await.status, 503);
    assert!(refuses(&app, &EXPORT).contains("cannot be read"), "who left cannot be known");
    std::fs::remove_dir(&log).unwrap();
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    assert_eq!(app.post(&format!("{ada}/withdraw-all"), "").await.status, 303);
    let noted = std::fs::read_to_string(&log).unwrap();
    // Both purposes by her address, and everything by that and by the key of the subscriber.
    assert_eq!(noted.lines().count(), 4, "{noted}");
    assert!(!noted.contains("ada"), "{noted}");
}

#[apply(both_databases!)]
async fn a_line_by_another_hand_stops_a_start(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    app.post(&format!("{ada}/withdraw-all"), "").await;
    let log = app.dir.path().join("endings.log");
    let noted = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, noted.replacen("began", "lifted ", 1)).unwrap();
    assert!(refuses(&app, &EXPORT).contains("line 1 is not as this program writes it"));
    // As the program would have written it, but for the MAC: nobody is made to leave by the file alone.
    let ben = app
        .core
        .flow_settings
        .address_secret
        .key(&EmailAddress::parse("ben@b.example").unwrap())
        .to_hex();
    let invented = noted.lines().next().unwrap().split(' ').enumerate();
    let invented: Vec<&str> =
        invented.map(|(at, word)| if at == 1 { ben.as_str() } else { word }).collect();
    std::fs::write(&log, format!("{noted}{}\n", invented.join(" "))).unwrap();
    assert!(refuses(&app, &EXPORT).contains("line 5 is not as this program writes it"));
    // One that a loss of power cut short is told from it.
    std::fs::write(&log, &noted[..noted.len() - 20]).unwrap();
    // The program's own check may have met the lines before.
    assert_sound(&app).await;
    assert!(contacts(&app).is_empty());
}
