//! What a link said goes with its form into all that is shown and exported of a person, and never into the ledger.

use std::path::Path;
use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent::domain::staff::member::Role;
use assent::worker::tasks::forget_signups::forget_signups;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, LINK, SOURCES, ask_by, come_by, held};
use crate::support::api::Program;
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const NAMES: [&str; 7] =
    ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "ref", "page_origin"];
const SAID: [&str; 7] =
    ["newsletter", "e-mail", "Autumn & winter", "councils", "button", "front page", ""];

fn said() -> Value {
    let known = NAMES.into_iter().zip(SAID).filter(|(_, text)| !text.is_empty());
    known
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The last columns of each row of the export, and of its header.
async fn last_columns(app: &TestApp, purpose: &str) -> Vec<Vec<String>> {
    let text = app.export(purpose).await;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().skip(14).map(str::to_owned).collect()).collect()
}

/// Every file of a directory.
fn bytes_in(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_in(&path) } else { std::fs::read(&path).unwrap() });
    }
    all
}

#[apply(both_databases!)]
async fn a_page_is_the_same_whatever_its_link_says(database: Database) {
    let app = TestApp::start(database).await;
    for path in [PATH, "/", "/newsletters"] {
        let plain = app.get(path).await;
        let tagged = app.get(&format!("{path}?{LINK}")).await;
        assert_eq!((tagged.status, plain.status), (200, 200));
        assert_eq!(tagged.body, plain.body, "{path}");
        assert_eq!(tagged.header("etag"), plain.header("etag"));
        // A form without an address of its own posts to that of its page.
        let page = plain.text();
        let (_, tag) = page.split_once("<form class=\"signup\"").unwrap();
        assert!(!tag.split_once('>').unwrap().0.contains("action"), "{path}");
        let body = PageForm::find(&page, path).fill("email", ADA).tick("weekly").tick("yes").body();
        let sent = app.post(&format!("{path}?utm_source={}", path.len()), &body).await;
        assert_eq!((sent.status, sent.location()), (303, "/check-your-inbox"), "{}", sent.text());
    }
    let pages = "SELECT count(DISTINCT utm_source) FROM signup_source";
    assert_eq!((app.count(SOURCES).await, app.count(pages).await), (3, 3));
}

#[apply(both_databases!)]
async fn what_the_link_said_is_with_the_person_and_in_the_last_columns(database: Database) {
    let app = TestApp::start_sealing(database, &[]).await;
    come_by(&app, LINK, ADA).await;
    app.subscribe("bob@b.example", "&newsletter=weekly").await;
    assert_eq!(held(&app, ADA).await, [said()]);
    assert_eq!(held(&app, "bob@b.example").await, [json!({})]);
    let page = app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "");
    let shown = app.get(&format!("{page}/my-data")).await.text();
    assert!(shown.contains("utm_campaign=Autumn &amp; winter"), "{shown}");

    let program = Program::with(&app, &["subscribers", "exports"]).await;
    let found = program.read("/api/v1/subscribers?q=ada").await;
    let id = found["subscribers"][0]["subscriber_id"].as_str().unwrap().to_owned();
    let told = program.read(&format!("/api/v1/subscribers/{id}")).await;
    let came_from = &told["came_from"];
    assert_eq!(came_from.as_array().unwrap().len(), 1);
    assert_eq!((&came_from[0]["report"], &came_from[0]["source"]), (&json!("sample"), &said()));
    let desk = app.sign_in(Role::Viewer).await;
    let shown = desk.page(&format!("/console/subscribers/{id}")).await;
    assert!(
        shown.contains("utm_campaign=Autumn &amp; winter") && !shown.contains("IwAR0"),
        "{shown}"
    );

    let nothing = vec![String::new(); 7];
    let rows = last_columns(&app, "newsletter:weekly").await;
    assert_eq!(
        rows,
        [NAMES.map(str::to_owned).to_vec(), SAID.map(str::to_owned).to_vec(), nothing]
    );
    let answer = program
        .send("GET", "/api/v1/exports/consented?purpose=newsletter:weekly&format=ndjson")
        .await;
    let first: Value = serde_json::from_str(answer.text().lines().next().unwrap()).unwrap();
    assert_eq!((&first["utm_source"], &first["page_origin"]), (&json!("newsletter"), &Value::Null));

    app.seal().await;
    let bundle = app.dir.path().join("bundle");
    app.does(&["ledger", "bundle", bundle.to_str().unwrap()]);
    let bundle = bytes_in(&bundle);
    assert!(bundle.windows(ADA.len()).any(|bytes| bytes == ADA.as_bytes()), "it is read");
    for word in ["utm_", "Autumn", "front page", "e-mail\""] {
        let is_there = bundle.windows(word.len()).any(|bytes| bytes == word.as_bytes());
        assert!(!is_there, "{word}");
    }
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
}

