//! What the page shows; looking changes nothing.

use std::time::Duration;

use macro_rules_attribute::apply;

use super::{ADA, WEEKLY, state, subscribed};
use crate::support::app::{Database, TestApp};
use crate::support::page_form::is_ticked;
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn looking_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    let receipt = app
        .get(&page)
        .await
        .text()
        .split("/receipts/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    app.mail_settled().await;
    let before = state(&app).await;
    let paths = [
        "/preferences".to_owned(),
        page.clone(),
        format!("{page}/my-data"),
        format!("{page}/my-data.json"),
        format!("{page}/receipts/{receipt}"),
    ];
    for _ in 0..50 {
        for path in &paths {
            for method in ["GET", "HEAD"] {
                assert_eq!(
                    app.send(app.request(method, path)).await.status,
                    200,
                    "{method} {path}"
                );
            }
        }
    }
    for path in ["/withdraw-all", "/erase"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(app.send(app.request(method, &format!("{page}{path}"))).await.status, 405);
        }
    }
    for query in
        ["word=saved", "word=withdrawn", "word=%3Cscript%3E", "purpose=", "confirm=yes", "%ff"]
    {
        let shown = app.get(&format!("{page}?{query}")).await;
        assert!(shown.status == 200 && !shown.text().contains("<script"));
    }
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn the_page_shows_words_state_and_since(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    poll::until("the second newsletter", || async {
        app.get("/newsletters").await.text().contains("The daily").then_some(())
    })
    .await;
    let page = subscribed(&app, ADA).await;
    let shown = app.get(&page).await.text();
    for there in [
        "Sample Press may hold and process",
        "Subscribe me to The weekly",
        "Subscribe me to The daily",
        "Agreed</span> since 23 November 2026",
        "Not agreed</span>",
        "/policies/privacy/2026-11",
        "value=\"Ada\"",
        "ada@b.example",
        "withdraw-all",
        "/my-data",
        "/erase",
    ] {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert!(
        is_ticked(&shown, "privacy-policy")
            && is_ticked(&shown, WEEKLY)
            && !is_ticked(&shown, "newsletter:daily")
    );
    app.advance(Duration::from_hours(72));
    assert_eq!(app.post(&page, "policy=2026-11&purpose=privacy-policy").await.status, 303);
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains("Withdrawn</span> since 26 November 2026") && !is_ticked(&shown, WEEKLY),
        "{shown}"
    );
}
