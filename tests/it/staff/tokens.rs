//! What programs sign in with, and what they get.

use std::time::Duration;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::ledger::seal;
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{hidden, token as make};

const PATH: &str = "/api/v1/withdrawals";
const DAY: Duration = Duration::from_hours(24);

async fn ask(app: &TestApp, path: &str, authorization: &str) -> Answer {
    app.send(app.request("GET", path).header("authorization", authorization)).await
}

fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text());
    let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(document["status"], json!(answer.status));
    (answer.status, document["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
}

#[apply(both_databases!)]
async fn a_token_is_shown_once_used_and_revoked(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    assert!(admin.page("/console/tokens").await.contains("No tokens yet"));
    let name = "name=%3Cb%3ETool%3C%2Fb%3E";
    for (fields, words) in [
        ("", "Say what the token is for"),
        ("name=Tool", "Choose what the token opens"),
        ("name=Tool&scopes=exports&scopes=everything", "Choose what the token opens"),
        ("name=Tool&scopes=exports&until=2026-11-22", "Choose a day that is not over yet"),
        ("name=Tool&scopes=exports&until=soon", "Choose a day that is not over yet"),
        ("name=To%00ol&scopes=exports", "Use letters"),
    ] {
        let answer = admin.post("/console/tokens", fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(words), "{fields}: {}", answer.text());
    }
    let long = format!("name={}&scopes=exports", "x".repeat(10_000));
    assert_eq!(admin.post("/console/tokens", &long).await.status, 422);
    assert_eq!(app.count("SELECT count(*) FROM api_token").await, 0);

    let token = make(&admin, &format!("{name}&scopes=withdrawals")).await;
    assert!(token.starts_with("assent_") && token.len() == 50, "{token}");
    let page = admin.page("/console/tokens").await;
    assert!(!page.contains(&token[7..]) && !page.contains("<b>Tool"), "{page}");
    assert!(page.contains("&lt;b&gt;Tool") && page.contains("Never"));
    assert_eq!(ask(&app, PATH, &format!("Bearer {token}")).await.status, 200);
    assert!(!admin.page("/console/tokens").await.contains("Never"), "it was used");

    let (_, id) = page.split_once("action=\"/console/tokens/").expect("a button");
    let revoke = format!("/console/tokens/{}", id.split('"').next().unwrap_or_default());
    for unsure in ["", "sure=no", "sure=yes&sure=yes"] {
        let answer = admin.post(&revoke, unsure).await;
        assert!(answer.status == 422 && answer.text().contains("Tick the box"), "{unsure}");
    }
    assert_eq!(ask(&app, PATH, &format!("Bearer {token}")).await.status, 200, "it still opens");
    let answer = admin.post(&revoke, "sure=yes").await;
    assert!(admin.page(answer.location()).await.contains("Revoked"));
    assert_eq!(
        problem(&ask(&app, PATH, &format!("Bearer {token}")).await),
        (401, "no-token".into())
    );
    assert_eq!(admin.post(&revoke, "sure=yes").await.status, 404);
    let sql = "SELECT count(*) FROM audit_entry WHERE action IN ('token.add', 'token.revoke')";
    assert_eq!(app.count(sql).await, 2);
}

#[apply(both_databases!)]
async fn a_form_makes_one_token(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let form_id = hidden(&admin.page("/console/tokens").await, "form_id");
    for none in ["", "&form_id=", "&form_id=x"] {
        let answer = admin.post("/console/tokens", &format!("name=a&scopes=exports{none}")).await;
        assert!(answer.status == 422 && answer.text().contains("Load this page again"), "{none}");
    }
    let fields = format!("name=a&scopes=exports&form_id={form_id}");
    // Pressed twice, and then loaded again.
    let (one, other) = tokio::join!(
        admin.post("/console/tokens", &fields),
        admin.post("/console/tokens", &fields)
    );
    let again = admin.post("/console/tokens", &fields).await;
    assert!(again.status == 200 && again.text().contains("was made already"), "{}", again.text());
    let shown = [one, other, again]
        .iter()
        .filter(|answer| answer.text().contains("Bearer assent_"))
        .count();
    assert_eq!((shown, app.count("SELECT count(*) FROM api_token").await), (1, 1));
    assert_eq!(app.count("SELECT count(*) FROM audit_entry WHERE action = 'token.add'").await, 1);
    make(&admin, "name=b&scopes=exports").await;
    assert_eq!(app.count("SELECT count(*) FROM api_token").await, 2, "another form makes another");
}

#[apply(both_databases!)]
async fn tokens_outlive_the_account_that_made_them(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let other = app.sign_in_as("other@sample.example", Role::Admin).await;
    let page = format!("/console/staff/{}", other.staff_id);
    assert!(!admin.page(&page).await.contains("until revoked"));
    let token = make(&other, "name=%3Ci%3ETool&scopes=withdrawals").await;
    let words = "1 token that this account made goes on working until revoked";
    let told = admin.page(&page).await;
    assert!(
        told.contains(words)
            && told.contains("&lt;i&gt;Tool")
            && told.contains("href=\"/console/tokens\""),
        "{told}"
    );
    assert_eq!(admin.post(&format!("{page}/disable"), "sure=yes").await.status, 303);
    assert!(admin.page(&page).await.contains(words));
    assert_eq!(ask(&app, PATH, &format!("Bearer {token}")).await.status, 200);
}

#[apply(both_databases!)]
async fn only_a_token_of_the_right_scope_opens(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let token = make(&admin, "name=a&scopes=withdrawals&until=2026-11-24").await;
    let other = make(&admin, "name=b&scopes=exports&scopes=erase&scopes=subscribers").await;
    let bare = app.get(PATH).await;
    assert_eq!(bare.header("www-authenticate"), "Bearer");
    assert_eq!(problem(&bare), (401, "no-token".into()));
    let changed = format!("Bearer {}x", &token[..token.len() - 1]);
    for wrong in
        ["", "Bearer", "Bearer x", &format!("Basic {token}"), &token, &changed, &"x".repeat(5_000)]
    {
        assert_eq!(problem(&ask(&app, PATH, wrong).await), (401, "no-token".into()), "{wrong}");
    }
    let twice = app.request("GET", PATH).header("authorization", format!("Bearer {other}"));
    let twice = app.send(twice.header("authorization", format!("Bearer {token}"))).await;
    assert_eq!(twice.status, 401, "which one is meant is not guessed");
    assert_eq!(problem(&ask(&app, PATH, &format!("Bearer {other}")).await), (403, "scope".into()));
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'refused' AND actor LIKE 'token:%'";
    assert_eq!(app.count(sql).await, 1);
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'refused' AND actor = 'nobody'";
    assert_eq!(app.count(sql).await, 9);

    let cookie = app.request("GET", PATH).header("cookie", &admin.cookie);
    assert_eq!(app.send(cookie).await.status, 401, "a session is no token");
    assert_eq!(
        ask(&app, "/console", &format!("Bearer {token}")).await.location(),
        "/console/sign-in"
    );
    assert_eq!(ask(&app, PATH, &format!("Bearer {token}")).await.status, 200);
    app.advance(DAY * 2);
    assert_eq!(ask(&app, PATH, &format!("Bearer {token}")).await.status, 401, "its day is over");
}

#[apply(both_databases!)]
async fn wrong_tokens_are_counted(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour")]).await;
    let admin = app.sign_in(Role::Admin).await;
    let token = make(&admin, "name=a&scopes=withdrawals").await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(ask(&app, PATH, "Bearer assent_guess").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    let wait = ask(&app, PATH, "Bearer assent_guess").await;
    assert!(wait.header("retry-after").parse::<u64>().unwrap() > 60);
    assert_eq!(
        ask(&app, PATH, &format!("Bearer {token}")).await.status,
        200,
        "one that works goes on"
    );
    // People of that network sign up as before, and use up none of it.
    for n in 0..3 {
        assert_eq!(app.ask(&format!("r{n}@b.example")).await.status, 303);
    }
    assert_eq!(app.ask("r3@b.example").await.status, 429);
}

#[apply(both_databases!)]
async fn withdrawals_are_told_from_a_cursor_on(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let token = format!("Bearer {}", make(&admin, "name=a&scopes=withdrawals").await);
    let got = |answer: Answer| {
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice::<Value>(&answer.body).expect("JSON")
    };
    let none = got(ask(&app, PATH, &token).await);
    assert_eq!(none, json!({"withdrawals": [], "after": -1, "more": false}));
    let audited = "SELECT count(*) FROM audit_entry WHERE action = 'withdrawals'";
    assert_eq!(app.count(audited).await, 0, "nobody was told of");

    for email in ["ada@b.example", "bob@b.example"] {
        app.subscribe(email, "&newsletter=weekly").await;
        let mail = app.mail_to(email).pop().unwrap();
        assert_eq!(app.post(&mail.link("/unsubscribe/"), "").await.status, 200);
    }
    seal(&app).await;
    let both = got(ask(&app, PATH, &token).await);
    let rows = both["withdrawals"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["email"], &rows[0]["purpose"], &rows[0]["event"]),
        (&json!("ada@b.example"), &json!("newsletter:weekly"), &json!("withdrawn"))
    );
    assert_eq!(app.count(audited).await, 1);
    let next = got(ask(&app, &format!("{PATH}?after={}", rows[0]["cursor"]), &token).await);
    assert_eq!(next["withdrawals"], json!([rows[1]]));
    let end = got(ask(&app, &format!("{PATH}?after={}", both["after"]), &token).await);
    assert_eq!((&end["withdrawals"], &end["after"]), (&json!([]), &both["after"]));
    for wrong in ["x", "-2", "", "1.5", "1&after=2", "99999999999999999999"] {
        let answer = ask(&app, &format!("{PATH}?after={wrong}"), &token).await;
        assert_eq!(problem(&answer), (422, "not-a-cursor".into()), "{wrong}");
    }
}
