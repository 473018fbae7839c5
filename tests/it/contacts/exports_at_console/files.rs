//! Files that were made: handed out as they were made, and deleted after a day.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::random::Moments;
use assent::sealing::verify::verify;
use assent::worker::tasks::forget_exports::forget_exports;
use macro_rules_attribute::apply;

use super::{CHOSEN, begin, page_with, with_too_many};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

#[apply(both_databases!)]
async fn a_file_that_was_changed_is_not_handed_out(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, CHOSEN).await;
    page_with(&desk, &path, "Download the file").await;
    let mut files = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    let made = std::fs::read(&file).unwrap();
    let changed = String::from_utf8(made.clone()).unwrap().replace("ada@", "eve@");
    std::fs::write(&file, changed).unwrap();
    let answer = desk.get(&format!("{path}/file")).await;
    assert!(answer.status == 410 && answer.text().contains("not the one that was made"));
    assert!(!answer.text().contains("bob@"));
    assert_eq!(audit(&app, "export.file").await.len(), 0);
    std::fs::write(&file, &made).unwrap();
    assert_eq!(desk.get(&format!("{path}/file")).await.body, made);
}

#[apply(both_databases!)]
async fn another_export_s_file_is_not_handed_out(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, &format!("{CHOSEN}&format=csv")).await;
    page_with(&desk, &path, "Download the file").await;
    let other = begin(&desk, &format!("{CHOSEN}&format=xlsx")).await;
    page_with(&desk, &other, "Download the file").await;
    let core = &app.core;
    let findings = || async {
        verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), |_| ())
            .await
            .unwrap()
            .findings
    };
    assert!(findings().await.is_empty());
    app.tamper(
        "UPDATE export_run SET file_key = (SELECT o.file_key FROM export_run o WHERE o.format = 'xlsx'),
                 byte_size = (SELECT o.byte_size FROM export_run o WHERE o.format = 'xlsx'),
                 sha256 = (SELECT o.sha256 FROM export_run o WHERE o.format = 'xlsx')
             WHERE format = 'csv'",
    ).await.unwrap();
    let answer = desk.get(&format!("{path}/file")).await;
    assert!(answer.status == 410 && answer.text().contains("not the one that was made"));
    assert_eq!(audit(&app, "export.file").await.len(), 0);
    assert_eq!(desk.get(&format!("{other}/file")).await.status, 200);
    let told = findings().await;
    assert!(told.iter().any(|what| what.contains("it did not hold what its row says")), "{told:?}");
}

#[apply(both_databases!)]
async fn a_finished_file_lives_for_a_day(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, CHOSEN).await;
    page_with(&desk, &path, "Download the file").await;
    let forget = || async {
        forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap()
    };
    app.advance(Duration::from_hours(23));
    assert_eq!(forget().await, 0);
    app.advance(Duration::from_hours(1));
    assert_eq!(forget().await, 1);
    // A day later the session is over too.
    let desk = app.sign_in(Role::Marketing).await;
    let gone = desk.get(&format!("{path}/file")).await;
    assert!(gone.status == 410 && gone.text().contains("deleted"));
    assert!(desk.page(&path).await.contains("Expired"));
    let left: Vec<_> = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(audit(&app, "export.expired").await.len(), 1);
    assert_eq!(forget().await, 0);
}

#[apply(both_databases!)]
async fn files_of_workers_that_died_over_them_are_swept(database: Database) {
    let app = TestApp::start(database).await;
    let directory = app.dir.path().join("files/exports");
    std::fs::create_dir_all(&directory).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        + Duration::from_micros(app.clock.now().micros().try_into().unwrap());
    // What a store leaves of a file that never came to its end has a name that it does not list.
    let [old, begun, new] = [(1, "csv"), (2, "csv#1"), (3, "csv")]
        .map(|(claims, ending)| format!("0198a0d1-c9a8-7b3c-8d4e-5f60718293a4-{claims}.{ending}"));
    for (name, hours) in [(&*old, 49), (&*begun, 49), (&*new, 47), ("no-export.csv", 49)] {
        let file = std::fs::File::create(directory.join(name)).unwrap();
        file.set_modified(now - Duration::from_hours(hours)).unwrap();
    }
    // The program may have done so already.
    forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap();
    let mut left: Vec<_> =
        std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, [&*new, "no-export.csv"]);

    // Nothing of what a link leads to goes.
    std::fs::remove_dir_all(&directory).unwrap();
    std::os::unix::fs::symlink("..", &directory).unwrap();
    let bait = app.dir.path().join("files").join(&old);
    let file = std::fs::File::create(&bait).unwrap();
    file.set_modified(now - Duration::from_hours(49)).unwrap();
    let refused =
        forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap_err();
    assert!(refused.to_string().contains("files/exports is a link"), "{refused}");
    assert!(bait.exists());
}

#[apply(both_databases!)]
async fn a_row_that_names_another_file_deletes_nothing(database: Database) {
    let app = with_too_many(database).await;
    app.seal().await;
    let desk = app.sign_in(Role::Marketing).await;
    for format in ["csv", "ndjson", "xlsx"] {
        let path = begin(&desk, &format!("{CHOSEN}&format={format}")).await;
        page_with(&desk, &path, "Download the file").await;
    }
    let keys = app.core.files.keys().await.unwrap();
    let head = keys.iter().find(|key| key.starts_with("outside/heads/")).unwrap();
    let names_head = format!("UPDATE export_run SET file_key = '{head}' WHERE format = 'csv'");
    app.tamper(names_head.leak()).await.unwrap();
    app.tamper("UPDATE export_run SET file_key = (SELECT o.file_key FROM export_run o WHERE o.format = 'csv')
                    WHERE format = 'ndjson'").await.unwrap();
    app.advance(Duration::from_hours(24));
    let forget = || async {
        let at = app.core.moment();
        let forgotten = forget_exports(&app.core.db, &app.core.files, &at);
        tokio::time::timeout(Duration::from_mins(1), forgotten).await.expect("an end").unwrap()
    };
    // The one whose row says where its file lies.
    assert_eq!(forget().await, 1);
    let expired = || async { audit(&app, "export.expired").await.len() };
    let kept = "SELECT count(*) FROM export_run WHERE state = 'done' AND file_key IS NOT NULL";
    assert_eq!((expired().await, app.count(kept).await), (1, 2));
    // Whatever the state of such a row is: nothing goes on for ever, or without being written down.
    app.tamper("UPDATE export_run SET state = 'failed', reason = 'x' WHERE format = 'ndjson'")
        .await
        .unwrap();
    app.tamper("UPDATE export_run SET file_key = 'exports/not-a-run-1.csv' WHERE format = 'csv'")
        .await
        .unwrap();
    assert_eq!(forget().await, 0);
    assert_eq!(expired().await, 1);
    assert!(app.core.files.find(head).await.unwrap().is_some());
    let left = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap().count();
    assert_eq!(left, 2, "of the other two");
}
