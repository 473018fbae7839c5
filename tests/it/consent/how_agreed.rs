//! "How we got your consent": what somebody sees of it, down to the form as it stood.

use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use crate::support::app::{Database, SLUG, TestApp};
use crate::support::both_databases;

const ADA: &str = "ada@b.example";
const BOB: &str = "bob@b.example";

/// Their page of choices.
fn choices(app: &TestApp, email: &str) -> String {
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

/// The first path of a form's copy that a page leads to.
fn copy(page: &str) -> String {
    let from = page.split_once("/forms/").expect("a copy").1;
    from.split_once('"').expect("its end").0.to_owned()
}

#[apply(both_databases!)]
async fn it_is_said_in_words_that_people_know(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "&newsletter=weekly").await;
    let page = choices(&app, ADA);
    let shown = app.get(&format!("{page}/my-data")).await.text().replace("&#x2f;", "/");
    for words in [
        "how we got your consent",
        "<h3>The weekly</h3>",
        "On a page of ours: the page of “A sample report”",
        "By the link in our message",
        "See the form as it stood",
        "/policies/privacy/2026-11",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // Codes and keys are for letters and programs.
    let (read, references) = shown.split_once("<summary>References").expect("references");
    for code in ["newsletter:weekly", &format!("/reports/{SLUG}")] {
        assert!(!read.contains(code), "{code}: {read}");
    }
    assert!(references.contains(&format!("/reports/{SLUG}")), "{references}");
}

#[apply(both_databases!)]
async fn what_was_left_says_how_it_was_got_and_how_it_ended(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "&newsletter=weekly").await;
    let page = choices(&app, ADA);
    let kept = format!("policy=2026-11&purpose=privacy-policy{}", app.seen(&page).await);
    assert_eq!(app.post(&page, &kept).await.status, 303);
    let shown = app.get(&format!("{page}/my-data")).await.text();
    let weekly = shown.split_once("<h3>The weekly</h3>").expect("a section").1;
    let weekly = weekly.split_once("</section>").expect("its end").0;
    for words in
        ["Withdrawn", "the page of your choices", "the page of “A sample report”", "the receipt"]
    {
        assert!(weekly.to_lowercase().contains(&words.to_lowercase()), "{words}: {weekly}");
    }
}

#[apply(both_databases!)]
async fn the_form_is_shown_byte_by_byte_and_sends_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "").await;
    let page = choices(&app, ADA);
    let sha256 = copy(&app.get(&format!("{page}/my-data")).await.text());
    let form = app.get(&format!("{page}/forms/{sha256}")).await;
    assert_eq!(form.status, 200);
    assert_eq!(sha256_hex(&form.body), sha256);
    assert!(form.header("content-type").starts_with("text/html"));
    let policy = form.header("content-security-policy");
    assert!(policy.contains("form-action 'none'") && policy.contains("default-src 'none'"));
    assert!(!policy.contains("script-src"), "{policy}");
    assert_eq!(form.header("x-robots-tag"), "noindex, nofollow");
}

#[apply(both_databases!)]
async fn only_a_form_that_they_sent_is_shown(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "").await;
    app.post("/newsletters", &crate::support::app::form(BOB, "&newsletter=weekly")).await;
    let link = app.next_mail(BOB, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "").await.status, 303);
    app.next_mail(BOB, 1).await;
    let (ada, bob) = (choices(&app, ADA), choices(&app, BOB));
    let sha256 = copy(&app.get(&format!("{ada}/my-data")).await.text());
    let zeros = "0".repeat(64);
    for path in [
        format!("{bob}/forms/{sha256}"),
        format!("{ada}/forms/{zeros}"),
        format!("{ada}/forms/{}", sha256.to_uppercase()),
        format!("{ada}/forms/..%2f..%2fassent.db"),
        format!("/preferences/none/forms/{sha256}"),
    ] {
        assert_eq!(app.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(app.post(&format!("{ada}/forms/{sha256}"), "").await.status, 405);
    assert_eq!(app.post(&format!("{ada}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(app.get(&format!("{ada}/forms/{sha256}")).await.status, 410);
}
