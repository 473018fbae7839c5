//! An old page of somebody's choices.

use std::time::Duration;

use macro_rules_attribute::apply;

use super::{ADA, BOTH, PRIVACY, Tab, WEEKLY, agreed, events};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const OUT_OF_DATE: &str = "This page was out of date, so nothing new is agreed to";

async fn name(app: &TestApp, tab: &Tab) -> bool {
    app.get(&tab.page).await.text().contains("value=\"Ada King\"")
}

/// Refused as out of date, with the page as it stands now, which can be sent.
fn refused(answer: &Answer, tab: &Tab) -> PageForm {
    let page = answer.text();
    assert_eq!(answer.status, 422, "{page}");
    assert!(page.contains(OUT_OF_DATE) && page.contains("<title>Error: "), "{page}");
    PageForm::find(&page, &tab.page)
}

#[apply(both_databases!)]
async fn a_name_corrected_in_an_old_tab_brings_no_newsletter_back(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    let open = tab.open(&app).await.fill("name", "Ada King");
    tab.leaves(&app).await;
    let before = events(&app).await;
    let saved = tab.save(&app, &open).await;
    assert_eq!((agreed(&app).await, events(&app).await), ((true, false), before));
    assert!(saved.status == 303 && name(&app, &tab).await);
    let told = app.get(saved.location()).await.text();
    assert!(told.contains("nothing was agreed to anew"), "{told}");
    assert_eq!(PageForm::find(&told, &tab.page).is_ticked(WEEKLY), Some(false));
}

#[apply(both_databases!)]
async fn a_name_corrected_in_an_old_tab_brings_no_privacy_policy_back(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    let open = tab.open(&app).await.fill("name", "Ada King");
    tab.withdraws_all(&app).await;
    let before = events(&app).await;
    assert_eq!(tab.save(&app, &open).await.status, 303);
    assert_eq!((agreed(&app).await, events(&app).await), ((false, false), before));
    assert!(name(&app, &tab).await);
    // Nor does what is ticked there besides, for it rests on a page that is out of date.
    let tab = &tab;
    refused(&tab.save(&app, &open.untick(WEEKLY).without("seen").without("shown")).await, tab);
    assert_eq!((agreed(&app).await, events(&app).await), ((false, false), before));
}

#[apply(both_databases!)]
async fn a_tick_in_an_old_tab_is_refused_and_asked_for_again(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    tab.leaves(&app).await;
    let open = tab.open(&app).await.tick(WEEKLY).fill("name", "Ada King");
    tab.comes_back(&app, WEEKLY).await;
    tab.leaves(&app).await;
    let before = events(&app).await;
    let now = refused(&tab.save(&app, &open).await, &tab);
    assert_eq!((agreed(&app).await, events(&app).await), ((true, false), before));
    assert_eq!(now.is_ticked(WEEKLY), Some(false), "it shows what stands");
    assert!(now.body().contains("name=Ada+King") && name(&app, &tab).await, "and the name holds");
    assert_eq!(tab.save(&app, &now.tick(WEEKLY)).await.status, 303);
    assert_eq!(agreed(&app).await, (true, true));
}

#[apply(both_databases!)]
async fn what_ends_in_an_old_tab_ends_whatever_else_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    let tab = Tab::start(&app, BOTH).await;
    crate::support::poll::until("the daily", || async {
        app.get(&tab.page).await.text().contains("The daily").then_some(())
    })
    .await;
    let open = tab.open(&app).await.tick("newsletter:daily").untick(WEEKLY);
    tab.leaves(&app).await;
    tab.comes_back(&app, WEEKLY).await;
    let answer = tab.save(&app, &open).await;
    let now = refused(&answer, &tab);
    assert_eq!(agreed(&app).await, (true, false), "left again, and newer than the coming back");
    assert!(app.exported("newsletter:daily").await.is_empty());
    assert!(answer.text().contains("has ended, and a receipt is on its way"));
    assert_eq!(
        (now.is_ticked(WEEKLY), now.is_ticked("newsletter:daily")),
        (Some(false), Some(false))
    );
    app.mail_settled().await;
    assert_eq!(app.mail_to(ADA).last().unwrap().subject, "Receipt: your choices have changed");
}

#[apply(both_databases!)]
async fn what_was_agreed_to_meanwhile_is_not_left_by_an_old_tab(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, "&name=Ada").await;
    let open = tab.open(&app).await.fill("name", "Ada King");
    tab.comes_back(&app, WEEKLY).await;
    assert_eq!(tab.save(&app, &open).await.status, 303);
    assert_eq!(
        agreed(&app).await,
        (true, true),
        "its box was shown unticked, so that is no leaving"
    );
    assert!(name(&app, &tab).await);
    let before = events(&app).await;
    assert_eq!(tab.save(&app, &open.tick(WEEKLY)).await.status, 303, "what stands needs no giving");
    assert_eq!(events(&app).await, before);
}

