//! Where readers came from: kept with the form, shown with the person, and gone with both.

mod elsewhere;
mod figures;
mod kept;
mod unkept;

use serde_json::Value;

use crate::support::app::{PATH, TestApp, form};

const ADA: &str = "ada@b.example";
const SOURCES: &str = "SELECT count(*) FROM signup_source";
/// A link as a campaign has it.
const LINK: &str = "utm_source=newsletter&utm_medium=e-mail&utm_campaign=Autumn%20%26%20winter&utm_term=councils\
                    &utm_content=button&ref=front+page&fbclid=IwAR0";

/// Signs up on the sample report's page, which was opened by this link; the path of the mailed link.
async fn ask_by(app: &TestApp, link: &str, email: &str) -> String {
    let before = app.mail_to(email).len();
    let sent = app.post(&format!("{PATH}?{link}"), &form(email, "&newsletter=weekly")).await;
    assert_eq!((sent.status, sent.location()), (303, "/check-your-inbox"), "{}", sent.text());
    app.next_mail(email, before).await.link("/confirm/")
}

/// The same, confirmed.
async fn come_by(app: &TestApp, link: &str, email: &str) {
    let before = app.mail_to(email).len();
    let confirm = ask_by(app, link, email).await;
    assert_eq!(app.post(&confirm, "").await.status, 303);
    app.next_mail(email, before + 1).await;
}

/// What somebody's own file says of where they came from, newest form first.
async fn held(app: &TestApp, email: &str) -> Vec<Value> {
    let mails = app.mail_to(email);
    let page = mails.iter().find(|mail| mail.raw.contains("/preferences/")).expect("a receipt");
    let path = page.link("/preferences/").replace(&app.base, "");
    let file = app.get(&format!("{path}/my-data.json")).await;
    assert_eq!(file.status, 200, "{}", file.text());
    let data: Value = serde_json::from_slice(&file.body).expect("JSON");
    let forms = data["signups"].as_array().expect("forms");
    forms.iter().map(|form| form["came_from"].clone()).collect()
}
