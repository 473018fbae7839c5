//! How a vulnerability of an installation is reported (RFC 9116).

use std::time::Duration;

use crate::support::app::{Database, TestApp};
use crate::support::program::run;

const PATH: &str = "/.well-known/security.txt";
const CONTACT: &str = "ASSENT_SECURITY_CONTACT";

async fn start(set: &[(&str, &str)]) -> TestApp {
    TestApp::start_empty(Database::Sqlite, set).await
}

/// What it says whole.
fn text(app: &TestApp, contact: &str, expires: &str) -> String {
    format!(
        "Contact: {contact}\nExpires: {expires}\nCanonical: {}{PATH}\nPreferred-Languages: en\n",
        app.base
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_who_is_told_and_until_when_that_is_good() {
    let app = start(&[(CONTACT, "security@sample.example")]).await;
    let contact = "mailto:security@sample.example";
    let answer = app.get(PATH).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(answer.text(), text(&app, contact, "2027-02-21T00:00:00Z"));

    let looked = app.send(app.request("HEAD", PATH)).await;
    assert_eq!((looked.status, looked.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(looked.header("content-length"), answer.body.len().to_string());
    assert_eq!(app.post(PATH, "").await.status, 405);

    // It is nine in the morning.
    app.advance(Duration::from_mins(15 * 60 - 1));
    assert_eq!(app.get(PATH).await.text(), answer.text(), "the same all day");
    app.advance(Duration::from_mins(2));
    assert_eq!(app.get(PATH).await.text(), text(&app, contact, "2027-02-22T00:00:00Z"));
    app.advance(Duration::from_hours(24 * 91));
    assert_eq!(app.get(PATH).await.text(), text(&app, contact, "2027-05-24T00:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_may_take_reports() {
    let app = start(&[(CONTACT, "https://sample.example/report?kind=1")]).await;
    let expected = text(&app, "https://sample.example/report?kind=1", "2027-02-21T00:00:00Z");
    assert_eq!(app.get(PATH).await.text(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_contact_there_is_none() {
    let unset: &[(&str, &str)] = &[];
    for set in [unset, &[(CONTACT, "")]] {
        let app = start(set).await;
        assert_eq!(app.get(PATH).await.status, 404);
        assert_eq!(app.send(app.request("HEAD", PATH)).await.status, 404);
    }
}

#[test]
fn a_contact_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in
        ["nobody", "http://sample.example/report", "security@sample.example, b@sample.example"]
    {
        let output = run(dir.path(), &[(CONTACT, wrong)], &["check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("configuration: ASSENT_SECURITY_CONTACT is wrong: write "),
            "{said}"
        );
    }
}
