//! Exports at the console: counted and shown first, taken away on record, made in the background when they
//! are many.

mod choosing;
mod files;
mod jobs;
mod record;

use std::time::Duration;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::desk::TestDesk;
use crate::support::poll;

const WEEKLY: &str = "newsletter:weekly";
const TICKED: &str = "&newsletter=weekly";
const CHOSEN: &str = "purpose=newsletter%3Aweekly";
const DOWNLOAD: &str = "/console/exports/consented?purpose=newsletter%3Aweekly";

async fn two_subscribers(app: &TestApp) {
    app.subscribe("ada@b.example", &format!("&name=Ada+Hughes&organisation=%3D1%2B1{TICKED}"))
        .await;
    app.subscribe("bob@b.example", TICKED).await;
}

/// The program with more contacts than go straight to a browser.
async fn with_too_many(database: Database) -> TestApp {
    let app =
        TestApp::start_tuned(database, &[], |core| core.flow_settings.streamed_most = 1).await;
    app.publish_samples().await;
    two_subscribers(&app).await;
    app
}

/// Has a file made; gives the path of its page.
async fn begin(desk: &TestDesk<'_>, fields: &str) -> String {
    let answer = desk.post("/console/exports", fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (path, word) = answer.location().split_once('?').unwrap();
    assert_eq!(word, "word=started");
    path.to_owned()
}

/// The page of a run once it holds these words.
async fn page_with(desk: &TestDesk<'_>, path: &str, words: &str) -> String {
    poll::within(Duration::from_secs(30), words, || async {
        Some(desk.page(path).await).filter(|page| page.contains(words))
    })
    .await
}

fn is_attachment(answer: &Answer, ending: &str) -> bool {
    let name = answer.header("content-disposition");
    name.starts_with("attachment; filename=\"newsletter-weekly-")
        && name.ends_with(&format!("2026-11-23.{ending}\""))
        && answer.header("cache-control") == "no-store"
}
