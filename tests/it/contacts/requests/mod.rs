//! Complaints about data protection, and requests of people by their rights.

mod complaining;
mod forgotten;
mod letters;
mod pages;
mod refused_forms;
mod register;

use std::time::Duration;

use crate::support::app::{Answer, TestApp};
use crate::support::desk::{TestDesk, escaped, hidden};

pub const FORM: &str = "/complaints";
pub const REGISTER: &str = "/console/requests";
pub const ROWS: &str = "SELECT count(*) FROM privacy_request";
pub const DAY: Duration = Duration::from_hours(24);

/// What the form holds that a browser opens now, filled in with these.
pub async fn filled_in(app: &TestApp, email: &str, words: &str) -> String {
    let form_id = hidden(&app.get(FORM).await.text(), "form_id");
    format!("form_id={form_id}&email={}&name=&words={}", escaped(email), escaped(words))
}

/// The reference that a page shows.
pub fn reference_of(page: &str) -> String {
    let (_, after) = page.split_once("<strong class=\"whole\">").expect("a reference");
    after.split('<').next().unwrap_or_default().to_owned()
}

/// Complains by the form; what the answer says it is known by.
pub async fn complain(app: &TestApp, email: &str, words: &str) -> String {
    let answer = app.post(FORM, &filled_in(app, email, words).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    reference_of(&answer.text())
}

/// Where the request of a reference stands in the register.
pub async fn path_of(desk: &TestDesk<'_>, reference: &str) -> String {
    let answer = desk.get(&format!("{REGISTER}?reference={reference}")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().to_owned()
}

/// Enters what came to staff; where it stands.
pub async fn enter(desk: &TestDesk<'_>, kind: &str, received: &str, more: &str) -> String {
    let form_id = hidden(&desk.page("/console/requests/new").await, "form_id");
    let fields = format!("form_id={form_id}&kind={kind}&channel=letter&received={received}{more}");
    let answer = desk.post("/console/requests/new", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().split('?').next().unwrap_or_default().to_owned()
}

/// Writes a letter about it, by `mail` or `post`.
pub async fn write(desk: &TestDesk<'_>, path: &str, letter: &str, fields: &str) -> Answer {
    let form = format!("{path}/letters/{letter}");
    let form_id = hidden(&desk.page(&form).await, "form_id");
    desk.post(&form, &format!("form_id={form_id}&{fields}")).await
}

/// Tells the outcome by post, and closes it.
pub async fn close(desk: &TestDesk<'_>, path: &str, outcome: &str) {
    let told = write(desk, path, "outcome", "way=post&words=It+is+so.").await;
    assert_eq!(told.status, 303, "{}", told.text());
    let fields = format!("outcome={outcome}&note=All+was+done.");
    let closed = desk.post(&format!("{path}/close"), &fields).await;
    assert_eq!(closed.location(), format!("{path}?word=closed"), "{}", closed.text());
}
