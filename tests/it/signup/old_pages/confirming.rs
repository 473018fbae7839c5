//! An old mail or page that confirms a form of before.

use std::time::Duration;

use macro_rules_attribute::apply;

use super::{ADA, BOTH, PRIVACY, TICK, Tab, WEEKLY, agreed};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

#[apply(both_databases!)]
async fn a_request_of_before_brings_back_nothing_that_was_left_since(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    // Without a page, as with an empty body or a code: the form's tick is older than the leaving.
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    tab.leaves(&app).await;
    assert_eq!(app.post(&link, "").await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
    app.mail_settled().await;

    // On a page that was open, and on the one that it becomes.
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    let path = link.replace(&app.base, "");
    let open = PageForm::find(&app.get(&link).await.text(), &path);
    assert_eq!(open.is_ticked("weekly"), Some(true));
    tab.comes_back(&app, WEEKLY).await;
    tab.leaves(&app).await;
    let answer = app.post(&link, &open.body()).await;
    let page = answer.text();
    assert!(
        answer.status == 422 && page.contains("You left “The weekly” after you opened this page"),
        "{page}"
    );
    assert_eq!(agreed(&app).await, (true, false));
    let now = PageForm::find(&page, &path);
    assert_eq!(now.is_ticked("weekly"), Some(false));
    assert_eq!(
        PageForm::find(&app.get(&link).await.text(), &path).is_ticked("weekly"),
        Some(false)
    );
    assert_eq!(app.post(&link, &now.tick("weekly").body()).await.status, 303);
    assert_eq!(agreed(&app).await, (true, true), "a tick that saw the leaving is a fresh one");
}

// After POST …/withdraw-all, POST /confirm/… of a form that was sent before gave the privacy policy again, with
// nothing ticked anew.
#[apply(both_databases!)]
async fn a_request_of_before_asks_for_the_privacy_policy_again(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    let path = link.replace(&app.base, "");
    let before = PageForm::find(&app.get(&link).await.text(), &path);
    assert_eq!(
        (before.is_ticked("yes"), before.is_ticked("weekly")),
        (None, Some(true)),
        "no box of it"
    );
    tab.withdraws_all(&app).await;
    let events = crate::signup::old_pages::events(&app).await;

    let bare = app.post(&link, "").await;
    assert!(bare.status == 422 && bare.text().contains(TICK), "{}", bare.text());
    let old = app.post(&link, &before.body()).await;
    let page = old.text();
    assert!(
        old.status == 422
            && page.contains("You withdrew your agreement to our privacy policy after"),
        "{page}"
    );
    let now = PageForm::find(&page, &path);
    assert_eq!((now.is_ticked("yes"), now.is_ticked("weekly")), (Some(false), Some(false)));
    assert!(page.contains("id=\"consent\"") && page.contains("href=\"#consent\""), "{page}");
    let shown = app.get(&link).await.text();
    assert!(
        shown.contains("You withdrew this after the form was sent")
            && !shown.contains("<title>Error"),
        "{shown}"
    );
    let unticked = app.post(&link, &now.clone().tick("weekly").body()).await;
    let page = unticked.text();
    assert!(unticked.status == 422 && page.contains(TICK), "{page}");
    assert_eq!(
        PageForm::find(&page, &path).is_ticked("weekly"),
        Some(true),
        "what was ticked stays ticked"
    );
    for unclear in
        ["&consent=no", "&consent=yes&consent=yes", "&consent=yes%00", "&consent=", "&consent=%ff"]
    {
        let answer = app.post(&link, &format!("{}{unclear}", now.body())).await;
        assert!(answer.status == 422 && answer.text().contains(TICK), "{unclear}");
    }
    assert_eq!(
        (agreed(&app).await, crate::signup::old_pages::events(&app).await),
        ((false, false), events)
    );

    // Left once more after the page was opened: its tick is older than that.
    let ticked = now.tick("yes");
    let back = tab.open(&app).await.tick(PRIVACY);
    assert_eq!(tab.save(&app, &back).await.status, 303);
    tab.withdraws_all(&app).await;
    let old = app.post(&link, &ticked.body()).await;
    let page = old.text();
    assert!(old.status == 422 && page.contains("after you opened this page"), "{page}");
    let now = PageForm::find(&page, &path);
    assert_eq!(now.is_ticked("yes"), Some(false), "an old tick does not stay");
    assert_eq!(agreed(&app).await, (false, false));

    let ticked = now.tick("yes").body();
    let presses = futures_util::future::join_all((0..3).map(|_| app.post(&link, &ticked))).await;
    assert!(
        presses
            .iter()
            .all(|press| press.status == 303 && press.location() == presses[0].location())
    );
    assert_eq!(agreed(&app).await, (true, false), "what was ticked, and no newsletter with it");
}

#[apply(both_databases!)]
async fn a_clock_set_back_makes_no_form_older_than_the_leaving_before_it(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    tab.leaves(&app).await;
    app.next_mail(ADA, 2).await;
    app.set_back(Duration::from_hours(2));
    assert_eq!(app.post(PATH, &form(ADA, BOTH)).await.status, 303);
    app.next_mail(ADA, 3).await;
    // By its time it comes before all others.
    assert_eq!(app.post(&app.mail_to(ADA)[0].link("/confirm/"), "").await.status, 303);
    assert_eq!(agreed(&app).await, (true, true));
}
