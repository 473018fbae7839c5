//! The form in a frame on somebody's page: each step is answered in the frame, and no cookie is set.

mod doors;
mod evidence;
mod steps;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::page_form::PageForm;

/// Whose pages may frame our form.
const PRESS: &str = "https://press.example";
const SETTINGS: [(&str, &str); 1] = [("ASSENT_EMBED_ORIGINS", PRESS)];
const FRAME: &str = "/embed/sample";
const CODE: &str = "/embed/sample/code";
const RESEND: &str = "/embed/sample/resend";
const ADA: &str = "ada@b.example";
const CONFIRMED: &str = "SELECT count(*) FROM signup WHERE status = 'confirmed'";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &SETTINGS).await
}

/// The frame as a page of this address loads it.
async fn load(app: &TestApp, path: &str, page: &str) -> Answer {
    app.send(app.request("GET", path).header("referer", page)).await
}

/// Sends a step as a browser does in a frame: it is a page of ours that sends it, and no cookie goes along.
async fn send(app: &TestApp, path: &str, body: &str) -> Answer {
    let request = app.request("POST", path).header("origin", &app.base);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = app.send(request.body(body.to_owned())).await;
    assert_framed(&answer);
    answer
}

/// It can be shown in the frame, and browsers keep nothing of it.
fn assert_framed(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let frames = "script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'self' https://press.example";
    assert_eq!(policy, format!("default-src 'none'; {frames}"), "{}", answer.status);
    assert!(answer.header("set-cookie").is_empty() && answer.location().is_empty());
}

/// The form as it stands in the frame, with an address typed and the one required box ticked.
async fn filled_in(app: &TestApp, email: &str) -> PageForm {
    let page = load(app, FRAME, &format!("{PRESS}/")).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert_framed(&page);
    PageForm::find(&page.text(), FRAME).fill("email", email).tick("yes")
}

/// Signs up in the frame; the page that follows.
async fn sign_up(app: &TestApp, email: &str) -> Answer {
    let body = filled_in(app, email).await.body();
    let answer = send(app, FRAME, &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

/// Types a code on a page of the frame.
async fn type_code(app: &TestApp, page: &Answer, code: &str) -> Answer {
    let form = PageForm::find(&page.text(), CODE).fill("code", code);
    send(app, CODE, &form.body()).await
}

/// The code of the newest mail, once it is written down as sent.
async fn code(app: &TestApp, email: &str, before: usize) -> String {
    let mail = app.next_mail(email, before).await;
    app.mail_settled().await;
    mail.code()
}

async fn signups(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM signup").await
}
