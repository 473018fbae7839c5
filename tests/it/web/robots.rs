//! What search engines are told: what they need not ask for, and what they must not list.

use serde_json::Value;

use crate::support::app::{Database, TestApp};

const ADA: &str = "ada@b.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_need_not_ask_for_what_is_not_for_readers() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    let answer = app.get("/robots.txt").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    let lines = [
        "User-agent: *",
        "Disallow: /console",
        "Disallow: /api/",
        "Disallow: /dev/",
        "Allow: /",
        "",
    ];
    assert_eq!(answer.text(), lines.join("\n"));

    let looked = app.send(app.request("HEAD", "/robots.txt")).await;
    assert_eq!((looked.status, looked.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(looked.header("content-length"), answer.body.len().to_string());
    assert_eq!(app.post("/robots.txt", "").await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_list_nothing_that_is_somebodys() {
    let app = TestApp::start(Database::Sqlite).await;
    let download = app.subscribe(ADA, "").await;
    app.seal().await;
    let choices = app.mail_to(ADA)[1].link("/preferences/");
    let data = format!("{choices}/my-data.json");
    let held: Value = serde_json::from_slice(&app.get(&data).await.body).unwrap();
    let receipt = held["consents"][0]["receipt_url"].as_str().unwrap();
    assert_eq!(app.get(receipt).await.header("content-type"), "application/jose");

    let file = format!("{download}/file");
    let texts = ["/ledger/checkpoint", "/ledger/key", "/ledger/tile/0/000.p/1"];
    for path in [data.as_str(), receipt, &file].into_iter().chain(texts) {
        for method in ["GET", "HEAD"] {
            let answer = app.send(app.request(method, path)).await;
            let told = (answer.status, answer.header("x-robots-tag"));
            assert_eq!(told, (200, "noindex, nofollow"), "{method} {path}");
        }
    }
    for page in [choices.as_str(), &format!("{choices}/my-data"), &download] {
        let shown = app.get(page).await.text();
        assert!(shown.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"), "{page}");
    }
    let index = app.get("/").await;
    assert!(!index.text().contains("noindex") && index.header("x-robots-tag").is_empty());
}
