//! A policy or words that changed meanwhile are read before they are agreed to.

use std::time::Duration;

use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{ADA, KEEPS_ALL, WEEKLY, assert_refused, state, subscribed, ticks_all, words};
use crate::support::app::{Database, TestApp};
use crate::support::page_form::is_ticked;
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn a_changed_policy_is_read_before_it_is_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    assert_eq!(app.post(&page, "policy=2026-11&purpose=privacy-policy").await.status, 303);
    app.next_mail(ADA, 2).await;
    app.advance(Duration::from_hours(1));
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, "2027-01").await;
    tx.commit().await.unwrap();
    poll::until("the new policy", || async {
        app.get(&page).await.text().contains("value=\"2027-01\"").then_some(())
    })
    .await;
    let before = state(&app).await;
    let seen = app.seen(&page).await;
    for stale in [
        KEEPS_ALL,
        "policy=none&purpose=privacy-policy&purpose=newsletter%3Aweekly",
        "policy=2027-01&policy=2026-11&purpose=privacy-policy",
    ] {
        let refused = app.post(&page, &format!("{stale}{seen}")).await;
        assert_refused(&refused, stale);
        assert!(
            !is_ticked(&refused.text(), WEEKLY),
            "a tick under another policy is no tick under this one"
        );
        assert!(refused.text().contains("value=\"2027-01\""));
    }
    assert_eq!(state(&app).await, before);
    let fresh = format!("{KEEPS_ALL}{seen}").replace("2026-11", "2027-01");
    assert_eq!(app.post(&page, &fresh).await.status, 303);
    assert!(app.export(WEEKLY).await.contains(",2027-01,"));
    assert!(
        app.export("privacy-policy").await.contains(",2026-11,"),
        "what is kept stands on what was read"
    );
}

#[apply(both_databases!)]
async fn words_that_changed_are_read_before_they_are_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    let (old, new) = (
        "Partners may write to me. I can leave.",
        "Partners may write to me each day. I can leave.",
    );
    let code = "partner-offers".parse().unwrap();
    let mut tx = app.write().await;
    let name = Line::parse("Offers").unwrap().unwrap();
    let offer = NewPurpose { code, name, words: old.parse().unwrap() };
    add_purpose(&mut tx, &app.act(), &offer, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let page_with = async |words: &str| {
        poll::until("the words", || async {
            app.get(&page).await.text().contains(words).then_some(())
        })
        .await;
    };
    page_with(old).await;
    let mut tx = app.write().await;
    let edit = PurposeEdit { name: None, words: Some(new.parse().unwrap()) };
    edit_purpose(&mut tx, &app.act(), &"partner-offers".parse().unwrap(), &edit).await.unwrap();
    tx.commit().await.unwrap();
    page_with(new).await;
    let before = state(&app).await;
    let all = ticks_all(&app, &page).await;
    let sent = |words: &str| {
        format!("{all}&purpose=partner-offers&notice={}", sha256_hex(words.as_bytes()))
    };
    let refused = app.post(&page, &sent(old)).await;
    assert_refused(&refused, "words of before");
    let shown = refused.text();
    assert!(
        shown.contains(new) && !is_ticked(&shown, "partner-offers") && is_ticked(&shown, WEEKLY)
    );
    assert_eq!(state(&app).await, before);
    assert_eq!(app.post(&page, &sent(new)).await.status, 303);
    assert!(app.export("partner-offers").await.contains(&sha256_hex(new.as_bytes())));
    assert!(words(&app.next_mail(ADA, 2).await).contains(new));
}
