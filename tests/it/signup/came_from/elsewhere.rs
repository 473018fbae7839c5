//! Forms that stand on other pages: what those say, and whose pages they are.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{SOURCES, held};
use crate::support::app::{Answer, Database, PATH, POLICY, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const PRESS: &str = "https://press.example";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_EMBED_ORIGINS", PRESS)]).await
}

async fn post_from(app: &TestApp, origin: &str, (path, body): (&str, String)) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", path).header("origin", origin).header(kind.0, kind.1);
    app.send(request.body(body)).await
}

/// A form of the API with this `source`.
async fn call(app: &TestApp, origin: Option<&str>, (email, source): (&str, Value)) -> Answer {
    let form: Value = serde_json::from_slice(&app.get("/api/v1/forms/sample").await.body).unwrap();
    let body = json!({
        "form": form["form"], "email": email, "drawn_by": "element",
        "page": "https://press.example/articles/1?utm_source=ignored", "source": source,
        "consent": {"accepted": true, "policy": POLICY},
    });
    let request = app.request("POST", "/api/v1/signups").header("content-type", "application/json");
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    app.send(request.body(body.to_string())).await
}

async fn confirm(app: &TestApp, email: &str) {
    let mail = app.next_mail(email, 0).await;
    let pressed = app.post(&mail.link("/confirm/"), "choices=shown").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    app.next_mail(email, 1).await;
}

#[apply(both_databases!)]
async fn a_program_says_it_in_its_own_words(database: Database) {
    let app = start(database).await;
    let here = |more: Value| {
        let mut known = more;
        known["page_origin"] = json!(PRESS);
        known
    };
    for (number, (source, kept)) in [
        (json!({"utm_source": "mail", "ref": "a b"}), here(json!({"utm_source": "mail", "ref": "a b"}))),
        (json!({"utm_source": "a@b.example", "ref": "a%40b"}), here(json!({}))),
        (json!({"utm_source": "x".repeat(5000)}), here(json!({"utm_source": "x".repeat(100)}))),
        (json!({"utm_source": "a\u{0}b"}), here(json!({"utm_source": "ab"}))),
        // Nobody is kept from signing up by it.
        (json!({"utm_source": 7, "ref": ["a"], "gclid": "x", "page_origin": "https://evil.example"}), here(json!({}))),
        (json!(["utm_source"]), here(json!({}))),
        (json!("utm_source=x"), here(json!({}))),
        (Value::Null, here(json!({}))),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("reader{number}@b.example");
        let origin = (number % 2 == 0).then_some(PRESS);
        let sent = call(&app, origin, (&email, source.clone())).await;
        assert_eq!(sent.status, 202, "{source}: {}", sent.text());
        confirm(&app, &email).await;
        assert_eq!(held(&app, &email).await, [kept], "{source}");
    }
}

#[apply(both_databases!)]
async fn a_page_of_ours_that_was_begun_elsewhere_hands_it_on(database: Database) {
    let app = start(database).await;
    for (number, (origin, kept)) in [
        (PRESS, json!({"ref": "a&b", "page_origin": PRESS})),
        ("https://anybody.example", json!({"ref": "a&b"})),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("reader{number}@b.example");
        let begun =
            post_from(&app, origin, (&format!("{PATH}/begin?ref=a%26b&x=y"), "email=x".to_owned()))
                .await;
        let page = begun.text();
        let (_, action) = page.split_once("method=\"post\" action=\"").unwrap();
        let action = action.split_once('"').unwrap().0;
        let form = PageForm::find(&page, action).fill("email", &email).tick("yes");
        let sent = app.post(&action.replace("&amp;", "&"), &form.body()).await;
        assert_eq!(sent.status, 303, "{action}: {}", sent.text());
        confirm(&app, &email).await;
        assert_eq!(held(&app, &email).await, [kept], "{action}");
    }
}

#[apply(both_databases!)]
async fn whose_page_it_was_is_believed_of_those_alone_that_may_hold_forms(database: Database) {
    let app = start(database).await;
    // A form of ours that was copied to their page, which a browser says that it comes from.
    let pasted =
        post_from(&app, PRESS, (&format!("{PATH}?ref=x"), form("ada@b.example", ""))).await;
    assert_eq!(pasted.status, 303);
    confirm(&app, "ada@b.example").await;
    assert_eq!(held(&app, "ada@b.example").await, [json!({"ref": "x", "page_origin": PRESS})]);
    let refused = post_from(
        &app,
        "https://anybody.example",
        (&format!("{PATH}?ref=x"), form("bob@b.example", "")),
    )
    .await;
    assert_eq!((refused.status, app.count(SOURCES).await), (403, 1));
    for origin in ["https://anybody.example", "https://press.example.anybody.example", "x"] {
        let sent =
            app.post(&format!("{PATH}?page_origin={origin}"), &form("bob@b.example", "")).await;
        assert_eq!((sent.status, app.count(SOURCES).await), (303, 1), "{origin}");
    }
}

// A link can say it of any of these sites: so it is no more than where somebody says that they came from.
#[apply(both_databases!)]
async fn what_a_link_says_of_a_page_is_no_evidence(database: Database) {
    let app = start(database).await;
    let link = format!("{PATH}?page_origin={PRESS}&page={PRESS}&framed_by={PRESS}");
    assert_eq!(app.post(&link, &form("ada@b.example", "")).await.status, 303);
    confirm(&app, "ada@b.example").await;
    assert_eq!(held(&app, "ada@b.example").await, [json!({"page_origin": PRESS})]);
    let ours = "SELECT count(*) FROM signup WHERE page IS NULL AND drawn_by = 'ours'
                AND source = '/reports/sample'";
    assert_eq!(app.count(ours).await, 1);
    let named = "SELECT count(*) FROM consent_event WHERE body LIKE '%press.example%'";
    let shared = "SELECT count(*) FROM consent_context WHERE body LIKE '%press.example%'";
    assert_eq!((app.count(named).await, app.count(shared).await), (0, 0));
}
