//! The code of a form of before, typed after somebody left.

use macro_rules_attribute::apply;

use super::{ADA, BOTH, TICK, Tab, agreed};
use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const CODE: &str = "/check-your-inbox/code";

async fn open_code_page(app: &TestApp, cookie: &str) -> String {
    app.send(app.request("GET", CODE).header("cookie", cookie)).await.text()
}

async fn press_code_page(app: &TestApp, cookie: &str, form: &PageForm) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", CODE).header("cookie", cookie).header(kind.0, kind.1);
    app.send(request.body(form.body())).await
}

// POST /check-your-inbox/code confirmed silently: without the newsletter that was left meanwhile, and with the
// privacy policy that was.
#[apply(both_databases!)]
async fn a_code_shows_what_was_left_before_it_confirms(database: Database) {
    for all in [false, true] {
        let app = TestApp::start(database).await;
        let tab = Tab::start(&app, BOTH).await;
        let asked = app.post(PATH, &form(ADA, BOTH)).await;
        let code = app.next_mail(ADA, 2).await.code();
        app.mail_settled().await;
        if all {
            tab.withdraws_all(&app).await;
        } else {
            tab.leaves(&app).await;
        }
        let (events, policy) = (crate::signup::old_pages::events(&app).await, !all);

        let mut cookie = String::new();
        for _ in 0..2 {
            let typed = app.type_code(&asked.cookie(), &code).await;
            assert_eq!((typed.status, typed.location()), (303, CODE), "{}", typed.text());
            cookie = typed.cookie();
        }
        assert_eq!(
            (agreed(&app).await, crate::signup::old_pages::events(&app).await),
            ((policy, false), events)
        );
        let page = open_code_page(&app, &cookie).await;
        assert!(page.contains("Check what you chose") && !page.contains("another form"), "{page}");
        let now = PageForm::find(&page, CODE);
        assert_eq!(
            (now.is_ticked("weekly"), now.is_ticked("yes")),
            (Some(false), all.then_some(false))
        );
        if all {
            let refused = press_code_page(&app, &cookie, &now).await;
            assert!(refused.status == 422 && refused.text().contains(TICK), "{}", refused.text());
            assert_eq!(
                (agreed(&app).await, crate::signup::old_pages::events(&app).await),
                ((false, false), events)
            );
        }
        let ticked = if all { now.tick("yes") } else { now };
        let confirmed = press_code_page(&app, &cookie, &ticked.tick("weekly")).await;
        assert!(
            confirmed.status == 303 && confirmed.location().starts_with("/downloads/"),
            "{}",
            confirmed.text()
        );
        assert!(
            confirmed.cookie_named("assent_confirmed").is_empty(),
            "it leads to nobody's choices"
        );
        assert_eq!(agreed(&app).await, (true, true), "a tick that saw the leaving is a fresh one");
        let again = app.type_code(&asked.cookie(), &code).await;
        assert_eq!((again.status, again.location()), (303, confirmed.location()));
    }
}

// The same where the code of a form of before is typed on a page of after.
#[apply(both_databases!)]
async fn another_forms_code_asks_for_the_privacy_policy_again(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    let code = app.ask_and_read(ADA, BOTH).await.code();
    app.mail_settled().await;
    tab.withdraws_all(&app).await;
    app.next_mail(ADA, 3).await;
    let mine = app.post(PATH, &form(ADA, "")).await.cookie();
    app.next_mail(ADA, 4).await;
    app.mail_settled().await;
    let cookie = app.type_code(&mine, &code).await.cookie();
    let now = PageForm::find(&open_code_page(&app, &cookie).await, CODE);
    assert_eq!((now.is_ticked("weekly"), now.is_ticked("yes")), (Some(false), Some(false)));
    let refused = press_code_page(&app, &cookie, &now.clone().tick("weekly")).await;
    assert!(refused.status == 422 && refused.text().contains(TICK), "{}", refused.text());
    assert_eq!(agreed(&app).await, (false, false));
    // Mine was sent after the leaving, with a tick of its own.
    let own = app.mail_to(ADA)[4].code();
    assert_eq!(app.type_code(&mine, &own).await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
}

// The same on the page where another form's code is confirmed.
#[apply(both_databases!)]
async fn a_code_page_of_before_brings_back_nothing_that_was_left_since(database: Database) {
    let app = TestApp::start(database).await;
    let tab = Tab::start(&app, BOTH).await;
    app.ask_and_read(ADA, BOTH).await;
    app.mail_settled().await;
    let code = app.mail_to(ADA).last().unwrap().code();
    let mine = app.post(PATH, &form("ada@b.example", "")).await.cookie();
    let cookie = app.type_code(&mine, &code).await.cookie();
    let open = PageForm::find(&open_code_page(&app, &cookie).await, CODE);
    assert_eq!(open.is_ticked("weekly"), Some(true));
    tab.leaves(&app).await;
    let answer = press_code_page(&app, &cookie, &open).await;
    let page = answer.text();
    assert!(
        answer.status == 422 && page.contains("You left “The weekly” after you opened this page"),
        "{page}"
    );
    assert_eq!(agreed(&app).await, (true, false));
    let now = PageForm::find(&page, CODE);
    assert_eq!(now.is_ticked("weekly"), Some(false));
    assert_eq!(press_code_page(&app, &cookie, &now).await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
}
