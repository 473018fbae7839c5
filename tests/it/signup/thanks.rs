//! What pages and mails say of a confirmation: what is true when they are shown, in the words agreed to.

use std::time::Duration;

use assent::domain::signup::link::LinkKind;
use assent::domain::text::Line;
use assent::flows::By;
use assent::flows::catalog::edit_newsletter::{NewsletterEdit, edit_newsletter};
use assent::flows::consent::withdraw::{Leave, Leaving, withdraw};
use assent::flows::signup::confirm::{Confirmation, Press, confirm};
use assent::store::catalog::newsletters::NewsletterWords;
use assent::store::contacts::subscribers;
use assent::store::signup::signups;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp, form};
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";
const BOTH: &str = "&newsletter=weekly";
const READY: &str = "<h1>Your report is ready</h1>";
const CONFIRMED: &str = "Your subscription is confirmed";
const ALONE: &str = "signed you up to no newsletter";

async fn leaves(app: &TestApp, nth: usize, path: &str) {
    let link = app.mail_to(ADA)[nth].link(path);
    let (link, answer) =
        if path == "/preferences/" { (format!("{link}/withdraw-all"), 303) } else { (link, 200) };
    assert_eq!(app.post(&link, "").await.status, answer);
}

#[apply(both_databases!)]
async fn who_took_only_a_report_is_told_of_no_subscription(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe(ADA, "").await;
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains(READY) && shown.contains(ALONE) && !shown.contains(CONFIRMED),
        "{shown}"
    );
    // A newsletter that they take on another form is no matter of this page, which may be forwarded.
    app.subscribe(ADA, BOTH).await;
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains(ALONE) && !shown.contains(CONFIRMED) && !shown.contains("The weekly"),
        "{shown}"
    );
    assert!(!shown.contains(ADA) && shown.contains("a…@b.example"), "{shown}");
}

#[apply(both_databases!)]
async fn after_leaving_the_download_page_names_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe(ADA, BOTH).await;
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains(READY) && shown.contains(CONFIRMED) && !shown.contains(ALONE),
        "{shown}"
    );
    leaves(&app, 1, "/unsubscribe/").await;
    let shown = app.get(&page).await.text();
    for gone in [CONFIRMED, ALONE, "The weekly", "You agreed", "hear from"] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    assert!(shown.contains(READY) && shown.contains("Download the report"));
    leaves(&app, 1, "/preferences/").await;
    assert!(app.get(&page).await.text().contains(READY), "what was promised stays");
    let used = app.mail_to(ADA)[0].link("/confirm/");
    assert!(!app.get(&used).await.text().contains("is confirmed"));
}

#[apply(both_databases!)]
async fn the_words_are_those_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe(ADA, BOTH).await;
    let mut tx = app.write().await;
    let line = |text| Line::parse(text).unwrap().unwrap();
    let (name, description) = (line("The fortnightly"), line("Every second Friday"));
    let seen = NewsletterWords { name: "The weekly", description: "News every Thursday" };
    let slug = "weekly".parse().unwrap();
    edit_newsletter(
        &mut tx,
        &app.act(),
        &slug,
        NewsletterEdit { seen, name: &name, description: Some(&description) },
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    poll::until("the new name", || async {
        app.get("/newsletters").await.text().contains("The fortnightly").then_some(())
    })
    .await;
    let shown = app.get(&page).await.text();
    assert!(shown.contains("Subscribe me to The weekly (News every Thursday)"), "{shown}");
    assert!(!shown.contains("fortnightly") && !shown.contains("second Friday"), "{shown}");
    // Agreed to again by another form, the words of that one are what it rests on.
    app.subscribe(ADA, BOTH).await;
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains("Subscribe me to The fortnightly (Every second Friday)")
            && !shown.contains("The weekly"),
        "{shown}"
    );
}

#[apply(both_databases!)]
async fn who_signed_up_without_a_report_is_thanked_for_what_stands(database: Database) {
    let app = TestApp::start(database).await;
    assert_eq!(app.post("/newsletters", &form(ADA, BOTH)).await.status, 303);
    let confirmed = app.post(&app.next_mail(ADA, 0).await.link("/confirm/"), "").await;
    let shown = async |cookie: &str| {
        app.send(app.request("GET", confirmed.location()).header("cookie", cookie)).await.text()
    };
    let page = shown(&confirmed.cookie()).await;
    assert!(
        page.contains(CONFIRMED)
            && page.contains("Subscribe me to The weekly")
            && !page.contains("b.example"),
        "{page}"
    );
    let anybody = shown("").await;
    assert!(!anybody.contains(CONFIRMED) && !anybody.contains("The weekly"), "{anybody}");
    app.next_mail(ADA, 1).await;
    leaves(&app, 1, "/unsubscribe/").await;
    let page = shown(&confirmed.cookie()).await;
    assert!(!page.contains(CONFIRMED) && !page.contains("The weekly"), "{page}");
    assert_eq!(
        app.post(&format!("{}/erase", app.mail_to(ADA)[1].link("/preferences/")), "confirm=yes")
            .await
            .status,
        200
    );
    let page = shown(&confirmed.cookie()).await;
    assert!(page.contains("<h1>Thank you</h1>") && !page.contains("/preferences/"), "{page}");
}

#[apply(both_databases!)]
async fn a_receipt_that_comes_late_says_what_has_ended(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, BOTH).await;
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    // Both are decided before the worker looks.
    let signup_id = app
        .core
        .links
        .secrets
        .open(LinkKind::Confirm, link.rsplit('/').next().unwrap())
        .unwrap()
        .id;
    let mut tx = app.write().await;
    let signup = signups::find(&mut tx, signup_id).await.unwrap().unwrap();
    let at = app.core.moment();
    let confirmed =
        confirm(&mut tx, app.core.flow_settings.at(&at), &signup, Press::Link).await.unwrap();
    assert!(matches!(confirmed, Confirmation::Confirmed { .. }));
    let id = subscribers::find_id(&mut tx, &signup.address_key).await.unwrap().unwrap();
    app.advance(Duration::from_mins(10));
    let leave = Leave { subscriber_id: id, leaving: &Leaving::Writing };
    let (at, by) = (app.core.moment(), By::form("/unsubscribe"));
    let left = withdraw(&mut tx, app.core.flow_settings.at(&at), leave, by).await.unwrap();
    assert_eq!(left.len(), 1);
    tx.commit().await.unwrap();
    app.mail_settled().await;
    let mails = app.mail_to(ADA);
    let receipt =
        mails.iter().rfind(|mail| mail.subject.starts_with("Your report and receipt")).unwrap();
    let said = receipt.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, weekly) = said.split_once("The weekly").unwrap();
    assert!(
        weekly.contains("Agreed at 09:00 UTC") && weekly.contains("Ended at 09:10 UTC"),
        "{said}"
    );
    assert!(!said.contains("To unsubscribe from what we send"), "{said}");
    assert!(receipt.html.contains("Ended at 09:10 UTC"));
}
