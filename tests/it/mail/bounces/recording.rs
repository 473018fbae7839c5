//! What follows from mail that came back, and what never does.

use std::time::Duration;

use assent::app::Core;
use assent::worker::tasks::forget_signups::forget_signups;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::mail::bounces::{
    ADA, BOTH, DOMAIN, RECORDED, RFC822, WEEKLY, comes_back, forgotten, message_about, post,
    return_path, start, state,
};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::inbox::Mail;
use crate::support::smtp::SmtpSink;
use crate::support::snapshot::same_page;
use crate::support::{both_databases, poll};

const OUTBOX: &str = "SELECT count(*) FROM outbox WHERE state <> 'dropped'";
const BOUNCED: &str = "SELECT count(*) FROM suppression WHERE reason = 'bounced' AND purpose = '*'";
const COMPLAINED: &str =
    "SELECT count(*) FROM suppression WHERE reason = 'complained' AND purpose = '*'";
const WITHDRAWN: &str = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn'";

async fn waiting_page(app: &TestApp, asked: &Answer) -> Answer {
    let page = app.request("GET", "/check-your-inbox").header("cookie", asked.cookie());
    app.send(page).await
}

#[apply(both_databases!)]
async fn a_mail_to_nobody_is_told_to_its_reader_and_never_repeated(database: Database) {
    let app = start(database).await;
    let asked = app.ask(ADA).await;
    let mail = app.next_mail(ADA, 0).await;
    assert!(waiting_page(&app, &asked).await.text().contains("Check your inbox"));

    assert_eq!(comes_back(&app, &mail, "postfix_unknown").await, RECORDED);
    assert_eq!(app.count(BOUNCED).await, 1);
    let page = waiting_page(&app, &asked).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains("We couldn’t deliver to")
            && text.contains(ADA)
            && text.contains("href=\"/reports/sample\""),
        "{text}"
    );
    assert!(!text.contains("<form") && !text.contains("Send the message again"), "{text}");
    let resend = app.request("POST", "/check-your-inbox/resend").header("cookie", asked.cookie());
    assert_eq!(app.send(resend).await.status, 303);

    // The next form is answered as the first was, and tells nothing of what the first mail did.
    let again = app.ask(ADA).await;
    assert_eq!(
        (again.status, again.location(), again.text()),
        (asked.status, asked.location(), asked.text())
    );
    let page = waiting_page(&app, &again).await.text();
    assert!(page.contains("Check your inbox") && !page.contains("deliver to"), "{page}");
    assert!(app.get("/check-your-inbox").await.text().contains("Check your inbox"));
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.count(OUTBOX).await), (1, 1));
    assert_eq!(app.count(WITHDRAWN).await, 0);
}

#[apply(both_databases!)]
async fn a_complaint_ends_what_its_reader_is_sent(database: Database) {
    let app = start(database).await;
    for email in [ADA, "bob@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    app.mail_settled().await;
    let (receipt, before) = (app.mail_to(ADA).remove(1), app.count(OUTBOX).await);
    assert_eq!(comes_back(&app, &receipt, "arf_abuse").await, RECORDED);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example"]);
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
    assert_eq!((app.count(COMPLAINED).await, app.count(WITHDRAWN).await), (1, 1));
    let left = "SELECT count(*) FROM suppression WHERE reason = 'unsubscribed' AND purpose = 'newsletter:weekly'";
    assert_eq!(app.count(left).await, 1);
    let said = "SELECT count(*) FROM consent_event e JOIN consent_context x ON x.sha256 = e.context_sha256
             WHERE e.type = 'withdrawn' AND x.body LIKE '%\"method\":\"program\"%' AND x.body LIKE '%\"source\":\"complaint\"%'";
    assert_eq!(app.count(said).await, 1);

    app.seal().await;
    let told =
        assent::store::consent::withdrawals::list(&mut app.read().await, -1, 10).await.unwrap();
    let told: Vec<_> = told.iter().map(|w| (w.email.as_deref(), w.purpose.as_str())).collect();
    assert_eq!(told, [(Some(ADA), WEEKLY)]);

    // Whoever reported us hears nothing more, of this either; their own choices still open.
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.count(OUTBOX).await), (2, before));
    let page = receipt.link("/preferences/");
    assert_eq!(app.get(&page).await.status, 200);
    let data: serde_json::Value =
        serde_json::from_slice(&app.get(&format!("{page}/my-data.json")).await.body).unwrap();
    assert_eq!(
        (&data["bounces"][0]["mail"], &data["bounces"][0]["kind"]),
        (&"receipt".into(), &"complaint".into())
    );
    let shown = app.get(&format!("{page}/my-data")).await.text();
    assert!(shown.contains("Messages that came back") && shown.contains("reported as unwanted"));
}

