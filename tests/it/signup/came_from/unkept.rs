//! What is not kept of a link: what may be an address, what is too long or cannot be seen, and everything where the operator
//! says so.

use futures_util::future::join_all;
use macro_rules_attribute::apply;
use serde_json::json;

use super::{ADA, LINK, SOURCES, ask_by, come_by, held};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn whatever_stands_in_the_link_the_form_is_taken(database: Database) {
    let app = TestApp::start(database).await;
    let (long, cut) = ("%C3%A4".repeat(300), "ä".repeat(100));
    for (number, (link, kept)) in [
        ("", json!({})),
        ("utm_source&utm_medium=&ref=%20%09", json!({})),
        ("ref=one&ref=two", json!({"ref": "one"})),
        ("utm_source=a@b.example&ref=x", json!({"ref": "x"})),
        (
            "utm_source=a%40b.example&utm_term=a%2540b&utm_content=a%25252540b&ref=a%EF%BC%A0b",
            json!({}),
        ),
        (&format!("utm_campaign={long}"), json!({"utm_campaign": cut})),
        ("ref=a%00b%1e%1fc%0d%0aX-Injected:+1%E2%80%AE", json!({"ref": "abcX-Injected: 1"})),
        ("ref=%3Cscript%3Ealert(1)%3C/script%3E", json!({"ref": "<script>alert(1)</script>"})),
        ("ref=%ff%fe&utm_term=%", json!({"ref": "\u{fffd}\u{fffd}", "utm_term": "%"})),
        ("ref='%3B+DROP+TABLE+signup--", json!({"ref": "'; DROP TABLE signup--"})),
        ("utm_id=7&gclid=x&page_origin=https://evil.example&email=eve@b.example", json!({})),
        (
            &format!("ref={}&{}", "x".repeat(4000), "&utm_source=y".repeat(300)),
            json!({"ref": "x".repeat(100), "utm_source": "y"}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("reader{number}@b.example");
        come_by(&app, link, &email).await;
        assert_eq!(held(&app, &email).await, [kept], "{link}");
    }
    assert_eq!(app.count(SOURCES).await, 8, "nothing is stored where nothing is known");
    // Spreadsheets are told that it is text.
    come_by(&app, "ref=%3D1%2B1", "late@b.example").await;
    assert!(app.export("privacy-policy").await.contains(",'=1+1,"));
}

#[apply(both_databases!)]
async fn many_at_once_keep_each_their_own(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "off")]).await;
    let sent = (0..60).map(async |n| {
        let link = if n % 3 == 0 { "x=y".to_owned() } else { format!("ref=r{n}") };
        app.post(&format!("{PATH}?{link}"), &form(&format!("r{n}@b.example"), "")).await.status
    });
    assert!(join_all(sent).await.into_iter().all(|status| status == 303));
    assert_eq!(app.count(SOURCES).await, 40);
    let own = "SELECT count(*) FROM signup s JOIN signup_source a ON a.signup_id = s.signup_id
               WHERE s.email = a.ref || '@b.example'";
    assert_eq!(app.count(own).await, 40);
}

#[apply(both_databases!)]
async fn one_setting_keeps_none_of_it(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_SIGNUP_SOURCES", "false")]).await;
    come_by(&app, LINK, ADA).await;
    assert_eq!(held(&app, ADA).await, [json!({})]);
    assert_eq!(app.count(SOURCES).await, 0);
    assert!(app.export("newsletter:weekly").await.contains(",ref,page_origin\r\n"), "columns stay");
}

// The hidden field was filled in: a program sent it.
#[apply(both_databases!)]
async fn of_a_form_that_is_dropped_nothing_is_kept(database: Database) {
    let app = TestApp::start(database).await;
    let trapped = form(ADA, "").replace("website=", "website=x");
    assert_eq!(app.post(&format!("{PATH}?{LINK}"), &trapped).await.status, 303);
    assert_eq!(app.count(SOURCES).await, 0);
    ask_by(&app, LINK, "bob@b.example").await;
    assert_eq!(app.count(SOURCES).await, 1);
}
