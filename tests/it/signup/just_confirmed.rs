//! The thank-you page gets forwarded: it leads to somebody's choices only in the browser that has just
//! confirmed them.

use std::time::Duration;

use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp, form};
use crate::support::both_databases;

/// Presses the button behind mail 1.
async fn confirm(app: &TestApp, email: &str) -> Answer {
    let link = app.ask_and_read(email, "&newsletter=weekly").await.link("/confirm/");
    let confirmed = app.post(&link, "").await;
    assert_eq!(confirmed.status, 303);
    confirmed
}

async fn shown(app: &TestApp, path: &str, cookie: &str) -> String {
    let answer = app.send(app.request("GET", path).header("cookie", cookie)).await;
    assert_eq!(answer.status, 200);
    answer.text()
}

/// Where a page leads for choices, if anywhere.
fn manage_path(page: &str) -> Option<String> {
    let at = page.find("/preferences/")?;
    page[at..].split('"').next().map(ToOwned::to_owned)
}

#[apply(both_databases!)]
async fn the_page_leads_on_for_the_browser_that_confirmed(database: Database) {
    let app = TestApp::start(database).await;
    let ada = confirm(&app, "ada@b.example").await;
    let bob = confirm(&app, "bob@b.example").await;
    let set = ada.header("set-cookie");
    for part in ["assent_confirmed=", "; HttpOnly", "; SameSite=Lax", "; Max-Age=7200", "; Path=/"]
    {
        assert!(set.contains(part), "{part}: {set}");
    }
    let page = shown(&app, ada.location(), &ada.cookie()).await;
    let path = manage_path(&page).expect("a link to their choices");
    assert!(app.get(&path).await.text().contains("ada@b.example"));

    // Among others' cookies it is still found.
    let among = format!("a=b; {}; c=\"d\"", ada.cookie());
    assert_eq!(manage_path(&shown(&app, ada.location(), &among).await), Some(path.clone()));

    assert_eq!(
        manage_path(&app.get(ada.location()).await.text()),
        None,
        "whom it was forwarded to"
    );
    let waiting = app.ask("cyn@b.example").await.cookie();
    let sealed = waiting.split_once('=').unwrap().1;
    let token = path.rsplit('/').next().unwrap();
    for other in [
        bob.cookie(),
        waiting.clone(),
        format!("assent_confirmed={sealed}"),
        format!("assent_confirmed={token}"),
        format!("{}x", ada.cookie()),
        ada.cookie().replace("assent_confirmed", "__Host-assent_confirmed"),
        "assent_confirmed=".to_owned(),
        "assent_confirmed".to_owned(),
    ] {
        assert_eq!(manage_path(&shown(&app, ada.location(), &other).await), None, "{other}");
    }
    assert!(
        manage_path(&shown(&app, bob.location(), &bob.cookie()).await)
            .is_some_and(|bobs| bobs != path)
    );

    app.advance(Duration::from_mins(119));
    assert_eq!(manage_path(&shown(&app, ada.location(), &ada.cookie()).await), Some(path));
    app.advance(Duration::from_mins(1));
    assert_eq!(manage_path(&shown(&app, ada.location(), &ada.cookie()).await), None);
}

#[apply(both_databases!)]
async fn a_used_link_makes_nobody_the_one_who_confirmed(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    assert!(app.get(&link).await.cookie().is_empty(), "looking is not pressing");
    assert!(!app.post(&link, "").await.cookie().is_empty());
    for later in [app.post(&link, "").await, app.get(&link).await] {
        assert!(!later.headers.contains_key("set-cookie") && manage_path(&later.text()).is_none());
    }
    // Of many presses at once, one is the press that confirmed.
    let link = app.ask_and_read("bob@b.example", "").await.link("/confirm/");
    let presses = futures_util::future::join_all((0..6).map(|_| app.post(&link, ""))).await;
    assert_eq!(presses.iter().filter(|press| !press.cookie().is_empty()).count(), 1);
}

#[apply(both_databases!)]
async fn without_a_report_the_page_does_the_same(database: Database) {
    let app = TestApp::start(database).await;
    assert_eq!(
        app.post("/newsletters", &form("ada@b.example", "&newsletter=weekly")).await.status,
        303
    );
    let link = app.next_mail("ada@b.example", 0).await.link("/confirm/");
    let confirmed = app.post(&link, "").await;
    assert_eq!(confirmed.location(), "/thank-you");
    let path = manage_path(&shown(&app, "/thank-you", &confirmed.cookie()).await).expect("a link");
    assert!(app.get(&path).await.text().contains("ada@b.example"));
    assert_eq!(manage_path(&app.get("/thank-you").await.text()), None);
    app.advance(Duration::from_hours(2));
    assert_eq!(manage_path(&shown(&app, "/thank-you", &confirmed.cookie()).await), None);
}
