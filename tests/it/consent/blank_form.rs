//! Which form evidence names, and what it says was left unticked: of the page that its reader saw, or of none.

use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::workflow::proved;
use crate::support::app::{Database, PATH, SLUG, TestApp, form};
use crate::support::page_form::PageForm;
use crate::support::{both_databases, poll};

const CODE: &str = "partner-offers";
const WORDS: &str =
    "Sample Press may give my address to its partners. I can withdraw this any day.";
const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";

/// The form of a page, opened now.
async fn open(app: &TestApp, path: &str, action: &str) -> PageForm {
    PageForm::find(&app.get(path).await.text(), action)
}

/// Staff add a box to the sample report's form.
async fn add_box(app: &TestApp) {
    let new = NewPurpose {
        code: CODE.parse().unwrap(),
        name: Line::parse("Partners’ offers").unwrap().unwrap(),
        words: WORDS.parse().unwrap(),
    };
    let mut tx = app.write().await;
    add_purpose(&mut tx, &app.act(), &new, &[SLUG.parse().unwrap()]).await.unwrap();
    tx.commit().await.unwrap();
    poll::until("the new box", || async {
        app.get(PATH).await.text().contains(WORDS).then_some(())
    })
    .await;
}

/// Fills a form in with an address, ticks the one box that must be, and sends it; gives the path of the mailed link.
async fn send(app: &TestApp, open: PageForm, action: &str, email: &str) -> String {
    let sent = app.post(action, &open.fill("email", email).tick("yes").body()).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    app.next_mail(email, 0).await.link("/confirm/").replace(&app.base, "")
}

/// Confirms, and gives what the receipts of these consents are computed from.
async fn confirm(app: &TestApp, link: &str, body: &str, email: &str) -> Vec<(String, Value)> {
    let pressed = app.post(link, body).await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    app.next_mail(email, 1).await;
    proved(app, email).await
}

fn of<'a>(proved: &'a [(String, Value)], purpose: &str) -> &'a Value {
    let found = proved.iter().find(|(of, _)| of == purpose);
    &found.unwrap_or_else(|| panic!("no {purpose}: {proved:?}")).1
}

/// Neither the form nor what was left unticked is said, and all else is.
fn says_nothing_of_a_form(ledger: &Value) {
    let (body, context) = (&ledger["body"], &ledger["context"]);
    assert!(context.get("form").is_none() && ledger["documents"].get("form").is_none(), "{ledger}");
    assert!(body.get("unticked").is_none(), "{body}");
    assert!(context["required"].is_boolean() && context["notice"].is_object(), "{context}");
    assert_eq!(body["confirmed"]["by"], "link");
    assert!(!body["data"].as_array().unwrap().is_empty(), "{body}");
}

/// The document that evidence names, checked against its hash.
fn document(ledger: &Value) -> &str {
    let form = ledger["documents"]["form"].as_str().unwrap_or_else(|| panic!("no form: {ledger}"));
    assert_eq!(ledger["context"]["form"], sha256_hex(form.as_bytes()));
    form
}

#[apply(both_databases!)]
async fn a_page_from_before_a_box_was_added_is_not_named(database: Database) {
    let app = TestApp::start(database).await;
    let old = open(&app, PATH, PATH).await;
    add_box(&app).await;
    let link = send(&app, old, PATH, "ada@b.example").await;
    let of_ada = confirm(&app, &link, "", "ada@b.example").await;
    assert_eq!(of_ada.len(), 1, "the signup goes through as before");
    says_nothing_of_a_form(of(&of_ada, PRIVACY));
    assert_eq!(
        app.count("SELECT count(*) FROM blank_form").await,
        0,
        "nobody saw one that is named"
    );

    let link = send(&app, open(&app, PATH, PATH).await, PATH, "bob@b.example").await;
    let of_bob = confirm(&app, &link, "", "bob@b.example").await;
    let ledger = of(&of_bob, PRIVACY);
    assert_eq!(ledger["body"]["unticked"], json!([WEEKLY, CODE]));
    assert!(document(ledger).contains(WORDS), "the box that was left unticked stands there");
}

