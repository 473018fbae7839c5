//! The code, and another mail, asked for on another page.

use std::time::Duration;

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{
    ADA, PRESS, SETTINGS, SIGNUPS, document, filled_in, send, send_from, start, unmailed_code,
    wait_for,
};
use crate::signup::code::not;
use crate::support::api::{refusal, refused};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;

const CODE: &str = "/api/v1/signups/code";
const RESEND: &str = "/api/v1/signups/resend";
const CONFIRMED: &str = "SELECT count(*) FROM signup WHERE status = 'confirmed'";

async fn type_code(app: &TestApp, waiting: &str, code: &str) -> Answer {
    send_from(app, Some(PRESS), (CODE, &json!({"waiting": waiting, "code": code}))).await
}

/// The code of the newest mail, once it is written down as sent.
async fn code(app: &TestApp, email: &str, before: usize) -> String {
    let mail = app.next_mail(email, before).await;
    app.mail_settled().await;
    mail.code()
}

#[apply(both_databases!)]
async fn a_code_confirms_and_leads_to_the_report(database: Database) {
    let app = start(database).await;
    let waiting = wait_for(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    for _ in 0..2 {
        let answer = type_code(&app, &waiting, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = document(&answer);
        assert_eq!(told["status"], "confirmed");
        let download = told["download"].as_str().unwrap();
        assert!(download.starts_with(app.core.flow_settings.site()), "{download}");
        let path = download.strip_prefix(app.core.flow_settings.site()).unwrap();
        assert_eq!(app.get(path).await.status, 200);
    }
    assert_eq!(app.count(CONFIRMED).await, 1);
}

#[apply(both_databases!)]
async fn a_wrong_code_is_counted_as_on_our_own_page(database: Database) {
    let app = start(database).await;
    let waiting = wait_for(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    for malformed in ["", "12345", "abcdef", "\u{0}"] {
        let answer = type_code(&app, &waiting, malformed).await;
        assert_eq!(refusal(&answer), refused(422, "code", "malformed"));
    }
    for _ in 0..5 {
        let answer = type_code(&app, &waiting, &not(&code)).await;
        assert_eq!(refusal(&answer), refused(422, "code", "wrong"));
    }
    let answer = type_code(&app, &waiting, &code).await;
    assert_eq!(refusal(&answer), refused(422, "code", "no-try-left"));
    assert_eq!(app.count(CONFIRMED).await, 0);
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "").await.status, 303, "the link still works");
}

#[apply(both_databases!)]
async fn words_that_others_drew_are_confirmed_where_we_show_them(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    let sent = document(&send(&app, SIGNUPS, &body).await);
    let waiting = sent["waiting"].as_str().unwrap();
    let mail = app.next_mail(ADA, 0).await;
    for part in [&mail.text, &mail.html] {
        assert!(!part.contains("Enter this code") && part.contains("/confirm/"), "{part}");
    }
    app.mail_settled().await;
    let code = unmailed_code(&app, ADA).await;
    for _ in 0..7 {
        let answer = type_code(&app, waiting, &code).await;
        assert_eq!(refusal(&answer), refused(409, "code", "see-choices"), "and it is no try");
    }
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    let unseen = app.post(&link, "").await;
    assert_eq!(unseen.status, 422);
    assert!(unseen.text().contains("was shown by another site"), "{}", unseen.text());
    assert_eq!(app.count(CONFIRMED).await, 0);
    assert_eq!(app.post(&link, "choices=shown").await.status, 303);
    assert_eq!(app.count(CONFIRMED).await, 1);
}

#[apply(both_databases!)]
async fn a_script_is_not_believed_without_a_page_of_its_own(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body["drawn_by"] = json!("element");
    let sent = document(&send(&app, SIGNUPS, &body).await);
    app.next_mail(ADA, 0).await;
    app.mail_settled().await;
    let code = unmailed_code(&app, ADA).await;
    let answer = type_code(&app, sent["waiting"].as_str().unwrap(), &code).await;
    assert_eq!(refusal(&answer), refused(409, "code", "see-choices"));
}

#[apply(both_databases!)]
async fn a_code_of_another_form_is_called_that(database: Database) {
    let app = start(database).await;
    app.post("/newsletters", &crate::support::app::form(ADA, "&newsletter=weekly")).await;
    let other = code(&app, ADA, 0).await;
    let waiting = wait_for(&app, ADA).await;
    app.next_mail(ADA, 1).await;
    let answer = type_code(&app, &waiting, &other).await;
    assert_eq!(refusal(&answer), refused(409, "code", "see-choices"));
    assert!(answer.text().contains("belongs to another form"), "{}", answer.text());
    assert_eq!(app.count(CONFIRMED).await, 0);
}

#[apply(both_databases!)]
async fn what_somebody_waits_with_is_theirs_for_two_hours(database: Database) {
    let app = start(database).await;
    let waiting = wait_for(&app, ADA).await;
    let bytes = data_encoding::BASE64URL_NOPAD.decode(waiting.as_bytes()).expect("base64url");
    assert!(!bytes.windows(3).any(|part| part == b"ada"), "nobody reads it on the way");
    let other = wait_for(&app, "bob@b.example").await;
    let half = waiting.len() / 2;
    let mixed = format!("{}{}", &waiting[..half], &other[half.min(other.len())..]);
    let cookie = app.ask(ADA).await.cookie();
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    for token in ["", "x", &waiting[..half], &mixed, &cookie, &"a".repeat(60_000)] {
        for (path, body) in [
            (CODE, json!({"waiting": token, "code": "123456"})),
            (RESEND, json!({"waiting": token})),
        ] {
            let answer = send(&app, path, &body).await;
            assert_eq!(refusal(&answer), refused(422, "waiting", "expired"), "{path}");
        }
    }
    app.advance(Duration::from_hours(2));
    let answer = send(&app, RESEND, &json!({"waiting": waiting})).await;
    assert_eq!(refusal(&answer), refused(422, "waiting", "expired"));
}

#[apply(both_databases!)]
async fn another_mail_is_had_when_it_is_time(database: Database) {
    let set = [SETTINGS[0], ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
    let app = TestApp::start_with(database, &set).await;
    let waiting = wait_for(&app, ADA).await;
    app.next_mail(ADA, 0).await;
    // Within its minute it waits.
    let early = send(&app, RESEND, &json!({"waiting": waiting})).await;
    assert_eq!(early.status, 202, "{}", early.text());
    let told: Value = document(&early);
    assert!(told["resend_after"].is_null() && told["waiting"] != json!(waiting));
    app.advance(Duration::from_secs(61));
    let second = app.next_mail(ADA, 1).await;
    let many = send(&app, RESEND, &json!({"waiting": told["waiting"]})).await;
    assert_eq!(refusal(&many), refused(429, "waiting", "too-many"));
    let wait: u64 = many.header("retry-after").parse().unwrap();
    app.advance(Duration::from_secs(wait));
    let answer = send(&app, RESEND, &json!({"waiting": told["waiting"]})).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    app.mail_settled().await;
    let waiting = told["waiting"].as_str().unwrap();
    assert_eq!(type_code(&app, waiting, &second.code()).await.status, 200);
}
