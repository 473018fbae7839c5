//! A lost link is mailed again, and nobody learns who is known.

use std::time::Duration;

use assent::domain::contacts::suppression::SuppressionReason;
use macro_rules_attribute::apply;

use super::{ADA, assert_refused, subscribed};
use crate::signup::lost_links::{answered, told_the_same};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

const LINKS: &str = "SELECT count(*) FROM outbox WHERE kind = 'preferences_link'";

#[apply(both_databases!)]
async fn a_lost_link_is_mailed_and_nobody_learns_who_is_known(database: Database) {
    let app = TestApp::start(database).await;
    let known = subscribed(&app, ADA).await;
    let left = subscribed(&app, "left@b.example").await;
    assert_eq!(app.post(&format!("{left}/withdraw-all"), "").await.status, 303);
    app.next_mail("left@b.example", 2).await;
    for (email, reason) in [
        ("bounced@b.example", SuppressionReason::Bounced),
        ("complained@b.example", SuppressionReason::Complained),
    ] {
        subscribed(&app, email).await;
        app.suppress(email, reason).await;
    }
    app.ask_and_read("pending@b.example", "").await;
    app.mail_settled().await;
    let emails = [
        "ADA@B.example",
        "stranger@b.example",
        "left@b.example",
        "bounced@b.example",
        "complained@b.example",
        "pending@b.example",
    ];
    let page =
        told_the_same(&app, "/preferences", &emails, &["ADA@B.example", "left@b.example"]).await;
    assert!(page.contains("If we hold anything for that address"));
    let mail = app.mail_to(ADA).remove(2);
    assert_eq!(
        (mail.subject.as_str(), mail.link("/preferences/")),
        ("Your link to what you agreed to", format!("{}{known}", app.base))
    );
    assert!(!mail.raw.to_lowercase().contains("list-unsubscribe"));
    assert_eq!(app.get(&known).await.status, 200);
    assert_eq!(app.get(&app.mail_to("left@b.example")[3].link("/preferences/")).await.status, 200);
}

#[apply(both_databases!)]
async fn lost_links_count_against_the_mailbox(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")]).await;
    subscribed(&app, ADA).await;
    let ask = || async {
        let answer = app.post("/preferences", "email=ada%40b.example").await;
        assert_eq!((answer.status, answer.location()), (303, "/preferences?word=sent"));
        answered(&app).await;
        // One that still waits would be renewed by the next.
        app.mail_settled().await;
        app.count(LINKS).await
    };
    assert_eq!(app.post("/preferences", "email=ada%40b.example").await.status, 303);
    poll::until("a link decided", || async { (app.count(LINKS).await == 1).then_some(()) }).await;
    assert_eq!(app.mail_to(ADA).len(), 2, "it leaves a minute behind mail 1");
    for _ in 0..6 {
        app.advance(Duration::from_secs(61));
        assert_eq!(ask().await, 1, "two in a quarter of an hour");
    }
    for sent in [2, 3, 3, 3] {
        app.advance(Duration::from_mins(16));
        assert_eq!(ask().await, sent, "four a day, with mail 1");
    }
    app.advance(Duration::from_hours(24));
    assert_eq!(ask().await, 4);
    assert_eq!(app.mail_to(ADA).len(), 2 + 4);
}

#[apply(both_databases!)]
async fn one_network_address_cannot_ask_without_end(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour")]).await;
    for n in 0..3 {
        assert_eq!(app.post("/preferences", &format!("email=r{n}%40b.example")).await.status, 303);
    }
    let waits = app.post("/preferences", "email=ada%40b.example").await;
    assert_eq!(waits.status, 429);
    assert!(waits.header("retry-after").parse::<u64>().unwrap() > 60);
    assert_eq!(app.get("/preferences").await.status, 200, "reading is not limited");
}

#[apply(both_databases!)]
async fn what_is_no_address_is_said_and_kept(database: Database) {
    let app = TestApp::start(database).await;
    for (typed, shown) in [
        ("email=", ""),
        ("", ""),
        ("email=ada", "ada"),
        ("email=ada%40localhost", "ada@localhost"),
        ("email=ada%40b.example%2C+bob%40b.example", "ada@b.example, bob@b.example"),
        (
            "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example",
            "&quot;&gt;&lt;script&gt;alert(1)&lt;",
        ),
        ("email=ada%40b.example&email=bob%40b.example", "ada@b.example"),
        ("email=ada%0d%0a%40b.example", "ada@b.example"),
        ("email=ada%00%40b.example", "ada@b.example"),
        ("email=%ff", ""),
    ] {
        let answer = app.post("/preferences", typed).await;
        assert_refused(&answer, typed);
        let page = answer.text();
        assert!(shown.is_empty() || page.contains(&format!("value=\"{shown}")), "{typed}: {page}");
        assert!(
            page.contains("href=\"#email\"")
                && page.contains("id=\"email-error\"")
                && !page.contains("<script"),
            "{page}"
        );
    }
    let huge = format!("email={}", "a".repeat(64 * 1024));
    assert_eq!(app.post("/preferences", &huge).await.status, 413);
    let json =
        app.request("POST", "/preferences").header("content-type", "application/json").body("{}");
    assert_eq!(app.send(json).await.status, 415);
    assert_eq!(app.count("SELECT count(*) FROM link_request").await, 0);
}
