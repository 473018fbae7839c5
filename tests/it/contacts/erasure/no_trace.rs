//! No byte of what was erased is left in a file.

use std::path::Path;

use assent::store::contacts::subscribers;

use super::{ADA, TICKED, TYPED, choices, subscriber_id};
use crate::support::app::{Database, TestApp};
use crate::support::poll;

/// Where in the files under `dir`, but for mail that was sent, one of these texts stands.
fn found_in(dir: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "mailbox" {
                found.extend(found_in(&path, texts));
            }
            continue;
        }
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        for text in texts {
            let text = text.to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(format!("{text} in {}", path.display()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_what_was_erased_is_left_in_the_file() {
    let app = TestApp::start_sealing(Database::Sqlite, &[]).await;
    for n in 0..20 {
        app.subscribe(&format!("r{n}@b.example"), "&newsletter=weekly").await;
    }
    let download = app.subscribe(ADA, TYPED).await;
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    app.ask_and_read(ADA, "&name=Augusta+Byron-King").await;
    assert_eq!(app.post("/preferences", "email=ada.byron%40northmoor.example").await.status, 303);
    app.next_mail(ADA, 3).await;
    app.mail_settled().await;
    let traces = [ADA, "ada.byron", "Byron-King"];
    assert!(!found_in(app.dir.path(), &traces).is_empty(), "it was there");
    let page = choices(&app, ADA);
    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    // Whoever reads at this moment keeps the log; then the worker empties it.
    poll::until("the last byte to go", || async {
        found_in(app.dir.path(), &traces).is_empty().then_some(())
    })
    .await;
    assert_eq!(app.exported("privacy-policy").await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_runs_meanwhile_keeps_no_byte_of_it_either() {
    let app = TestApp::start_sealing(Database::Sqlite, &[]).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    let mut reading = app.read().await;
    assert!(subscribers::find(&mut reading, subscriber_id(&app, &page)).await.unwrap().is_some());
    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    drop(reading);
    poll::until("the last byte to go", || async {
        found_in(app.dir.path(), &[ADA, "Byron-King"]).is_empty().then_some(())
    })
    .await;
}