#[apply(both_databases!)]
async fn a_form_that_was_refused_and_one_that_is_sent_anew_keep_it(database: Database) {
    let app = TestApp::start(database).await;
    let refused = app.post(&format!("{PATH}?ref=one"), &form("nobody", "")).await;
    assert_eq!((refused.status, app.count(SOURCES).await), (422, 0));
    // It stands at the same address, and posts there.
    let again = PageForm::find(&refused.text(), PATH).fill("email", ADA).tick("yes");
    assert!(!refused.text().contains("ref=one"));
    assert_eq!(app.post(&format!("{PATH}?ref=one"), &again.body()).await.status, 303);
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "").await.status, 303);
    app.next_mail(ADA, 1).await;
    // Later they come by another way.
    app.advance(Duration::from_hours(24));
    come_by(&app, "ref=two", ADA).await;
    assert_eq!(held(&app, ADA).await, [json!({"ref": "two"}), json!({"ref": "one"})]);
    let rows = last_columns(&app, "newsletter:weekly").await;
    assert_eq!((rows.len(), rows[1][5].as_str()), (2, "two"), "of the form that consented");
}

// A consent stays that of the report it was given with, and of the way to it.
#[apply(both_databases!)]
async fn who_agrees_again_under_a_new_policy_still_came_by_the_same_way(database: Database) {
    let app = TestApp::start(database).await;
    come_by(&app, LINK, ADA).await;
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(Duration::from_hours(24 * 30)))
        .await;
    app.work_policies().await;
    let link = app.next_mail(ADA, 2).await.link("/renew/");
    let renewed = app.agree_again(&link, &["privacy-policy", "newsletter:weekly"]).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    assert_eq!(app.count("SELECT count(*) FROM consent WHERE state = 'renewed'").await, 2);
    let rows = last_columns(&app, "newsletter:weekly").await;
    assert_eq!(rows[1], SAID.map(str::to_owned).to_vec());
}

#[apply(both_databases!)]
async fn it_goes_with_the_person_and_with_a_form_that_nobody_confirmed(database: Database) {
    let app = TestApp::start_sealing(database, &[]).await;
    come_by(&app, LINK, ADA).await;
    ask_by(&app, "ref=unconfirmed", "bob@b.example").await;
    assert_eq!(app.count(SOURCES).await, 2);
    let page = app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "");
    assert_eq!(app.post(&format!("{page}/erase"), "confirm=yes").await.status, 200);
    let of_bob = "SELECT count(*) FROM signup_source WHERE ref = 'unconfirmed'";
    assert_eq!((app.count(SOURCES).await, app.count(of_bob).await), (1, 1));
    app.advance(Duration::from_hours(24 * 10));
    forget_signups(&app.core.db, &app.core.flow_settings, &app.core.moment()).await.unwrap();
    assert_eq!(app.count(SOURCES).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);
}

#[apply(both_databases!)]
async fn what_rests_on_no_form_came_by_none(database: Database) {
    let app = TestApp::start_sealing(database, &[]).await;
    let sent = app.post(&format!("/newsletters?{LINK}"), &form(ADA, "&newsletter=weekly")).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let confirm = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(app.post(&confirm, "").await.status, 303);
    app.does(&["purpose", "add", "offers", "--name", "Offers", "--words", "Send me offers."]);
    let file = app.dir.path().join("fair.csv");
    let row = format!("{ADA},2026-11-01T09:00:00Z,paper form");
    std::fs::write(&file, format!("email,consented_at,method\n{row}\n")).unwrap();
    let import = ["import", file.to_str().unwrap(), "--purpose", "offers", "--source", "a fair"];
    app.does(&[&import[..], &["--policy", "2026-11"]].concat());
    let nothing = vec![String::new(); 7];
    let names = NAMES.map(str::to_owned).to_vec();
    assert_eq!(last_columns(&app, "offers").await, [names.clone(), nothing]);
    let said = SAID.map(str::to_owned).to_vec();
    assert_eq!(last_columns(&app, "newsletter:weekly").await, [names, said]);
}

// The page that follows leads back to the form, by what the browser keeps of its own.
#[apply(both_databases!)]
async fn who_corrects_an_address_still_came_by_the_same_way(database: Database) {
    let app = TestApp::start(database).await;
    let typed = form("typo@b.example", "&newsletter=weekly");
    for (path, query) in [(PATH, LINK), ("/newsletters", LINK), (PATH, "")] {
        let sent = app.post(&format!("{path}?{query}&x=y&ref=twice"), &typed).await;
        assert_eq!((sent.status, sent.location()), (303, "/check-your-inbox"), "{}", sent.text());
        let page = app.request("GET", "/check-your-inbox").header("cookie", sent.cookie());
        let page = app.send(page).await.text();
        let (before, _) = page.split_once("\">use a different address</a>").expect("the link");
        let link = before.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
        let known = if query.is_empty() { "ref=twice" } else { "utm_source=newsletter&" };
        assert!(link.starts_with(&format!("{path}?{known}")), "{link}");
        assert!(!link.contains("fbclid") && !link.contains("x=y"), "{link}");
        assert_eq!(app.get(&link).await.status, 200);
        let email = format!("right{}{}@b.example", path.len(), query.len());
        assert_eq!(app.post(&link, &form(&email, "&newsletter=weekly")).await.status, 303);
        let confirm = app.next_mail(&email, 0).await.link("/confirm/");
        assert_eq!(app.post(&confirm, "").await.status, 303);
        app.next_mail(&email, 1).await;
        let kept = if query.is_empty() { json!({"ref": "twice"}) } else { said() };
        assert_eq!(held(&app, &email).await, [kept]);
    }
}
