//! What a browser sends beside our cookies.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;
use reqwest::header::HeaderValue;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const ADA: &str = "ada@b.example";

/// Our cookie among those that other sites of the domain set.
fn among_others(own: &str) -> HeaderValue {
    let bytes = [b"theirs=\xe9\xff; ".as_slice(), own.as_bytes(), b"; more=\x80;;=; x"].concat();
    HeaderValue::from_bytes(&bytes).unwrap()
}

#[apply(both_databases!)]
async fn cookies_of_others_keep_ours_from_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let asked = app.ask(ADA).await;
    let waiting =
        app.request("GET", "/check-your-inbox").header("cookie", among_others(&asked.cookie()));
    assert!(app.send(waiting).await.text().contains(ADA));
    let desk = app.sign_in(Role::Admin).await;
    let console = app.request("GET", "/console").header("cookie", among_others(&desk.cookie));
    assert_eq!(app.send(console).await.status, 200);
}
