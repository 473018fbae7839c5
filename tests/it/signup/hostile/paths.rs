//! Paths and queries that lead nowhere.

use macro_rules_attribute::apply;

use super::{assert_secured, bare, status, stored};
use crate::support::app::{Database, TestApp, form};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn no_path_leads_out(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    for under in [
        "/",
        "/reports/",
        "/reports/sample/",
        "/policies/privacy/",
        "/purposes/",
        "/notices/",
        "/ledger/",
        "/ledger/tile/",
        "/assets/",
        "/confirm/",
        "/downloads/",
    ] {
        for path in [
            "%2e%2e%2fassent.db",
            "%2e%2e/%2e%2e/etc/passwd",
            "../secret.key",
            "../../../../etc/passwd",
            "..%5c..%5cassent.db",
            "..\\assent.db",
            "%252e%252e%252fassent.db",
            "%252e",
            "%00",
            "sample%00",
            "sample%00.pdf",
            "....//secret.key",
            "%2e",
            "..",
            "sample/../../secret.key",
            ";/../secret.key",
            "files/reports",
            "data/secret.key",
            "sample%20",
            "Sample",
        ] {
            let answer = bare(&app, &[&format!("GET {under}{path} HTTP/1.1"), &host]).await;
            assert_eq!(status(&answer), 404, "{under}{path}");
            let told = ["Page not found", "This link is not whole"]
                .iter()
                .any(|page| answer.contains(page));
            assert!(told, "{under}{path} has its page");
        }
    }
}

#[apply(both_databases!)]
async fn a_path_that_is_no_text_gets_a_page(database: Database) {
    let app = TestApp::start(database).await;
    for under in [
        "/reports/",
        "/policies/privacy/",
        "/purposes/",
        "/notices/",
        "/ledger/tile/",
        "/assets/",
        "/confirm/",
        "/downloads/",
    ] {
        for path in ["%ff", "sample%c0%ae%c0%ae%c0%af"] {
            let answer = app.get(&format!("{under}{path}")).await;
            assert!(matches!(answer.status, 400 | 404), "{under}{path}");
            assert!(
                answer.text().contains("</html>") && !answer.text().contains("Invalid"),
                "{under}{path}"
            );
            assert_secured(&answer);
        }
    }
}

#[apply(both_databases!)]
async fn what_is_not_offered_is_not_there(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    let draft = app.sample_report("draft", "A draft").await;
    assent::flows::catalog::add_report::add_report(
        &mut tx,
        &app.act(),
        &draft,
        assent::flows::catalog::add_report::ReportOffers::default(),
    )
    .await
    .unwrap();
    app.add_report(&mut tx, ("old", "An old report"), &[]).await;
    let old = "old".parse().unwrap();
    assent::flows::catalog::publish_report::withdraw_report(&mut tx, &app.act(), &old)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    poll::until("the withdrawal", || async {
        (app.get("/reports/old").await.status == 410).then_some(())
    })
    .await;
    for (path, expected) in
        [("/reports/unknown", 404), ("/reports/draft", 404), ("/reports/old", 410)]
    {
        for answer in [app.get(path).await, app.post(path, &form("ada@b.example", "")).await] {
            assert_eq!(answer.status, expected, "{path}");
            assert_secured(&answer);
        }
        let cover = app.get(&format!("{path}/cover")).await.status;
        assert_eq!(cover, expected, "{path}/cover");
    }
    assert_eq!(app.get("/reports/sample/cover").await.status, 404, "it has none");
    let index = app.get("/").await.text();
    assert!(
        index.contains("A sample report")
            && !index.contains("A draft")
            && !index.contains("An old report")
    );
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_broken_query_is_answered_in_our_words(database: Database) {
    let app = TestApp::start(database).await;
    for path in [
        "/check-your-inbox?word=again&word=again",
        "/check-your-inbox?word=%ff",
        "/check-your-inbox?%00=&=&&",
    ] {
        let answer = app.get(path).await;
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}: {}",
            answer.text()
        );
    }
}
