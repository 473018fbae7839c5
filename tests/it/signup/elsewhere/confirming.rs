//! What evidence says of how it was confirmed, and that no code confirms words that somebody else drew.

use std::time::Duration;

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, PRESS, SIGNUPS, document, filled_in, send, start, unmailed_code};
use crate::consent::workflow::proved_by;
use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const CODE: &str = "/check-your-inbox/code";
const KIND: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const CONFIRMED: &str = "SELECT count(*) FROM signup WHERE status = 'confirmed'";

async fn press(app: &TestApp, cookie: &str, body: &str) -> Answer {
    let request = app.request("POST", CODE).header("cookie", cookie).header(KIND.0, KIND.1);
    app.send(request.body(body.to_owned())).await
}

async fn open(app: &TestApp, cookie: &str, path: &str) -> String {
    app.send(app.request("GET", path).header("cookie", cookie)).await.text()
}

/// Body and context of a consent's receipt.
fn of<'a>(proved: &'a [(String, Value)], purpose: &str) -> (&'a Value, &'a Value) {
    let (_, ledger) = proved.iter().find(|(of, _)| of == purpose).expect("a receipt");
    (&ledger["body"], &ledger["context"])
}

// POST /check-your-inbox/code with the button under the choices: "link", where a code had been typed; and a box that was
// first ticked there stood on the form, when the form was sent.
#[apply(both_databases!)]
async fn a_code_that_led_to_the_choices_is_a_code(database: Database) {
    let app = start(database).await;
    let asked = app.post(PATH, &form(ADA, &app.blank(PATH).await)).await;
    let code = app.next_mail(ADA, 0).await.code();
    app.mail_settled().await;
    app.advance(Duration::from_secs(11));
    // As on a page that another tab left standing.
    let typed =
        press(&app, &asked.cookie(), &format!("code={}&shown=other", code.replace(' ', "+"))).await;
    assert_eq!((typed.status, typed.location()), (303, CODE), "{}", typed.text());
    let cookie = typed.cookie();
    let shown = PageForm::find(&open(&app, &cookie, CODE).await, CODE).tick("weekly");
    let pressed = press(&app, &cookie, &shown.body()).await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());

    let proved = proved_by(&app, &app.next_mail(ADA, 1).await).await;
    let (body, context) = of(&proved, "privacy-policy");
    assert_eq!((&body["confirmed"]["by"], &context["source"]), (&"code".into(), &PATH.into()));
    assert_ne!(body["requested_at"], body["at"]);
    let (added, context) = of(&proved, "newsletter:weekly");
    assert_eq!((&added["confirmed"]["by"], &context["source"]), (&"code".into(), &CODE.into()));
    assert_eq!(added["requested_at"], added["at"], "when it was ticked");
    assert_eq!(added["at"], body["at"]);
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
}

#[apply(both_databases!)]
async fn a_box_that_was_first_ticked_behind_the_link_stood_there(database: Database) {
    let app = start(database).await;
    let link = app.ask_and_read(ADA, "").await.link("/confirm/");
    app.advance(Duration::from_secs(11));
    assert_eq!(app.post(&link, "choices=shown&newsletter=weekly").await.status, 303);
    let proved = proved_by(&app, &app.next_mail(ADA, 1).await).await;
    let (body, context) = of(&proved, "privacy-policy");
    assert_eq!((&body["confirmed"]["by"], &context["source"]), (&"link".into(), &PATH.into()));
    let (added, context) = of(&proved, "newsletter:weekly");
    assert_eq!(
        (&added["confirmed"]["by"], &context["source"]),
        (&"link".into(), &"/confirm".into())
    );
    assert_eq!((&added["requested_at"], &added["at"]), (&body["at"], &body["at"]));
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
}

#[apply(both_databases!)]
async fn no_code_confirms_what_somebody_else_drew(database: Database) {
    let app = start(database).await;
    let pasted = app.request("POST", PATH).header("origin", PRESS).header(KIND.0, KIND.1);
    let pasted = app.send(pasted.body(form(ADA, ""))).await;
    assert_eq!(pasted.status, 303, "{}", pasted.text());
    let waits = open(&app, &pasted.cookie(), "/check-your-inbox").await;
    assert!(waits.contains("follow the link in it") && !waits.contains("name=\"code\""), "{waits}");
    let mail = app.next_mail(ADA, 0).await;
    assert!(!mail.text.contains("Enter this code"), "{}", mail.text);
    app.mail_settled().await;
    let code = unmailed_code(&app, ADA).await.replace(' ', "+");
    // Nor on the page of a form of ours, where another form's code shows that one's choices.
    let own = app.post(PATH, &form(ADA, "")).await;
    app.next_mail(ADA, 1).await;
    for cookie in [pasted.cookie(), own.cookie()] {
        let typed = press(&app, &cookie, &format!("code={code}")).await;
        assert_eq!(typed.status, 422);
        assert!(typed.text().contains("Follow the link in our message: what you agree to"));
        let cookie = if typed.cookie().is_empty() { cookie } else { typed.cookie() };
        assert_ne!(press(&app, &cookie, "choices=shown").await.location(), "/thank-you");
    }
    assert_eq!(app.count(CONFIRMED).await, 0);
    assert_eq!(app.post(&mail.link("/confirm/"), "choices=shown").await.status, 303);
    assert_eq!(app.count(CONFIRMED).await, 1);
}

#[apply(both_databases!)]
async fn who_waits_for_a_link_alone_can_ask_for_it_again(database: Database) {
    let app = start(database).await;
    let sent = send(&app, SIGNUPS, &filled_in(&app, ADA).await).await;
    app.next_mail(ADA, 0).await;
    let waiting = document(&sent)["waiting"].clone();
    let again = send(&app, "/api/v1/signups/resend", &json!({"waiting": waiting})).await;
    assert_eq!(again.status, 202, "{}", again.text());
    let second = app.next_mail(ADA, 1).await;
    assert!(!second.text.contains("Enter this code"), "{}", second.text);
    assert_eq!(app.post(&second.link("/confirm/"), "choices=shown").await.status, 303);
}