#[apply(both_databases!)]
async fn what_may_pass_is_counted_alone(database: Database) {
    let app = start(database).await;
    let mail = app.ask_and_read(ADA, "").await;
    for (n, name) in
        ["postfix_delayed", "exchange_full", "sendmail_gave_up"].into_iter().enumerate()
    {
        assert_eq!(comes_back(&app, &mail, name).await, RECORDED, "{n}");
    }
    assert_eq!(
        app.count("SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '4.4.1'").await,
        1,
        "each mail once"
    );
    assert_eq!(state(&app).await[..2], [1, 0]);
    app.ask_and_read(ADA, "").await;
    // What is worse later is not lost.
    assert_eq!(comes_back(&app, &mail, "postfix_unknown").await, RECORDED);
    assert_eq!((app.count("SELECT count(*) FROM bounce").await, app.count(BOUNCED).await), (2, 1));
}

#[apply(both_databases!)]
async fn a_member_of_a_group_who_left_does_not_end_the_group(database: Database) {
    let app = start(database).await;
    app.subscribe("group@b.example", BOTH).await;
    app.mail_settled().await;
    let receipt = app.mail_to("group@b.example").remove(1);
    for name in ["postfix_unknown", "qmail", "exim_plain_forwarded"] {
        let message = message_about(name, &return_path(&app, &receipt), "left@b.example");
        assert_eq!(post(&app, RFC822, message).await.text(), RECORDED, "{name}");
    }
    assert_eq!(app.count("SELECT count(*) FROM bounce WHERE kind = 'soft'").await, 1);
    assert_eq!((app.count("SELECT count(*) FROM bounce").await, app.count(BOUNCED).await), (1, 0));
    assert_eq!(app.exported(WEEKLY).await, ["group@b.example"]);
    // Of the group itself it counts, in plain words too.
    assert_eq!(comes_back(&app, &receipt, "qmail").await, RECORDED);
    assert_eq!(app.count(BOUNCED).await, 1);
}

#[apply(both_databases!)]
async fn the_same_news_at_once_counts_once(database: Database) {
    let app = start(database).await;
    app.subscribe(ADA, BOTH).await;
    app.mail_settled().await;
    let (receipt, before) = (app.mail_to(ADA).remove(1), state(&app).await);
    for name in ["postfix_unknown", "arf_abuse", "exchange_full"] {
        let posts = join_all((0..8).map(|_| comes_back(&app, &receipt, name))).await;
        assert!(posts.iter().all(|answer| answer == RECORDED), "{name}: {posts:?}");
    }
    // Bounced, complained, and the newsletter left; one withdrawal; no mail.
    assert_eq!(state(&app).await, [before[0] + 3, before[1] + 3, before[2] + 1, before[3]]);
    // About another mail to the same person it is news again, with nothing left to do.
    let confirmation = app.mail_to(ADA).remove(0);
    assert_eq!(comes_back(&app, &confirmation, "arf_abuse").await, RECORDED);
    assert_eq!(state(&app).await, [before[0] + 4, before[1] + 3, before[2] + 1, before[3]]);
}

