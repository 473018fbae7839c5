//! Somebody mistyped the domain of their address: the waiting page offers the one they may have meant, and what they asked
//! for goes there.

use std::time::Duration;

use futures_util::future::join_all;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::page_form::PageForm;
use crate::support::{both_databases, poll};

const INSTEAD: &str = "/check-your-inbox/instead";
const TYPED: &str = "ada@gmial.com";
const MEANT: &str = "ada@gmail.com";
const LIMITED: (&str, &str) = ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day");
const OPEN: (&str, &str) = ("ASSENT_LIMIT_SIGNUPS_PER_IP", "off");
/// No words of a page.
const NAMES: [&str; 3] = ["q1x", "q2x", "q3x"];
const PRESS: &str = "https://press.example";
const CONTEXTS: &str = "SELECT count(*) FROM consent_context";
const SIGNUPS: &str = "SELECT count(*) FROM signup";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &[LIMITED]).await
}

async fn send(app: &TestApp, cookie: &str, body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", INSTEAD).header("cookie", cookie).header(kind.0, kind.1);
    app.send(request.body(body.to_owned())).await
}

/// The button of the waiting page.
async fn press(app: &TestApp, cookie: &str) -> Answer {
    let page = waiting(app, cookie).await;
    let pressed = send(app, cookie, &PageForm::find(&page, INSTEAD).body()).await;
    assert_eq!((pressed.status, pressed.location()), (303, "/check-your-inbox?word=instead"));
    pressed
}

async fn waiting(app: &TestApp, cookie: &str) -> String {
    let page = app.request("GET", "/check-your-inbox?word=instead").header("cookie", cookie);
    app.send(page).await.text()
}

#[apply(both_databases!)]
async fn what_was_asked_for_goes_to_the_address_that_was_meant(database: Database) {
    let app = start(database).await;
    let blank = app.blank(PATH).await;
    let more = format!("&name=Ada+Hughes&newsletter=weekly{blank}");
    let asked = app.post(&format!("{PATH}?utm_source=mail"), &form(TYPED, &more)).await;
    let first = app.next_mail(TYPED, 0).await;
    let contexts = app.count(CONTEXTS).await;
    let pressed = press(&app, &asked.cookie()).await;
    assert_eq!(app.count(CONTEXTS).await, contexts, "the same form, words and policy were shown");
    let page = waiting(&app, &pressed.cookie()).await;
    assert!(page.contains(&format!("our email to <strong class=\"address\">{MEANT}")), "{page}");
    assert!(page.contains("We use this address instead") && !page.contains(INSTEAD), "{page}");

    // The first request is given up, by its link and by its code.
    let link = first.link("/confirm/");
    for answer in [app.get(&link).await, app.post(&link, "").await] {
        assert!(answer.status == 410 && answer.text().contains("This request was cancelled"));
    }
    assert_eq!(app.type_code(&asked.cookie(), &first.code()).await.status, 422);

    let mail = app.next_mail(MEANT, 0).await;
    let confirmed = app.post(&mail.link("/confirm/"), "").await;
    assert!(confirmed.location().starts_with("/downloads/"), "{}", confirmed.text());
    assert_eq!(app.exported("newsletter:weekly").await, [MEANT]);
    let kept = "SELECT count(*) FROM subscriber WHERE name = 'Ada Hughes'";
    assert_eq!(app.count(kept).await, 1);
    let came = "SELECT count(*) FROM signup s JOIN signup_source a ON a.signup_id = s.signup_id
                WHERE s.status = 'confirmed' AND a.utm_source = 'mail'";
    assert_eq!(app.count(came).await, 1, "where they came from goes along");
}

#[apply(both_databases!)]
async fn a_mail_that_waits_is_not_sent_to_the_first_address(database: Database) {
    let app = start(database).await;
    app.ask(TYPED).await;
    app.next_mail(TYPED, 0).await;
    // Another browser's mail to the same mailbox waits for its minute.
    let asked = app.ask(TYPED).await;
    press(&app, &asked.cookie()).await;
    app.next_mail(MEANT, 0).await;
    app.advance(Duration::from_secs(61));
    app.mail_settled().await;
    assert_eq!((app.mail_to(TYPED).len(), app.mail_to(MEANT).len()), (1, 1));
}

