//! Whose mail came back because there was no such mailbox, and who asks again: one confirmation a week, and pressing
//! its button ends the suppression.

use std::time::Duration;

use assent::app::Core;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::worker::tasks::forget_signups::forget_signups;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::mail::bounces::{ADA, DOMAIN, RECORDED, comes_back, start};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

const BOUNCED: &str = "SELECT count(*) FROM suppression WHERE reason = 'bounced' AND purpose = '*'";
const TRIES: &str = "SELECT count(*) FROM suppression_try";
const OUTBOX: &str = "SELECT count(*) FROM outbox WHERE kind = 'confirm' AND due_at IS NOT NULL";

const DAY: Duration = Duration::from_hours(24);

/// Sends a form; the answer is that of any other.
async fn ask(app: &TestApp) {
    let answer = app.ask(ADA).await;
    assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
}

/// How many mails Ada has, once none waits.
async fn mails(app: &TestApp) -> usize {
    app.mail_settled().await;
    app.mail_to(ADA).len()
}

#[apply(both_databases!)]
async fn whose_mailbox_was_not_there_is_written_to_once_a_week(database: Database) {
    let app = start(database).await;
    let first = app.ask_and_read(ADA, "").await;
    assert_eq!(comes_back(&app, &first, "postfix_unknown").await, RECORDED);
    assert_eq!(app.count(BOUNCED).await, 1);
    for days in [0, 3, 3] {
        app.advance(DAY * days);
        ask(&app).await;
    }
    assert_eq!(mails(&app).await, 1);

    // In the next week one, however many ask at once, by whatever way.
    app.advance(DAY * 2);
    join_all((0..8).map(|_| ask(&app))).await;
    let second = app.next_mail(ADA, 1).await;
    assert_eq!(mails(&app).await, 2);
    let asked = app.ask(ADA).await;
    let again = app.request("POST", "/check-your-inbox/resend").header("cookie", asked.cookie());
    assert_eq!(app.send(again).await.status, 303);
    assert_eq!(app.post(&format!("{}/fresh", second.link("/confirm/")), "").await.status, 303);
    for days in [1, 5] {
        app.advance(DAY * days);
        ask(&app).await;
    }
    assert_eq!(mails(&app).await, 2);
    // The relay took it, which says nothing of the mailbox.
    assert_eq!((app.count(BOUNCED).await, app.count(TRIES).await), (1, 1));

    // It comes back as well: a week more, from then.
    assert_eq!(comes_back(&app, &second, "postfix_unknown").await, RECORDED);
    app.advance(DAY * 6);
    ask(&app).await;
    assert_eq!(mails(&app).await, 2);
    app.advance(DAY * 2);
    ask(&app).await;
    let third = app.next_mail(ADA, 2).await;
    assert_eq!(app.count(BOUNCED).await, 1);
    // Whoever presses reads their mail.
    assert_eq!(app.post(&third.link("/confirm/"), "").await.status, 303);
    assert_eq!((app.count(BOUNCED).await, app.count(TRIES).await), (0, 0));
    app.next_mail(ADA, 3).await;
    assert_eq!(app.exported("privacy-policy").await, [ADA]);
    app.subscribe(ADA, "&newsletter=weekly").await;
}

#[apply(both_databases!)]
async fn a_code_shows_as_well_that_mail_arrives(database: Database) {
    let app = start(database).await;
    let first = app.ask_and_read(ADA, "").await;
    comes_back(&app, &first, "postfix_unknown").await;
    app.advance(DAY * 8);
    let asked = app.ask(ADA).await;
    let second = app.next_mail(ADA, 1).await;
    app.mail_settled().await;
    assert_eq!(app.type_code(&asked.cookie(), &second.code()).await.status, 303);
    assert_eq!(app.count(BOUNCED).await, 0);
}

#[apply(both_databases!)]
async fn who_never_had_a_confirmation_has_one_at_once(database: Database) {
    let app = start(database).await;
    app.suppress(ADA, SuppressionReason::Bounced).await;
    ask(&app).await;
    app.next_mail(ADA, 0).await;
    ask(&app).await;
    assert_eq!((mails(&app).await, app.count(OUTBOX).await), (1, 1));
}

#[apply(both_databases!)]
async fn other_reasons_stay_as_they_are(database: Database) {
    let app = start(database).await;
    app.suppress(ADA, SuppressionReason::Bounced).await;
    for reason in
        [SuppressionReason::Complained, SuppressionReason::Manual, SuppressionReason::NotMe]
    {
        app.suppress(ADA, reason).await;
        ask(&app).await;
        assert_eq!((mails(&app).await, app.count(OUTBOX).await), (0, 0), "{reason:?}");
        app.advance(DAY * 8);
    }
    // Nothing else is mailed either, and the link that is asked for least of all.
    assert_eq!(app.post("/preferences", &format!("email={ADA}")).await.status, 303);
    poll::until("the wish answered", || async {
        (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
    })
    .await;
    assert_eq!(mails(&app).await, 0);
}

#[apply(both_databases!)]
async fn what_waits_when_mail_comes_back_is_not_sent(database: Database) {
    let limited =
        [("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN), ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
    let app = TestApp::start_with(database, &limited).await;
    let first = app.ask_and_read(ADA, "").await;
    ask(&app).await;
    assert_eq!(app.count(OUTBOX).await, 2, "a minute behind the first");
    assert_eq!(comes_back(&app, &first, "postfix_unknown").await, RECORDED);
    app.advance(Duration::from_mins(2));
    assert_eq!(mails(&app).await, 1);
    let dropped = "SELECT count(*) FROM outbox WHERE state = 'dropped' AND reason = 'the address is suppressed'";
    assert_eq!(app.count(dropped).await, 1);
}

#[apply(both_databases!)]
async fn the_week_is_remembered_when_the_mail_is_purged(database: Database) {
    let brief = [("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN), ("ASSENT_PENDING_RETENTION", "1d")];
    let app = TestApp::start_with(database, &brief).await;
    let Core { db, flow_settings: settings, .. } = &app.core;
    let first = app.ask_and_read(ADA, "").await;
    comes_back(&app, &first, "postfix_unknown").await;
    for (days, had) in [(3, 1), (3, 1), (2, 2), (3, 2), (3, 2), (2, 3)] {
        app.advance(DAY * days);
        forget_signups(db, settings, &app.core.moment()).await.unwrap();
        assert_eq!(app.count(OUTBOX).await, 0, "nothing is left of the last one");
        ask(&app).await;
        assert_eq!(mails(&app).await, had, "{days} days later");
    }
}
