//! Other reports after the first one: one press mails the link, to nobody but whoever the page was mailed to.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use crate::ledger::check;
use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";
const OTHER: &str = "second";
const TITLE: &str = "Second report";
const GRANTS: &str = "SELECT count(*) FROM download_grant";
const EVENTS: &str = "SELECT count(*) FROM consent_event";

/// With a second report.
async fn start(database: Database, set: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(database, set).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, (OTHER, TITLE), &[]).await;
    tx.commit().await.unwrap();
    poll::until("the second report", || async {
        app.get("/").await.text().contains(TITLE).then_some(())
    })
    .await;
    app
}

async fn press(app: &TestApp, page: &str, report: &str) -> Answer {
    app.post(&format!("{page}/other"), &format!("report={report}")).await
}

#[apply(both_databases!)]
async fn one_press_mails_the_link_and_agrees_to_nothing(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "&newsletter=weekly").await;
    let shown = app.get(&page).await.text();
    assert!(shown.contains(TITLE) && shown.contains("Email me this report"), "{shown}");
    assert!(!shown.contains(ADA), "the address is masked");
    let events = app.count(EVENTS).await;
    let pressed = press(&app, &page, OTHER).await;
    assert_eq!((pressed.status, pressed.location()), (303, "/check-your-inbox?word=other"));
    let mail = app.next_mail(ADA, 2).await;
    assert!(mail.text.contains(TITLE) && mail.text.contains("Here is your link"), "{}", mail.text);
    assert!(!mail.text.contains("takes the place"), "none was sent before: {}", mail.text);
    let other = mail.link("/downloads/").replace(&app.base, "");
    let opened = app.get(&other).await;
    assert!(opened.status == 200 && opened.text().contains(TITLE), "{}", opened.text());
    assert_eq!(app.get(&format!("{other}/file")).await.status, 200);
    assert_eq!(app.count(EVENTS).await, events, "nothing was agreed to");
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
    let desk = app.sign_in(Role::Viewer).await;
    let person = desk.page(&format!("/console/subscribers?q={ADA}")).await;
    assert!(person.contains("ada@"), "{person}");
    let mine = app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "");
    let told = app.get(&format!("{mine}/my-data")).await.text();
    assert!(told.contains("on the page of another report"), "{told}");
    // What they may fetch already is mailed again, and given once.
    app.mail_settled().await;
    assert_eq!(press(&app, &page, OTHER).await.status, 303);
    let again = app.next_mail(ADA, 3).await.link("/downloads/");
    assert_eq!(again.replace(&app.base, ""), other);
    assert_eq!(app.count(GRANTS).await, 2);
}

#[apply(both_databases!)]
async fn of_presses_at_once_one_gives(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    let pressed = futures_util::future::join_all((0..6).map(|_| press(&app, &page, OTHER))).await;
    assert!(pressed.iter().all(|pressed| pressed.status == 303));
    app.next_mail(ADA, 2).await;
    assert_eq!(app.count(GRANTS).await, 2);
}

#[apply(both_databases!)]
async fn it_counts_against_the_cap_of_the_mailbox(database: Database) {
    let app = start(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/day")]).await;
    let page = app.subscribe(ADA, "").await;
    for _ in 0..4 {
        assert_eq!(press(&app, &page, OTHER).await.status, 303);
        app.advance(Duration::from_mins(2));
    }
    app.mail_settled().await;
    let links = app.mail_to(ADA).iter().filter(|mail| mail.text.contains(TITLE)).count();
    assert_eq!(links, 1, "one, besides the confirmation");
}

#[apply(both_databases!)]
async fn a_changed_policy_asks_for_its_tick(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    app.publish_change("2027-01", ChangeClass::Notify, None).await;
    poll::until("the change", || async {
        (!app.get(&page).await.text().contains("Email me this report")).then_some(())
    })
    .await;
    assert!(app.get(&page).await.text().contains("/reports/second"), "its form asks");
    let pressed = press(&app, &page, OTHER).await;
    assert_eq!((pressed.status, pressed.location()), (303, "/reports/second"));
    assert_eq!(app.count(GRANTS).await, 1);
}

#[apply(both_databases!)]
async fn who_left_is_sent_nothing(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    let choices = app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "");
    assert_eq!(app.post(&format!("{choices}/withdraw-all"), "").await.status, 303);
    let pressed = press(&app, &page, OTHER).await;
    assert_ne!(pressed.location(), "/check-your-inbox?word=other");
    assert_eq!(app.count(GRANTS).await, 1);
    assert_eq!(app.post(&format!("{choices}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(press(&app, &page, OTHER).await.status, 410);
}

#[apply(both_databases!)]
async fn what_is_no_report_of_theirs_to_ask_for_is_refused(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    for (body, status) in [
        ("", 404),
        ("report=", 404),
        ("report=none", 404),
        ("report=..%2f..%2f", 404),
        ("report=%00", 404),
    ] {
        assert_eq!(app.post(&format!("{page}/other"), body).await.status, status, "{body}");
    }
    assert_eq!(app.get(&format!("{page}/other")).await.status, 405, "a GET changes nothing");
    assert_eq!(press(&app, "/downloads/none", OTHER).await.status, 404);
    app.advance(Duration::from_hours(24 * 32));
    assert_eq!(press(&app, &page, OTHER).await.status, 410);
    assert_eq!(app.count(GRANTS).await, 1);
}

#[apply(both_databases!)]
async fn a_form_that_asks_for_more_is_not_gone_around(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    let rule = "UPDATE report SET requires_organisation = (1 = 1) WHERE slug = 'second'";
    assert_eq!(app.tamper(rule).await.unwrap(), 1);
    poll::until("the rule", || async {
        (!app.get(&page).await.text().contains("Email me this report")).then_some(())
    })
    .await;
    let pressed = press(&app, &page, OTHER).await;
    assert_eq!((pressed.status, pressed.location()), (303, "/reports/second"));
    assert_eq!(app.count(GRANTS).await, 1);
    let own = app.post(PATH, &form("bob@b.example", "&organisation=Leeds")).await;
    assert_eq!(own.status, 303);
}

#[apply(both_databases!)]
async fn no_other_form_passes_for_a_press(database: Database) {
    let app = start(database, &[]).await;
    let page = app.subscribe(ADA, "").await;
    assert_eq!(press(&app, &page, OTHER).await.status, 303);
    app.next_mail(ADA, 2).await;
    app.seal().await;
    assert!(check(&app).await.findings.is_empty());

    let passes = "UPDATE signup SET source = '/downloads' WHERE source <> '/downloads'";
    assert_eq!(app.tamper(passes).await.unwrap(), 1);
    let found = check(&app).await.findings;
    assert!(found.iter().any(|what| what.contains("this program did not write it")), "{found:?}");
}
