//! Pages that stayed open while something happened elsewhere: a box that the page had ticked brings nothing back,
//! and leaving is never lost (GDPR Rec. 32, Art. 7(3)).

use std::time::Duration;

use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const ADA: &str = "ada@b.example";
const BOTH: &str = "&name=Ada&newsletter=weekly";
const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";
const CODE: &str = "/check-your-inbox/code";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const TICK: &str =
    "Tick the box to agree to our privacy policy, so that we can send you the report";
const OUT_OF_DATE: &str = "This page was out of date, so nothing new is agreed to";

/// Somebody with a page of their choices, and the link of their receipt that ends the newsletter.
struct Tab {
    page: String,
    leave: String,
}

impl Tab {
    async fn start(app: &TestApp, more: &str) -> Self {
        app.subscribe(ADA, more).await;
        Self::of(app, more)
    }

    fn of(app: &TestApp, more: &str) -> Self {
        let receipt = &app.mail_to(ADA)[1];
        let leave =
            if more.contains("newsletter") { receipt.link("/unsubscribe/") } else { String::new() };
        Self { page: receipt.link("/preferences/").replace(&app.base, ""), leave }
    }

    /// Opens the page: its form as it stands there.
    async fn open(&self, app: &TestApp) -> PageForm {
        PageForm::of(&app.get(&self.page).await.text(), &self.page)
    }

    /// Sends the form of a page that was opened before.
    async fn save(&self, app: &TestApp, form: &PageForm) -> Answer {
        app.post(&self.page, &form.body()).await
    }

    /// One click in a mail program, meanwhile.
    async fn leaves(&self, app: &TestApp) {
        assert_eq!(app.post(&self.leave, ONE_CLICK).await.status, 200);
    }

    /// Comes back in another tab.
    async fn comes_back(&self, app: &TestApp, purpose: &str) {
        let form = self.open(app).await.tick(purpose);
        assert_eq!(self.save(app, &form).await.status, 303);
    }

    async fn withdraws_all(&self, app: &TestApp) {
        assert_eq!(app.post(&format!("{}/withdraw-all", self.page), "").await.status, 303);
    }
}

/// Who may be written to: under the privacy policy, and the newsletter.
async fn agreed(app: &TestApp) -> (bool, bool) {
    let of = async |purpose| app.exported(purpose).await.contains(&ADA.to_owned());
    (of(PRIVACY).await, of(WEEKLY).await)
}

async fn name(app: &TestApp, tab: &Tab) -> bool {
    app.get(&tab.page).await.text().contains("value=\"Ada King\"")
}

async fn events(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM consent_event").await
}

/// Refused as out of date, with the page as it stands now, which can be sent.
fn refused(answer: &Answer, tab: &Tab) -> PageForm {
    let page = answer.text();
    assert_eq!(answer.status, 422, "{page}");
    assert!(page.contains(OUT_OF_DATE) && page.contains("<title>Error: "), "{page}");
    PageForm::of(&page, &tab.page)
}

async fn open_code_page(app: &TestApp, cookie: &str) -> String {
    app.send(app.request("GET", CODE).header("cookie", cookie)).await.text()
}

async fn press_code_page(app: &TestApp, cookie: &str, form: &PageForm) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", CODE).header("cookie", cookie).header(kind.0, kind.1);
    app.send(request.body(form.body())).await
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
    assert_eq!(PageForm::of(&told, &tab.page).is_ticked(WEEKLY), Some(false));
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
    let open = PageForm::of(&app.get(&link).await.text(), &path);
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
    let now = PageForm::of(&page, &path);
    assert_eq!(now.is_ticked("weekly"), Some(false));
    assert_eq!(PageForm::of(&app.get(&link).await.text(), &path).is_ticked("weekly"), Some(false));
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
    let before = PageForm::of(&app.get(&link).await.text(), &path);
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
    let now = PageForm::of(&page, &path);
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
        PageForm::of(&page, &path).is_ticked("weekly"),
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
    let now = PageForm::of(&page, &path);
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
        let now = PageForm::of(&page, CODE);
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
    let now = PageForm::of(&open_code_page(&app, &cookie).await, CODE);
    assert_eq!((now.is_ticked("weekly"), now.is_ticked("yes")), (Some(false), Some(false)));
    let refused = press_code_page(&app, &cookie, &now.clone().tick("weekly")).await;
    assert!(refused.status == 422 && refused.text().contains(TICK), "{}", refused.text());
    assert_eq!(agreed(&app).await, (false, false));
    // Mine was sent after the leaving, with a tick of its own.
    let own = app.mail_to(ADA)[4].code();
    assert_eq!(app.type_code(&mine, &own).await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
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
    let open = PageForm::of(&open_code_page(&app, &cookie).await, CODE);
    assert_eq!(open.is_ticked("weekly"), Some(true));
    tab.leaves(&app).await;
    let answer = press_code_page(&app, &cookie, &open).await;
    let page = answer.text();
    assert!(
        answer.status == 422 && page.contains("You left “The weekly” after you opened this page"),
        "{page}"
    );
    assert_eq!(agreed(&app).await, (true, false));
    let now = PageForm::of(&page, CODE);
    assert_eq!(now.is_ticked("weekly"), Some(false));
    assert_eq!(press_code_page(&app, &cookie, &now).await.status, 303);
    assert_eq!(agreed(&app).await, (true, false));
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
