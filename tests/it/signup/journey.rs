//! The main job: a reader asks, confirms by one press, downloads; marketing gets who confirmed.

use macro_rules_attribute::apply;

use crate::support::app::{Database, NEWSLETTER, PATH, POLICY, REPORT, TestApp, form};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn a_reader_asks_confirms_and_downloads(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.get(PATH).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("A sample report") && !page.text().contains(" checked"));

    let typed = "&name=Ada+Hughes&organisation=Northmoor&job_title=Head&newsletter=weekly";
    let asked = app.post(PATH, &form("Ada@Northmoor.example", typed)).await;
    assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"));
    let waiting = app.request("GET", asked.location()).header("cookie", asked.cookie());
    assert!(app.send(waiting).await.text().contains("Ada@northmoor.example"));
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 0);
    assert!(app.exported("privacy-policy").await.is_empty());

    let mail = app.next_mail("Ada@northmoor.example", 0).await;
    assert_eq!(mail.subject, "Your link to A sample report");
    assert!(mail.links()[0].contains("/confirm/"), "the confirm link comes first");
    assert!(mail.raw.lines().any(|line| line == mail.link("/confirm/")), "whole in the raw mail");
    let page = app.get(&mail.link("/confirm/")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("A…@northmoor.example") && !page.text().contains("Ada@"));

    let confirmed = app.post(&mail.link("/confirm/"), "").await;
    assert_eq!(confirmed.status, 303);
    let thanks = app.get(confirmed.location()).await;
    assert!(thanks.status == 200 && !thanks.text().contains("Ada@"));
    let file = app.get(&format!("{}/file", confirmed.location())).await;
    assert_eq!((file.status, file.body.as_slice()), (200, REPORT));

    let receipt = app.next_mail("Ada@northmoor.example", 1).await;
    let words = receipt.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Sample Press may hold and process") && words.contains(POLICY));
    assert!(receipt.link("/downloads/").ends_with(confirmed.location()));
    for purpose in ["privacy-policy", "newsletter:weekly"] {
        assert_eq!(app.exported(purpose).await, ["Ada@northmoor.example"]);
    }
}

#[apply(both_databases!)]
async fn a_newsletter_needs_no_report(database: Database) {
    let app = TestApp::start(database).await;
    let refused = app.post("/newsletters", &form("ada@b.example", "")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Choose at least one newsletter"));
    let asked = app.post("/newsletters", &form("ada@b.example", "&newsletter=weekly")).await;
    assert_eq!(asked.status, 303);
    let mail = app.next_mail("ada@b.example", 0).await;
    let confirmed = app.post(&mail.link("/confirm/"), "").await;
    assert_eq!((confirmed.status, confirmed.location()), (303, "/thank-you"));
    assert_eq!(app.get("/thank-you").await.status, 200);
    assert_eq!(app.exported(&format!("newsletter:{NEWSLETTER}")).await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn the_export_has_exactly_the_confirmed_ones(database: Database) {
    let app = TestApp::start(database).await;
    for n in 0..6 {
        let email = format!("reader{n}@b.example");
        let more = if n % 2 == 0 { "&newsletter=weekly" } else { "" };
        if n < 4 {
            app.subscribe(&email, more).await;
        } else {
            assert_eq!(app.post(PATH, &form(&email, more)).await.status, 303);
        }
    }
    let expected: Vec<String> = (0..4).map(|n| format!("reader{n}@b.example")).collect();
    assert_eq!(app.exported("privacy-policy").await, expected);
    assert_eq!(app.exported("newsletter:weekly").await, ["reader0@b.example", "reader2@b.example"]);
}

#[apply(both_databases!)]
async fn nothing_typed_touches_a_subscriber_before_it_is_confirmed(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&name=Ada&organisation=Northmoor").await;
    let mail = app.ask_and_read("ADA@b.example", "&name=Mallory&newsletter=weekly").await;
    assert!(app.export("privacy-policy").await.contains("Ada,Northmoor"));
    assert!(app.exported("newsletter:weekly").await.is_empty());
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    // One subscriber, brought up to date; what the second form left blank stays.
    let export = app.export("privacy-policy").await;
    assert!(export.contains("Mallory,Northmoor") && export.contains("renewed"));
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
}

#[apply(both_databases!)]
async fn the_answer_is_the_same_for_known_and_unknown(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("known@b.example", "&newsletter=weekly").await;
    let mut seen = Vec::new();
    for email in ["known@b.example", "other@b.example"] {
        let mut asked = app.ask(email).await;
        let page = app.request("GET", asked.location()).header("cookie", asked.cookie());
        let page = app.send(page).await.text().replace(email, "ADDRESS");
        for name in ["set-cookie", "date", "x-request-id"] {
            asked.headers.remove(name);
        }
        seen.push((asked.status, format!("{:?}", asked.headers), asked.body, page));
    }
    assert_eq!(seen[0], seen[1]);
    // Both get a link; the words of the mail differ, for only the owner of the mailbox sees them.
    let known = app.next_mail("known@b.example", 2).await;
    assert!(known.text.contains("Here is your link again") && known.link("/confirm/").len() > 40);
    assert!(!app.next_mail("other@b.example", 0).await.text.contains("again"));
}

#[apply(both_databases!)]
async fn a_filled_honeypot_gets_the_same_answer_and_nothing_else(database: Database) {
    let app = TestApp::start(database).await;
    let body = form("bot@b.example", "").replace("website=", "website=http%3A%2F%2Fx");
    let answer = app.post(PATH, &body).await;
    assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);
}

#[apply(both_databases!)]
async fn a_stopped_program_has_answered_stored_and_mailed_everything(database: Database) {
    let app = TestApp::start(database).await;
    let asked = futures_util::future::join_all((0..40).map(|n| {
        let app = &app;
        async move { app.ask(&format!("r{n}@b.example")).await.status }
    }));
    assert!(asked.await.iter().all(|status| *status == 303));
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 40);
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 40);
    app.stop().await;
}