#[apply(both_databases!)]
async fn sending_twice_is_sending_once(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, "&name=Ada").await;
    let open = tab.open(&app).await.tick(WEEKLY);
    let before = events(&app).await;
    let presses = futures_util::future::join_all((0..4).map(|_| tab.save(&app, &open))).await;
    assert!(presses.iter().all(|press| press.status == 303));
    assert_eq!((agreed(&app).await, events(&app).await), ((true, true), before + 1));
    let open = tab.open(&app).await.untick(WEEKLY);
    let presses = futures_util::future::join_all((0..4).map(|_| tab.save(&app, &open))).await;
    assert!(presses.iter().all(|press| press.status == 303));
    assert_eq!((agreed(&app).await, events(&app).await), ((true, false), before + 2));
}

// Each of these decides under the subscriber's lock, so the order does not matter.
#[apply(both_databases!)]
async fn leaving_wins_over_a_tab_saved_at_that_moment(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    for _ in 0..5 {
        let open = tab.open(&app).await.fill("name", "Ada King");
        let (saved, ()) = tokio::join!(tab.save(&app, &open), tab.leaves(&app));
        assert_eq!((saved.status, agreed(&app).await), (303, (true, false)));
        tab.comes_back(&app, WEEKLY).await;
    }
}

#[apply(both_databases!)]
async fn a_page_that_does_not_say_what_it_was_filled_from_gives_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, "&name=Ada").await;
    let now = tab.open(&app).await;
    let ticked = now.clone().tick(WEEKLY).fill("name", "Ada King");
    let before = events(&app).await;
    for seen in [
        "",
        "&seen=",
        "&seen=x",
        "&seen=-1",
        "&seen=2",
        "&seen=99999999999999999999",
        "&seen=1&seen=1",
        "&seen=1%00",
    ] {
        let sent = format!("{}{seen}", ticked.clone().without("seen").body());
        refused(&app.post(&tab.page, &sent).await, &tab);
        assert_eq!((agreed(&app).await, events(&app).await), ((true, false), before), "{seen}");
    }
    assert!(name(&app, &tab).await, "the name holds");
    let kept = app.post(&tab.page, &now.clone().without("seen").body()).await;
    assert_eq!((kept.status, events(&app).await), (303, before));
    assert_eq!(tab.save(&app, &now.tick(WEEKLY)).await.status, 303);
    // And ends whatever is not ticked.
    let less = tab.open(&app).await.without("seen").untick(WEEKLY);
    assert_eq!(tab.save(&app, &less).await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
    assert_eq!(
        tab.save(&app, &tab.open(&app).await.without("seen").untick(PRIVACY)).await.status,
        303
    );
    assert_eq!(agreed(&app).await, (false, false));
}

#[apply(both_databases!)]
async fn everything_may_be_withdrawn_late_and_twice(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    tab.withdraws_all(&app).await;
    let word = format!("{}?word=withdrawn", tab.page);
    assert!(app.get(&word).await.text().contains("You have withdrawn everything"));
    let back = tab.open(&app).await.tick(PRIVACY).tick(WEEKLY);
    assert_eq!(tab.save(&app, &back).await.status, 303);
    assert!(!app.get(&word).await.text().contains("You have withdrawn everything"), "it is over");
    tab.withdraws_all(&app).await;
    let before = events(&app).await;
    tab.withdraws_all(&app).await;
    assert_eq!((agreed(&app).await, events(&app).await), ((false, false), before));
}

#[apply(both_databases!)]
async fn what_a_page_says_of_a_press_it_says_for_a_while(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    let saved = tab.save(&app, &tab.open(&app).await.fill("name", "Ada King")).await;
    let says = "Your choices are saved";
    for _ in 0..2 {
        assert!(app.get(saved.location()).await.text().contains(says), "loaded again");
    }
    for odd in [
        "?word=saved",
        "?word=saved&at=",
        "?word=saved&at=x",
        "?word=stands&at=-1",
        "?word=saved&at=99999999999999999999",
    ] {
        let page = app.get(&format!("{}{odd}", tab.page)).await;
        assert!(page.status == 200 && !page.text().contains("saved."), "{odd}");
    }
    app.advance(Duration::from_mins(11));
    assert!(!app.get(saved.location()).await.text().contains(says), "a bookmark");
}
