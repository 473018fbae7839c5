//! The page behind somebody's own link: what they agreed to, how they change it, and how they get the
//! link back.

mod changed_words;
mod lost_link;
mod page;
mod saving;

use crate::support::app::{Answer, TestApp};
use crate::support::inbox::Mail;

const ADA: &str = "ada@b.example";
const BOTH: &str = "&name=Ada&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const KEEPS_ALL: &str =
    "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Aweekly&name=Ada";

/// Somebody who agreed to both, and the path of their choices.
async fn subscribed(app: &TestApp, email: &str) -> String {
    app.subscribe(email, BOTH).await;
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

/// All that a press on the page could change.
async fn state(app: &TestApp) -> (Vec<i64>, String) {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM consent_event",
        "SELECT count(*) FROM consent WHERE state IN ('given', 'renewed')",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM suppression",
        "SELECT count(*) FROM link_request",
        "SELECT count(*) FROM subscriber",
    ] {
        counts.push(app.count(sql).await);
    }
    (counts, app.export("privacy-policy").await + &app.export(WEEKLY).await)
}

fn words(mail: &Mail) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything ticked, on a page opened now.
async fn ticks_all(app: &TestApp, page: &str) -> String {
    format!("{KEEPS_ALL}{}", app.seen(page).await)
}

fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 422, "{what}");
    let page = answer.text();
    assert!(
        page.contains("<title>Error: ") && page.contains("There is a problem"),
        "{what}: {page}"
    );
}
