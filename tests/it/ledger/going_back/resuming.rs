//! After a loss only an act goes on, `ledger resume`, and under another name.

use assent::store::Db;
use assent_ledger::event_type::EventType;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{contacts, joins, not_level, readiness, refuses};
use crate::ledger::{EXPORT, assert_sound, does, rows, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_heads;

/// The same program after all heads outside the database were lost.
async fn without_heads(app: TestApp) -> TestApp {
    let stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    stopped.start(&[]).await
}

/// The receipt of the newest giving, in a file of this name.
async fn write_receipt(app: &TestApp, name: &str) -> String {
    let rows = rows(&app.core.db).await;
    let given = rows.iter().rfind(|row| row.event_type == EventType::Given).unwrap();
    let receipt = does(app, &["ledger", "receipt", &given.event_id.to_string()]);
    let file = app.dir.path().join(name);
    std::fs::write(&file, receipt).unwrap();
    file.to_str().unwrap().to_owned()
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
    let renamed = assent_ledger::note::VerifyingKey::parse(keys.lines().nth(2).unwrap()).unwrap();
    let signed = assent_ledger::note::SignedNote::parse(&head).unwrap();
    assert!(renamed.name().as_str().ends_with("/r2"));
    let by_its_new_name = renamed.to_string();
    assert!(signed.verified_by(&[renamed]).is_some());
    let bundle = app.dir.path().join("bundle");
    does(&app, &["ledger", "bundle", bundle.to_str().unwrap()]);
    does(&app, &["ledger", "audit", bundle.to_str().unwrap(), "--key", key]);
    // A head over what was lost is named as such; one of before the loss still holds.
    let (dir, lost_head) = (bundle.to_str().unwrap(), lost.to_str().unwrap());
    let told = refuses(&app, &["ledger", "audit", dir, "--key", key, "--checkpoint", lost_head]);
    assert!(told.contains("were lost before the ledger went on as"), "{told}");
    let kept = kept.to_str().unwrap();
    does(&app, &["ledger", "audit", dir, "--key", key, "--checkpoint", kept]);
    assert!(refuses(&app, &["ledger", "consistency", lost.to_str().unwrap()]).contains("lost"));
    // So is a receipt over such a head.
    does(&app, &["ledger", "audit-receipt", &receipt, "--key", key, "--bundle", dir]);
    does(&app, &["ledger", "audit-receipt", &lost_receipt, "--key", key]);
    let told =
        refuses(&app, &["ledger", "audit-receipt", &lost_receipt, "--key", key, "--bundle", dir]);
    assert!(told.contains("were lost before the ledger went on as"), "{told}");
    // The key counts by either of its names.
    let renamed = &by_its_new_name;
    does(&app, &["ledger", "audit", dir, "--key", renamed, "--checkpoint", kept]);
    let now = write_receipt(&app, "now.jws").await;
    does(&app, &["ledger", "audit-receipt", &receipt, "--key", renamed, "--bundle", dir]);
    does(&app, &["ledger", "audit-receipt", &now, "--key", renamed]);
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
