//! A database that went back in time, or a copy that goes on by itself, neither signs nor hands out anything until
//! somebody says so; and it brings nobody back who left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assent::domain::consent::event::EventType;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::flows::Error;
use assent::flows::ledger::keep_known::keep_known;
use assent::flows::ledger::standing::find_standing;
use assent::notary::seal_all;
use assent::outside::{Ending, EndingReason, Head, Outside, Turn};
use assent::store::Db;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{EXPORT, WEEKLY, assert_sound, check, command, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_heads;

/// Whoever starts again at another moment draws other chances.
pub const SECOND: Duration = Duration::from_secs(1);

/// Subscribes to the newsletter, and gives the path of the page of one's choices.
pub async fn joins(app: &TestApp, email: &str) -> String {
    app.subscribe(email, WEEKLY).await;
    let link = app.mail_to(email).pop().unwrap().link("/preferences/");
    // A program that is started again has another port.
    link.strip_prefix(&app.base).unwrap().to_owned()
}

/// The newsletter's contacts, as the command exports them.
pub fn contacts(app: &TestApp) -> Vec<String> {
    let csv = does(app, &EXPORT);
    csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

/// What a command that refuses says.
pub fn refuses(app: &TestApp, arguments: &[&str]) -> String {
    let output = command(app, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
}

pub async fn not_level(app: &TestApp) -> String {
    let core = &app.core;
    match seal_all(&core.db, &core.terms, &core.clock, &core.random).await {
        Err(Error::NotLevel(why)) => why,
        other => panic!("it must not be sealed: {other:?}"),
    }
}

/// How many entries the head covers that anybody may see.
pub async fn shown(app: &TestApp) -> u64 {
    let note = app.get("/ledger/checkpoint").await.text();
    assent::ledger::note::SignedNote::parse(&note).unwrap().checkpoint().size
}

/// The same program after all heads outside the database were lost.
async fn without_heads(app: TestApp) -> TestApp {
    let stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    stopped.start(&[]).await
}

/// The heads in both places, each a file of its own.
pub fn head_files(dir: &Path) -> BTreeSet<PathBuf> {
    let places = ["outside", "files/outside"];
    let mut folders = places.map(|place| dir.join(place).join("heads")).to_vec();
    let mut files = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    files
}

/// The receipt of the newest giving, in a file of this name.
async fn write_receipt(app: &TestApp, name: &str) -> String {
    let rows = super::rows(&app.core.db).await;
    let given = rows.iter().rfind(|row| row.event_type == EventType::Given).unwrap();
    let receipt = does(app, &["ledger", "receipt", &given.event_id.to_string()]);
    let file = app.dir.path().join(name);
    std::fs::write(&file, receipt).unwrap();
    file.to_str().unwrap().to_owned()
}

pub async fn newest_head(app: &TestApp) -> Head {
    app.core.db.outside().newest_head().await.unwrap().unwrap()
}

async fn readiness(app: &TestApp) -> String {
    app.get("/readyz").await.text()
}

/// Whoever holds the database undoes all of it since it had so many entries: rows, heads, and what the tiles hold of
/// them.
pub async fn cut_back(app: &TestApp, size: i64) {
    let triggers: &[&str] = match app.core.db {
        Db::Sqlite { .. } => &[
            "DROP TRIGGER consent_event_is_kept",
            "DROP TRIGGER checkpoint_is_kept",
            "DROP TRIGGER ledger_record_is_kept",
        ],
        Db::Postgres { .. } => &[
            "ALTER TABLE consent_event DISABLE TRIGGER USER",
            "ALTER TABLE checkpoint DISABLE TRIGGER USER",
            "ALTER TABLE ledger_record DISABLE TRIGGER USER",
        ],
    };
    for sql in triggers {
        app.tamper(sql).await.unwrap();
    }
    for sql in [
        "DELETE FROM consent WHERE event_id IN (SELECT event_id FROM consent_event WHERE leaf_index >= SIZE)",
        "DELETE FROM consent_event WHERE leaf_index >= SIZE",
        "DELETE FROM ledger_record WHERE leaf_index >= SIZE OR leaf_index IS NULL",
        "DELETE FROM checkpoint WHERE size > SIZE",
        "UPDATE ledger_head SET size = SIZE, shown = SIZE",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 32 * SIZE)",
    ] {
        let sql: &'static str = sql.replace("SIZE", &size.to_string()).leak();
        app.tamper(sql).await.unwrap();
    }
}

/// A program, and another one on a copy of its database: both have the same file store, as after a restore or a
/// standby's promotion.
async fn with_twin(app: TestApp) -> (TestApp, TestApp) {
    let stopped = app.halt().await;
    let twin = stopped.twin().await;
    let files = format!("file:{}", stopped.dir.path().join("files").display());
    (stopped.start(&[]).await, twin.start(&[("ASSENT_FILES_URL", &files)]).await)
}

#[apply(both_databases!)]
async fn rows_cut_back_to_an_older_head_are_missed(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = app.count("SELECT size FROM ledger_head").await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let newest = app.count("SELECT size FROM ledger_head").await;
    assert_sound(&app).await;
    cut_back(&app, size).await;
    let found = check(&app).await;
    let missing = format!("covers {newest} entries, and this ledger has {size}");
    assert!(
        found.findings.iter().any(|finding| finding.contains(&missing)),
        "{:?}",
        found.findings
    );
    assert!(not_level(&app).await.starts_with("the database is behind"));
    assert!(refuses(&app, &EXPORT).contains("the database is behind"));
    assert!(refuses(&app, &["withdrawals"]).contains("the database is behind"));
    assert!(refuses(&app, &["ledger", "verify"]).contains("ledger resume"));
    assert!(refuses(&app, &["check"]).contains("ledger: the database is behind"));
}

#[apply(both_databases!)]
async fn the_newest_head_counts_though_the_one_behind_this_one_is_gone(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let (app, dump) = app.copied().await;
    let before = head_files(app.dir.path());
    super::super::sealing::append(&app, 1).await;
    seal(&app).await;
    let behind = head_files(app.dir.path());
    super::super::sealing::append(&app, 1).await;
    seal(&app).await;
    let newest = shown(&app).await;
    let mut stopped = app.halt().await;
    stopped.put_back(&dump).await;
    let gone: Vec<&PathBuf> = behind.difference(&before).collect();
    assert!(gone.len() >= 2, "one in each place: {gone:?}");
    for file in gone {
        std::fs::remove_file(file).unwrap();
    }
    let app = stopped.start(&[]).await;
    let told = not_level(&app).await;
    assert!(
        told.starts_with("the database is behind")
            && told.contains(&format!("covers {newest} entries")),
        "{told}"
    );
    assert!(refuses(&app, &EXPORT).contains("the database is behind"));
    assert!(refuses(&app, &["withdrawals"]).contains("the database is behind"));
    assert!(refuses(&app, &["check"]).contains("ledger: the database is behind"));
    assert!(does(&app, &["ledger", "resume"]).contains("/r2"));
}

#[apply(both_databases!)]
async fn of_a_ledger_and_its_copy_one_goes_on(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = shown(&app).await;
    let (app, twin) = with_twin(app).await;
    seal(&twin).await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    joins(&twin, "eve@b.example").await;
    assert!(not_level(&twin).await.starts_with("the database is behind"));
    // Nobody was shown a head of the copy that is not one of the ledger.
    assert!(shown(&app).await > size);
    assert_eq!(shown(&twin).await, size);
    twin.core.look_outside().await.unwrap();
    assert!(readiness(&twin).await.contains("the database is behind"));
    assert!(readiness(&twin).await.contains("mail: paused"));
    assert!(!readiness(&app).await.contains("behind"));
}

#[apply(both_databases!)]
async fn two_who_sign_at_once_never_both_show_it(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = shown(&app).await;
    let (app, twin) = with_twin(app).await;
    for (other, events) in [(&app, 1), (&twin, 2)] {
        super::super::sealing::append(other, events).await;
    }
    let seal = |app: &TestApp| {
        let core = app.core.clone();
        async move { seal_all(&core.db, &core.terms, &core.clock, &core.random).await }
    };
    let (one, two) = tokio::join!(seal(&app), seal(&twin));
    assert!(one.is_ok() != two.is_ok(), "{one:?}, {two:?}");
    let heads = [shown(&app).await, shown(&twin).await];
    assert_eq!(heads.iter().filter(|head| **head == size).count(), 1, "{heads:?}");
}

#[apply(both_databases!)]
async fn whoever_signed_beside_is_told_the_newest_head(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let (app, twin) = with_twin(app).await;
    // The copy signs a head, and before that is kept outside, the ledger itself goes on, twice.
    super::super::sealing::append(&twin, 9).await;
    let mut tx = twin.write().await;
    let sealed =
        assent::flows::ledger::seal::seal(&mut tx, &twin.core.moment(), &twin.core.terms).await;
    assert_eq!(sealed.unwrap(), assent::flows::ledger::seal::Sealed::Some);
    for _ in 0..2 {
        super::super::sealing::append(&app, 1).await;
        seal(&app).await;
    }
    tx.commit().await.unwrap();
    let told = not_level(&twin).await;
    let newest = format!("was signed, which covers {} entries", shown(&app).await);
    assert!(
        told.starts_with("the database is beside its ledger") && told.contains(&newest),
        "{told}"
    );
}

#[apply(both_databases!)]
async fn of_several_heads_the_newest_that_is_missing_counts(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    app.advance(SECOND);
    let stopped = app.halt().await;
    let elsewhere = stopped.twin().await;
    let dump = stopped.copy().await;
    let app = stopped.start(&[]).await;
    let mut heads = vec![];
    for _ in 0..3 {
        super::super::sealing::append(&app, 1).await;
        seal(&app).await;
        heads.push(newest_head(&app).await);
    }
    // They come in any order, and the machine knows none of them.
    let mut stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    stopped.put_back(&dump).await;
    let back = stopped.start(&[]).await;
    keep_known(
        &back.core.db,
        &back.core.terms,
        &[heads[1].clone(), heads[2].clone(), heads[0].clone()],
    )
    .await
    .unwrap();
    let newest = format!("covers {} entries", heads[2].size());
    assert!(not_level(&back).await.contains(&newest));
    // Given again, an older one changes nothing.
    keep_known(&back.core.db, &back.core.terms, &heads[..1]).await.unwrap();
    assert!(not_level(&back).await.contains(&newest));

    // One of a copy leads elsewhere, even where it covers less.
    let copy = elsewhere.start(&[]).await;
    for _ in 0..5 {
        super::super::sealing::append(&copy, 1).await;
        seal(&copy).await;
    }
    keep_known(&copy.core.db, &copy.core.terms, &heads[..1]).await.unwrap();
    let told = not_level(&copy).await;
    let covers = format!("covers {} entries and leads elsewhere", heads[0].size());
    assert!(
        told.starts_with("the database is beside its ledger") && told.contains(&covers),
        "{told}"
    );
}

#[apply(both_databases!)]
async fn whoever_looks_while_others_seal_misses_nothing(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let sealed = std::cell::Cell::new(false);
    let seals = async {
        for _ in 0..20 {
            super::super::sealing::append(&app, 1).await;
            seal(&app).await;
        }
        sealed.set(true);
    };
    let looks = async {
        while !sealed.get() {
            let standing = find_standing(&app.core.db, &app.core.terms.ledger_keys).await.unwrap();
            assert!(standing.is_level(), "{standing}");
        }
    };
    tokio::join!(seals, looks);
    assert!(!readiness(&app).await.contains("paused"));
}

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
    let (dir, terms) = (tempfile::tempdir().unwrap(), &app.core.terms);
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
    let key = app.core.terms.address_secret.key(&key);
    let mut tx = app.write().await;
    assert!(
        assent::flows::contacts::suppress::suppress(&mut tx, &app.core.moment(), "test", &key)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    assert!(app.exported("newsletter:weekly").await.is_empty());
    let (app, dump) = app.copied().await;
    app.advance(SECOND);
    let mut tx = app.write().await;
    let why = assent::domain::text::Line::parse("a mistake").unwrap().unwrap();
    let reason = SuppressionReason::Manual;
    let lifted = assent::flows::contacts::suppress::lift(
        &mut tx,
        &app.core.moment(),
        "test",
        (&key, reason),
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
    let ben =
        app.core.terms.address_secret.key(&EmailAddress::parse("ben@b.example").unwrap()).to_hex();
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

#[apply(both_databases!)]
async fn heads_that_are_all_gone_need_an_act(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    // Of one place, the other knows.
    std::fs::remove_dir_all(app.dir.path().join("outside")).unwrap();
    seal(&app).await;
    let app = without_heads(app).await;
    assert!(
        not_level(&app).await.starts_with("the heads that were kept outside the database are gone")
    );
    assert!(refuses(&app, &EXPORT).contains("ledger resume"));
    // An upgrade is told from a loss: a version before kept none.
    app.tamper("UPDATE ledger_head SET shown = NULL").await.unwrap();
    seal(&app).await;
    assert_sound(&app).await;
    let app = without_heads(app).await;
    does(&app, &["ledger", "resume"]);
    assert_sound(&app).await;
    assert_eq!(contacts(&app), ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn no_sql_goes_on_in_the_place_of_an_act(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    app.tamper("UPDATE ledger_head SET epoch = 2").await.unwrap();
    assert!(not_level(&app).await.contains("went on after a loss"), "its heads were signed before");
    app.tamper(
        "INSERT INTO ledger_epoch (epoch, from_size, resumed_at)
                    SELECT 2, size, (SELECT max(created_at) FROM checkpoint) FROM ledger_head",
    )
    .await
    .unwrap();
    assert!(not_level(&app).await.contains("went on after a loss"), "it has no head of its own");
    assert!(refuses(&app, &EXPORT).contains("ledger resume"));
    // The act goes on from it; that the row is nobody's stays a finding while it is there.
    let told = refuses(&app, &["ledger", "resume"]);
    assert!(told.contains("/r3") && told.contains("/r2, and no leaf began that"), "{told}");
    app.tamper(match app.core.db {
        Db::Sqlite { .. } => "DROP TRIGGER ledger_epoch_is_kept",
        Db::Postgres { .. } => "ALTER TABLE ledger_epoch DISABLE TRIGGER USER",
    })
    .await
    .unwrap();
    assert_eq!(app.tamper("DELETE FROM ledger_epoch WHERE epoch = 2").await.unwrap(), 1);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn after_an_act_everything_goes_on_under_another_name(database: Database) {
    let app = TestApp::start(database).await;
    let ada = joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let kept = app.dir.path().join("kept");
    std::fs::write(&kept, does(&app, &["ledger", "checkpoint"])).unwrap();
    let receipt = write_receipt(&app, "kept.jws").await;
    let (app, dump) = app.copied().await;
    let cursor = (app.count("SELECT size FROM ledger_head").await - 1).to_string();
    app.post(&format!("{ada}/withdraw-all"), "").await;
    joins(&app, "cyd@b.example").await;
    seal(&app).await;
    let lost = app.dir.path().join("lost");
    std::fs::write(&lost, does(&app, &["ledger", "checkpoint"])).unwrap();
    let lost_receipt = write_receipt(&app, "lost.jws").await;
    let app = app.gone_back(&dump).await;
    app.mail_settled().await;
    // Nothing is exported, mailed or signed.
    assert!(refuses(&app, &EXPORT).contains("the database is behind"));
    assert!(refuses(&app, &["withdrawals", "--after", &cursor]).contains("the database is behind"));
    let inbox = app.inbox().len();
    app.ask("dee@b.example").await;
    assert!(readiness(&app).await.contains("mail: paused until `assent mail resume`"));
    assert!(not_level(&app).await.contains("behind"));
    let told = does(&app, &["ledger", "resume"]);
    assert!(told.contains("/r2"), "{told}");
    assert!(refuses(&app, &["ledger", "resume"]).contains("nothing to resume"));
    assert_eq!(contacts(&app), ["bob@b.example"]);
    assert_sound(&app).await;
    assert_eq!(app.inbox().len(), inbox, "mail still waits");
    assert_eq!(does(&app, &["mail", "resume"]), "mail leaves again\n");
    assert_eq!(does(&app, &["mail", "resume"]), "mail was not kept back\n");
    app.next_mail("dee@b.example", 0).await;
    // The ledger goes on: heads, bundles, receipts.
    let head = does(&app, &["ledger", "checkpoint"]);
    assert!(head.lines().next().unwrap().ends_with("/ledger/r2"), "{head}");
    let keys = does(&app, &["ledger", "key"]);
    let key = keys.lines().next().unwrap();
    let renamed = assent::ledger::note::VerifyingKey::parse(keys.lines().nth(2).unwrap()).unwrap();
    let signed = assent::ledger::note::SignedNote::parse(&head).unwrap();
    assert!(renamed.name().as_str().ends_with("/r2") && signed.verified_by(&[renamed]).is_some());
    let bundle = app.dir.path().join("bundle");
    does(&app, &["ledger", "bundle", bundle.to_str().unwrap()]);
    does(&app, &["ledger", "audit", bundle.to_str().unwrap(), "--key", key]);
    // A head over what was lost is named as such; one of before the loss still holds.
    let (dir, lost_head) = (bundle.to_str().unwrap(), lost.to_str().unwrap());
    let told = refuses(&app, &["ledger", "audit", dir, "--key", key, "--checkpoint", lost_head]);
    assert!(told.contains("were lost before the ledger went on as"), "{told}");
    does(&app, &["ledger", "audit", dir, "--key", key, "--checkpoint", kept.to_str().unwrap()]);
    assert!(refuses(&app, &["ledger", "consistency", lost.to_str().unwrap()]).contains("lost"));
    // So is a receipt over such a head.
    does(&app, &["ledger", "audit-receipt", &receipt, "--key", key, "--bundle", dir]);
    does(&app, &["ledger", "audit-receipt", &lost_receipt, "--key", key]);
    let told =
        refuses(&app, &["ledger", "audit-receipt", &lost_receipt, "--key", key, "--bundle", dir]);
    assert!(told.contains("were lost before the ledger went on as"), "{told}");
    // Cursors of before lead nowhere; those of now do.
    assert!(refuses(&app, &["withdrawals", "--after", &cursor]).contains("take a new export"));
    let all = does(&app, &["withdrawals", "--format", "ndjson"]);
    let newest: Value = serde_json::from_str(all.lines().last().unwrap()).unwrap();
    assert_eq!(newest["event"], json!("withdrawn"));
    let cursor = newest["cursor"].as_str().unwrap();
    assert!(cursor.starts_with("r2."), "{cursor}");
    assert_eq!(does(&app, &["withdrawals", "--after", cursor, "--format", "ndjson"]), "");
    // A second loss has a third name.
    let app = app.gone_back(&dump).await;
    assert!(does(&app, &["ledger", "resume"]).contains("/r3"));
    assert_sound(&app).await;
    assert_eq!(contacts(&app), ["bob@b.example"]);
}
