//! Whoever may write into the file store, and nowhere else, gets nothing that lies outside of it read or deleted.

use std::os::unix::fs::symlink;
use std::path::Path;

use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_refused, command, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

/// What lies in a directory, but for files that come and go by themselves.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("assent.db-")).collect();
    names.sort_unstable();
    names
}

#[apply(both_databases!)]
async fn a_folder_that_became_a_link_deletes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", WEEKLY).await;
    let ada = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{ada}/withdraw-all"), "").await.status, 303);
    seal(&app).await;
    does(&app, &["ledger", "verify"]);
    let verdict = app.dir.path().join("files/outside/verdict");
    std::fs::remove_dir_all(&verdict).unwrap();
    symlink("../..", &verdict).unwrap();
    let before = names(app.dir.path());
    assert!(
        ["address.key", "endings.log"].iter().all(|name| before.iter().any(|there| there == name)),
        "{before:?}"
    );
    let said = "files/outside/verdict is a link";
    assert_refused(&command(&app, &["ledger", "verify"]), said);
    let refused = command(&app, &EXPORT);
    assert!(refused.status.code() == Some(1) && refused.stdout.is_empty());
    assert!(String::from_utf8_lossy(&refused.stderr).contains(said));
    assert_eq!(names(app.dir.path()), before);
    // Once it is gone, everything goes on.
    std::fs::remove_file(&verdict).unwrap();
    does(&app, &["ledger", "verify"]);
    let contacts = does(&app, &EXPORT);
    assert!(
        contacts.contains("bob@b.example") && !contacts.contains("ada@b.example"),
        "{contacts}"
    );
}

#[apply(both_databases!)]
async fn a_report_that_leads_elsewhere_is_not_handed_out(database: Database) {
    let app = TestApp::start(database).await;
    let downloads = app.subscribe("ada@b.example", "").await;
    let folder = app.dir.path().join("files/reports");
    let file = folder.join(&names(&folder)[0]);
    let report = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    symlink("../../address.key", &file).unwrap();
    let path = format!("{downloads}/file");
    let answer = app.get(&path).await;
    let secret = std::fs::read_to_string(app.dir.path().join("address.key")).unwrap();
    assert!(answer.status == 503 && !answer.text().contains(secret.trim()), "{}", answer.status);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, &report).unwrap();
    assert_eq!(app.count("SELECT count(*) FROM download").await, 0, "nobody was handed anything");
    // So does a row that names what is no report.
    app.tamper("CREATE TABLE kept AS SELECT * FROM report").await.unwrap();
    let object = app.core.files.create("outside/endings-of-old/x", "whose addresses").await;
    assert!(object.unwrap());
    app.tamper("UPDATE report SET file_key = 'outside/endings-of-old/x'").await.unwrap();
    assert_eq!(app.get(&path).await.status, 503);
    app.tamper("UPDATE report SET file_key = (SELECT file_key FROM kept)").await.unwrap();
    assert_eq!(app.get(&path).await.body, report);
}