#[apply(both_databases!)]
async fn what_names_no_page_of_now_names_none(database: Database) {
    const NAMED: &str = "SELECT count(*) FROM consent_context WHERE body LIKE '%\"form\":%'";
    const UNTICKED: &str = "SELECT count(*) FROM consent_event WHERE body LIKE '%\"unticked\":%'";
    let app = TestApp::start(database).await;
    let own = app.blank(PATH).await;
    let sha256 = own.strip_prefix("&blank=").unwrap();
    assert_eq!(sha256.len(), 64);
    let others = [app.blank("/").await, app.blank("/newsletters").await];
    assert!(others.iter().all(|other| other.len() == own.len() && *other != own));
    let hostile = [
        String::new(),
        "&blank=".to_owned(),
        "&blank".to_owned(),
        "&blank=0".to_owned(),
        format!("&blank={}", sha256.to_uppercase()),
        format!("&blank={}", &sha256[1..]),
        format!("&blank=+{sha256}"),
        format!("&blank={sha256}%20"),
        format!("&blank={sha256}%00"),
        format!("&blank={sha256}%ff"),
        format!("&blank={sha256}{sha256}"),
        format!("&Blank={sha256}"),
        format!("{own}{own}"),
        format!("{own}&blank="),
        format!("&blank={}", "0".repeat(64)),
        format!("&blank={}", "a".repeat(10_000)),
        "&blank=%27+OR+1%3D1+--".to_owned(),
        "&blank=%3Cscript%3E".to_owned(),
        "&blank=..%2F..%2Fetc%2Fpasswd".to_owned(),
        others.concat(),
    ];
    for (number, field) in hostile.iter().chain(&others).enumerate() {
        let answer = app.post(PATH, &form(&format!("reader{number}@b.example"), field)).await;
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"), "{field}");
    }
    assert_eq!((app.count(NAMED).await, app.count(UNTICKED).await), (0, 0));
    assert_eq!(app.count("SELECT count(*) FROM blank_form").await, 0);

    assert_eq!(app.post(PATH, &form("ada@b.example", &own)).await.status, 303);
    assert_eq!((app.count(NAMED).await, app.count(UNTICKED).await), (1, 1));
    assert_eq!(app.count("SELECT count(*) FROM blank_form").await, 1);
}

// Whoever is shown the form again, with what is wrong in it, sees what stands there now.
#[apply(both_databases!)]
async fn a_form_that_was_refused_shows_the_page_of_now(database: Database) {
    let app = TestApp::start(database).await;
    let old = open(&app, PATH, PATH).await.fill("email", "no address").tick("yes");
    add_box(&app).await;
    let refused = app.post(PATH, &old.body()).await;
    assert_eq!(refused.status, 422);
    let again = PageForm::find(&refused.text(), PATH);
    assert_eq!(format!("&blank={}", again.value("blank")), app.blank(PATH).await);
    let link = send(&app, again, PATH, "ada@b.example").await;
    let proved = confirm(&app, &link, "", "ada@b.example").await;
    let ledger = of(&proved, PRIVACY);
    assert_eq!(ledger["body"]["unticked"], json!([WEEKLY, CODE]));
    let form = document(ledger);
    assert!(form.contains(WORDS) && !form.contains("no address") && !form.contains(" checked"));
}

#[apply(both_databases!)]
async fn the_start_page_is_told_from_the_page_of_the_newsletters(database: Database) {
    let app = TestApp::start(database).await;
    for (path, name, email) in
        [("/", "index", "ada@b.example"), ("/newsletters", "newsletters", "bob@b.example")]
    {
        let page = app.get(path).await.text();
        let form = PageForm::find(&page, "/newsletters").tick("weekly");
        let sha256 = form.value("blank").to_owned();
        let link = send(&app, form, "/newsletters", email).await;
        let proved = confirm(&app, &link, "", email).await;
        let (said, shown) = document(of(&proved, WEEKLY)).split_once('\n').unwrap();
        assert!(said.contains(&format!("; form {name}; privacy policy ")), "{said}");
        assert_eq!(shown, page.replace(&sha256, ""), "{path}");
    }
}