#[apply(both_databases!)]
async fn what_was_erased_or_purged_is_nothing_any_more(database: Database) {
    let app = start(database).await;
    app.subscribe(ADA, BOTH).await;
    app.mail_settled().await;
    let receipt = app.mail_to(ADA).remove(1);
    assert_eq!(comes_back(&app, &receipt, "exchange_full").await, RECORDED);
    let purged = app.ask_and_read("bob@b.example", "").await;
    assert_eq!(comes_back(&app, &purged, "exchange_full").await, RECORDED);
    assert_eq!(app.count("SELECT count(*) FROM bounce").await, 2);

    // Erased while more comes in: neither fails, nothing stays.
    let erase = format!("{}/erase", receipt.link("/preferences/"));
    let post_erase = async { assert_eq!(app.post(&erase, "confirm=yes").await.status, 200) };
    let news = join_all(
        ["arf_abuse", "postfix_unknown", "arf_abuse"].map(|name| comes_back(&app, &receipt, name)),
    );
    let ((), answers) = tokio::join!(post_erase, news);
    assert!(answers.iter().all(|answer| answer == RECORDED || *answer == forgotten()));
    assert_eq!(app.count("SELECT count(*) FROM bounce").await, 1);
    app.advance(Duration::from_hours(10 * 24));
    let Core { db, flow_settings: settings, .. } = &app.core;
    assert_eq!(forget_signups(db, settings, &app.core.moment()).await.unwrap(), 1);
    assert_eq!(app.count("SELECT count(*) FROM bounce").await, 0);

    let before = state(&app).await;
    for mail in [&receipt, &purged] {
        for name in ["postfix_unknown", "arf_abuse", "exchange_full"] {
            assert_eq!(comes_back(&app, mail, name).await, forgotten(), "{name}");
        }
    }
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn a_witness_is_never_suppressed(database: Database) {
    let witness = "witness@elsewhere.example";
    let app = TestApp::start_sealing(
        database,
        &[("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN), ("ASSENT_LEDGER_WITNESS_MAIL", witness)],
    )
    .await;
    app.subscribe(ADA, "").await;
    let checkpoint = app.next_mail(witness, 0).await;
    let before = state(&app).await;
    for name in ["postfix_unknown", "arf_abuse"] {
        assert_eq!(comes_back(&app, &checkpoint, name).await, RECORDED);
    }
    let after = state(&app).await;
    assert_eq!((after[0], after[1], after[3]), (before[0] + 2, before[1], before[3]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_mail_that_came_back() {
    let app = start(Database::Sqlite).await;
    let asked = app.ask(ADA).await;
    let mail = app.next_mail(ADA, 0).await;
    comes_back(&app, &mail, "postfix_unknown").await;
    same_page("came_back", &waiting_page(&app, &asked).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mail_leaves_with_an_envelope_sender_of_its_own() {
    let sink = SmtpSink::start(&[]);
    let own = [
        ("ASSENT_MAIL_URL", &*sink.url()),
        ("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN),
        ("ASSENT_MAIL_FROM", "Sample Press <reports@sample.example>"),
    ];
    let plain = [own[0], own[2]];
    let app = TestApp::start_with(Database::Sqlite, &own).await;
    assert_eq!((app.ask(ADA).await.status, app.ask("bob@b.example").await.status), (303, 303));
    let both = poll::until("two mails", || async {
        let sent = sink.deliveries().await;
        (sent.len() == 2).then_some(sent)
    })
    .await;
    for sent in &both {
        let mail = Mail::parse(&sent.message);
        assert_eq!(sent.envelope_from, return_path(&app, &mail));
        assert_eq!(sent.envelope_to, [mail.to.as_str()]);
        assert!(
            mail.raw.contains("From: \"Sample Press\" <reports@sample.example>\r\n"),
            "{}",
            mail.raw
        );
        assert!(!mail.raw.contains(DOMAIN), "it stands in the envelope alone");
    }
    // What comes back to it, as a mail server of the reader's says it.
    let told = message_about("office365_unknown", &both[0].envelope_from, &both[0].envelope_to[0]);
    let answer = post(&app, RFC822, told).await;
    assert_eq!((answer.status, answer.text().as_str()), (202, RECORDED));
    assert_eq!(app.count(BOUNCED).await, 1);
    app.stop().await;

    let app = TestApp::start_with(Database::Sqlite, &plain).await;
    assert_eq!(app.ask(ADA).await.status, 303);
    let third =
        poll::until("a third mail", || async { sink.deliveries().await.into_iter().nth(2) }).await;
    assert_eq!(third.envelope_from, "reports@sample.example");
}
