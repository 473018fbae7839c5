//! Forms of which a browser says that another site sent them, and not which: they are taken, and are none of ours.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, PRESS, start};
use crate::consent::workflow::proved;
use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;

const FRAME: &str = "/embed/sample";

async fn post(app: &TestApp, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", path).header(kind.0, kind.1);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send_as_it_is(request.body(body)).await
}

async fn of(app: &TestApp, drawn_by: &str) -> i64 {
    match drawn_by {
        "ours" => app.count("SELECT count(*) FROM signup WHERE drawn_by = 'ours'").await,
        _ => app.count("SELECT count(*) FROM signup WHERE drawn_by = 'page'").await,
    }
}

#[apply(both_databases!)]
async fn ours_is_what_a_browser_says_to_be(database: Database) {
    let app = start(database).await;
    let base = app.base.clone();
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[], "ours"),
        (&[("sec-fetch-site", "cross-site")], "page"),
        (&[("sec-fetch-site", "same-site")], "page"),
        (&[("sec-fetch-site", "none")], "page"),
        (&[("sec-fetch-site", "x")], "page"),
        (&[("origin", &base), ("sec-fetch-site", "cross-site")], "page"),
        (&[("origin", PRESS), ("sec-fetch-site", "same-origin")], "page"),
        (&[("origin", &base)], "ours"),
        (&[("sec-fetch-site", "same-origin")], "ours"),
        (&[("origin", &base), ("sec-fetch-site", "same-origin")], "ours"),
    ];
    for (path, status) in [(PATH, 303), (FRAME, 202)] {
        for (headers, drawn_by) in cases {
            let before = of(&app, drawn_by).await;
            let body = form(ADA, "&framed_by=https%3A%2F%2Fpress.example");
            let answer = post(&app, path, headers, body).await;
            assert_eq!(answer.status, status, "{headers:?} {}", answer.text());
            assert_eq!(of(&app, drawn_by).await, before + 1, "{path} {headers:?}");
        }
    }
    let stated = "SELECT count(*) FROM signup WHERE page IS NOT NULL";
    assert_eq!(app.count(stated).await, 4, "the frame's, of what is ours alone");
    assert_eq!(
        app.count("SELECT count(*) FROM signup WHERE page IS NOT NULL AND drawn_by = 'page'").await,
        0
    );
}

#[apply(both_databases!)]
async fn they_are_taken_and_confirmed_where_their_words_stand(database: Database) {
    let app = start(database).await;
    let blank = app.blank(PATH).await;
    let elsewhere = [("sec-fetch-site", "cross-site")];
    let body = form(ADA, &format!("{blank}&newsletter=weekly"));
    let answer = post(&app, PATH, &elsewhere, body).await;
    assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    let waits = app.send(app.request("GET", "/check-your-inbox").header("cookie", answer.cookie()));
    let waits = waits.await.text();
    assert!(waits.contains("follow the link in it") && !waits.contains("name=\"code\""), "{waits}");
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    let unseen = app.post(&link, "").await;
    assert_eq!(unseen.status, 422);
    assert!(
        unseen.text().contains("Read what you agree to here, then confirm"),
        "{}",
        unseen.text()
    );
    assert_eq!(app.post(&link, "choices=shown&newsletter=weekly").await.status, 303);
    app.next_mail(ADA, 1).await;
    let proved = proved(&app, ADA).await;
    assert_eq!(proved.len(), 2);
    for (purpose, ledger) in proved {
        let (body, context) = (&ledger["body"], &ledger["context"]);
        assert_eq!((&context["drawn_by"], &context["source"]), (&json!("page"), &json!(PATH)));
        assert_eq!(
            (&context["form"], &body["unticked"]),
            (&Value::Null, &Value::Null),
            "{purpose}"
        );
        assert_eq!(body["confirmed"]["by"], "link");
    }
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}

// What the outside of the program promises to plain clients.
#[apply(both_databases!)]
async fn who_says_nothing_confirms_with_an_empty_body(database: Database) {
    let app = start(database).await;
    let body = form(ADA, "&newsletter=weekly");
    assert_eq!(post(&app, PATH, &[], body).await.status, 303);
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(post(&app, &link, &[], String::new()).await.status, 303);
    app.next_mail(ADA, 1).await;
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}