#[apply(both_databases!)]
async fn a_box_first_ticked_while_confirming_was_not_ticked_on_the_form(database: Database) {
    let app = TestApp::start(database).await;
    add_box(&app).await;
    let link = send(&app, open(&app, PATH, PATH).await, PATH, "ada@b.example").await;
    let page = open(&app, &link, &link).await.tick("weekly");
    let proved = confirm(&app, &link, &page.body(), "ada@b.example").await;
    says_nothing_of_a_form(of(&proved, WEEKLY));
    let ledger = of(&proved, PRIVACY);
    assert!(document(ledger).contains(WORDS));
    assert_eq!(ledger["body"]["unticked"], json!([CODE]), "the newsletter was not left");
    // Neither does the event that it was asked for.
    let asked =
        "SELECT count(*) FROM consent_event e JOIN consent_context x ON x.sha256 = e.context_sha256
                 WHERE e.type = 'requested' AND e.purpose = 'newsletter:weekly'
                   AND (e.body LIKE '%\"unticked\":%' OR x.body LIKE '%\"form\":%')";
    assert_eq!(app.count(asked).await, 0);

    // What the page that confirms shows ticked, and whose tick is taken away there, is left unticked.
    let ticked = open(&app, PATH, PATH).await.tick("weekly");
    let link = send(&app, ticked, PATH, "bob@b.example").await;
    let page = open(&app, &link, &link).await.untick("weekly");
    let proved = confirm(&app, &link, &page.body(), "bob@b.example").await;
    assert_eq!(of(&proved, PRIVACY)["body"]["unticked"], json!([WEEKLY, CODE]));
}

// A row of the outbox has no MAC: whoever writes the database alone may say there that another mail was sent.
#[apply(both_databases!)]
async fn a_mail_that_another_hand_put_there_is_not_named(database: Database) {
    let forge = match database {
        Database::Sqlite => {
            "INSERT INTO outbox (outbox_id, kind, signup_id, limiter_key, state, next_at, created_at, finished_at)
             SELECT randomblob(16), kind, signup_id, limiter_key, 'sent', next_at, created_at, finished_at + 1000000
             FROM outbox WHERE kind = 'confirm'"
        }
        Database::Postgres => {
            "INSERT INTO outbox (outbox_id, kind, signup_id, limiter_key, state, next_at, created_at, finished_at)
             SELECT gen_random_uuid(), kind, signup_id, limiter_key, 'sent', next_at, created_at,
                 finished_at + interval '1 second'
             FROM outbox WHERE kind = 'confirm'"
        }
    };
    let app = TestApp::start(database).await;
    let mail = app.ask_and_read("ada@b.example", "").await;
    app.mail_settled().await;
    app.tamper(forge).await.unwrap();
    let proved = confirm(&app, &mail.link("/confirm/"), "", "ada@b.example").await;
    let said = json!({"by": "link", "message_id": format!("<{}>", mail.message_id)});
    assert_eq!(of(&proved, PRIVACY)["body"]["confirmed"], said, "the one that was really sent");

    let link = app.ask_and_read("bob@b.example", "").await.link("/confirm/");
    app.mail_settled().await;
    let dropped =
        "UPDATE outbox SET state = 'dropped', reason = 'no reason' WHERE kind = 'confirm'";
    app.tamper(dropped).await.unwrap();
    app.tamper(forge).await.unwrap();
    let proved = confirm(&app, &link, "", "bob@b.example").await;
    assert_eq!(of(&proved, PRIVACY)["body"]["confirmed"], json!({"by": "link"}));
}