#[apply(both_databases!)]
async fn the_limit_of_the_address_that_was_meant_holds_and_is_not_told(database: Database) {
    let app = start(database).await;
    app.subscribe("q2x@gmail.com", "").await;
    app.advance(Duration::from_hours(24));
    for n in 0..2 {
        app.ask("q3x@gmail.com").await;
        app.advance(Duration::from_secs(61));
        app.next_mail("q3x@gmail.com", n).await;
    }
    // Nothing is known of one; one is a subscriber; one had as many mails as it may.
    let mut pages = Vec::new();
    for name in NAMES {
        let asked = app.ask(&format!("{name}@gmial.com")).await;
        let pressed = press(&app, &asked.cookie()).await;
        pages.push(waiting(&app, &pressed.cookie()).await.replace(name, "NAME"));
    }
    app.mail_settled().await;
    assert!(pages[0] == pages[1] && pages[1] == pages[2], "{pages:?}");
    let sent = NAMES.map(|name| app.mail_to(&format!("{name}@gmail.com")).len());
    assert_eq!(sent, [1, 3, 2], "a receipt among those of the second");
}

#[apply(both_databases!)]
async fn of_many_presses_one_is_stored(database: Database) {
    let app = TestApp::start_with(database, &[LIMITED, OPEN]).await;
    let asked = app.ask(TYPED).await;
    let cookie = asked.cookie();
    let pressed = join_all((0..8).map(|_| press(&app, &cookie))).await;
    assert_eq!(app.count(SIGNUPS).await, 2);
    // Late ones as well, and whichever cookie a browser kept, its page is of the one that is stored.
    let late = press(&app, &cookie).await;
    assert_eq!(app.count(SIGNUPS).await, 2);
    let mail = app.next_mail(MEANT, 0).await;
    app.mail_settled().await;
    let code = mail.code();
    for answer in pressed.iter().chain([&late]) {
        let page = PageForm::find(&waiting(&app, &answer.cookie()).await, "/check-your-inbox/code");
        assert_eq!(page.value("shown"), "sample", "{code}");
    }
    assert_eq!(app.type_code(&late.cookie(), &code).await.status, 303);
    assert_eq!(app.mail_to(TYPED).len(), 1);
}

#[apply(both_databases!)]
async fn nothing_is_sent_anywhere_that_was_not_offered(database: Database) {
    let app = TestApp::start_with(database, &[LIMITED, OPEN]).await;
    let asked = app.ask(TYPED).await;
    let cookie = asked.cookie();
    let long = format!("email={}%40gmail.com", "a".repeat(60_000));
    for body in [
        "",
        "email=",
        "email=eve%40gmail.com",
        "email=ada%40gmail.com&email=ada%40gmail.com",
        "email=ada%40gmail.com%00",
        "email=%ff",
        &long,
    ] {
        let answer = send(&app, &cookie, body).await;
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"), "{body:.40}");
    }
    for stranger in ["", "x", &format!("{cookie}x")] {
        let answer = send(&app, stranger, "email=ada%40gmail.com").await;
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    }
    let foreign = app.request("POST", INSTEAD).header("origin", "https://evil.example");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
    let foreign = foreign.header("cookie", &cookie).body("email=ada%40gmail.com");
    assert_eq!(app.send(foreign).await.status, 403);
    assert_eq!(app.count(SIGNUPS).await, 1);

    // A program that filled the trap in is answered alike.
    let trapped = form(TYPED, "").replace("website=", "website=x");
    let trapped = app.post(PATH, &trapped).await;
    press(&app, &trapped.cookie()).await;
    assert_eq!(app.count(SIGNUPS).await, 1);
    // A domain that is common is meant.
    let asked = app.ask("ada@mail.com").await;
    assert!(!waiting(&app, &asked.cookie()).await.contains(INSTEAD));
    // Late, nothing is known of it any more.
    app.advance(Duration::from_hours(3));
    let late = send(&app, &cookie, "email=ada%40gmail.com").await;
    assert_eq!((late.location(), app.count(SIGNUPS).await), ("/check-your-inbox", 2));
}

#[apply(both_databases!)]
async fn a_domain_of_twenty_who_confirmed_is_offered_and_of_fewer_not(database: Database) {
    let app = TestApp::start_with(database, &[OPEN]).await;
    let offers = async |wanted: bool| {
        poll::until("what is offered", || async {
            // It is counted anew for whoever asks next.
            app.advance(Duration::from_mins(11));
            let asked = app.ask("eve@leds.gov.uk").await;
            let page = waiting(&app, &asked.cookie()).await;
            (page.contains("Send it to eve@leeds.gov.uk instead") == wanted).then_some(())
        })
        .await;
    };
    for n in 0..19 {
        app.subscribe(&format!("r{n}@leeds.gov.uk"), "").await;
    }
    app.ask("waits@leeds.gov.uk").await;
    for _ in 0..3 {
        offers(false).await;
    }
    app.subscribe("r19@leeds.gov.uk", "").await;
    offers(true).await;
}

#[apply(both_databases!)]
async fn whose_address_it_was_can_still_say_that_it_was_not_them(database: Database) {
    let app = start(database).await;
    let asked = app.ask(TYPED).await;
    let first = app.next_mail(TYPED, 0).await;
    press(&app, &asked.cookie()).await;
    let not_me = format!("{}/not-me", first.link("/confirm/"));
    assert_eq!(app.post(&not_me, "").await.status, 200);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'not-me'").await, 1);
    assert_eq!(app.post(&not_me, "").await.status, 200, "once more changes nothing");
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'not-me'").await, 1);
}

#[apply(both_databases!)]
async fn programs_and_frames_offer_it_too(database: Database) {
    let app = TestApp::start_with(database, &[LIMITED, ("ASSENT_EMBED_ORIGINS", PRESS)]).await;
    let document = |answer: &Answer| -> Value { serde_json::from_slice(&answer.body).unwrap() };
    let shown = document(&app.get("/api/v1/forms/sample").await);
    let post = async |path: &str, body: Value| {
        let request = app.request("POST", path).header("content-type", "application/json");
        app.send(request.body(body.to_string())).await
    };
    let consent = json!({"accepted": true, "policy": shown["policy"]["label"]});
    let body = json!({"form": shown["form"], "email": TYPED, "consent": consent});
    let told = document(&post("/api/v1/signups", body).await);
    assert_eq!(told["did_you_mean"], MEANT);
    let other = json!({"waiting": told["waiting"], "email": "eve@gmail.com"});
    assert_eq!(post("/api/v1/signups/instead", other).await.status, 422);
    let meant = json!({"waiting": told["waiting"], "email": MEANT});
    let answer = post("/api/v1/signups/instead", meant).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert!(document(&answer)["did_you_mean"].is_null());
    app.next_mail(MEANT, 0).await;

    let frame = "/embed/sample";
    let page = app.send(app.request("GET", frame).header("referer", format!("{PRESS}/"))).await;
    let body = PageForm::find(&page.text(), frame).fill("email", "bob@gmial.com").tick("yes");
    let page = app.post(frame, &body.body()).await;
    let form = PageForm::find(&page.text(), "/embed/sample/instead");
    let page = app.post("/embed/sample/instead", &form.body()).await;
    assert_eq!(page.status, 202, "{}", page.text());
    assert!(page.text().contains("We use this address instead"), "{}", page.text());
    app.next_mail("bob@gmail.com", 0).await;
}

#[apply(both_databases!)]
async fn what_was_ticked_while_confirming_does_not_go_along(database: Database) {
    let app = start(database).await;
    let blank = app.blank(PATH).await;
    let asked = app.post(PATH, &form(TYPED, &blank)).await;
    // Whoever has the first mailbox confirms, and ticks more.
    let link = app.next_mail(TYPED, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "choices=shown&newsletter=weekly").await.status, 303);
    let page = waiting(&app, &asked.cookie()).await;
    send(&app, &asked.cookie(), &PageForm::find(&page, INSTEAD).body()).await;
    let mail = app.next_mail(MEANT, 0).await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_eq!(app.exported("newsletter:weekly").await, [TYPED], "nobody ticked it for the other");
}

#[apply(both_databases!)]
async fn what_was_left_since_does_not_come_back(database: Database) {
    let app = start(database).await;
    app.subscribe(MEANT, "&newsletter=weekly").await;
    app.advance(Duration::from_hours(1));
    let asked = app.post(PATH, &form(TYPED, "&newsletter=weekly")).await;
    app.next_mail(TYPED, 0).await;
    app.advance(Duration::from_secs(5));
    let leave = app.mail_to(MEANT)[1].link("/unsubscribe/");
    assert_eq!(app.post(&leave, "List-Unsubscribe=One-Click").await.status, 200);
    assert!(app.exported("newsletter:weekly").await.is_empty());
    let before = app.mail_to(MEANT).len();
    press(&app, &asked.cookie()).await;
    let mail = app.next_mail(MEANT, before).await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert!(app.exported("newsletter:weekly").await.is_empty());
}
