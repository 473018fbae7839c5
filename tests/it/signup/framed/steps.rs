//! The steps in the frame: the form, the code, the mail once more, the report.

use std::time::Duration;

use assent::domain::alarm::confirmations;
use assent::flows::catalog::publish_report::withdraw_report;
use assent::flows::raise_alarm::raise;
use macro_rules_attribute::apply;

use super::{
    ADA, CODE, CONFIRMED, FRAME, RESEND, SETTINGS, assert_framed, code, filled_in, load, send,
    sign_up, signups, start, type_code,
};
use crate::signup::code::not;
use crate::support::app::{Answer, Database, REPORT, TestApp};
use crate::support::both_databases;
use crate::support::page_form::PageForm;
use crate::support::poll;

async fn ask_again(app: &TestApp, page: &Answer) -> Answer {
    send(app, RESEND, &PageForm::find(&page.text(), RESEND).body()).await
}

#[apply(both_databases!)]
async fn a_report_is_had_in_the_frame(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await;
    let shown = page.text();
    for said in [ADA, "A sample report", "agree to our privacy policy"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let code = code(&app, ADA, 0).await;
    // Pressing twice gives the same.
    for _ in 0..2 {
        let ready = type_code(&app, &page, &code).await;
        assert_eq!(ready.status, 200, "{}", ready.text());
        let ready = ready.text();
        assert!(ready.contains("Your report is ready") && !ready.contains("/preferences/"));
        let file = ready.split("href=\"/downloads/").nth(1).unwrap().split('"').next().unwrap();
        assert!(file.ends_with("/file"), "{file}");
        assert_eq!(app.get(&format!("/downloads/{file}")).await.body, REPORT);
    }
    assert_eq!(app.count(CONFIRMED).await, 1);
}

#[apply(both_databases!)]
async fn newsletters_are_signed_up_to_in_the_frame(database: Database) {
    let app = start(database).await;
    let path = "/embed/newsletters";
    let page = load(&app, path, "https://press.example/").await;
    let form = PageForm::find(&page.text(), path).fill("email", ADA).tick("yes");
    let none = send(&app, path, &form.clone().body()).await;
    assert!(none.status == 422 && none.text().contains("Choose at least one newsletter"));
    let inbox = send(&app, path, &form.tick("weekly").body()).await;
    assert!(inbox.status == 202 && inbox.text().contains("The weekly"), "{}", inbox.text());
    let code = code(&app, ADA, 0).await;
    let typed = format!("{path}/code");
    let form = PageForm::find(&inbox.text(), &typed).fill("code", &code);
    let ready = send(&app, &typed, &form.body()).await;
    assert!(ready.status == 200 && ready.text().contains("Your subscription is confirmed"));
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}

// But for the token, whose text is another each time.
#[apply(both_databases!)]
async fn the_answer_says_nothing_of_who_is_known(database: Database) {
    let app = start(database).await;
    app.subscribe("bob@b.example", "&newsletter=weekly").await;
    let answers = ["bob@b.example", "eve@b.example"].map(|email| sign_up(&app, email));
    let [known, unknown] = answers;
    let (known, unknown) = (known.await, unknown.await);
    let told = |page: &Answer, email: &str| {
        let form = PageForm::find(&page.text(), CODE);
        let token = form.value("waiting").to_owned();
        (token.len(), page.text().replace(&token, "TOKEN").replace(email, "ADDRESS"))
    };
    assert_eq!(told(&known, "bob@b.example"), told(&unknown, "eve@b.example"));
}

#[apply(both_databases!)]
async fn what_is_wrong_is_said_in_the_frame_and_nothing_is_lost(database: Database) {
    let app = start(database).await;
    let form = filled_in(&app, ADA).await.fill("organisation", "Northmoor & Sons");
    for (body, says) in [
        (String::new(), "Enter your work email address"),
        (form.clone().fill("email", "nobody").body(), "Northmoor &amp; Sons"),
        (form.clone().untick("yes").body(), "Tick the box to agree to our privacy policy"),
        (form.clone().fill("name", "<script>alert(1)</script>").untick("yes").body(), "&lt;script"),
        (format!("{}&email=b%40b.example", form.clone().body()), "Fill in this field once"),
        (format!("{}&name=%00", form.clone().without("name").body()), "letters, numbers"),
        (form.clone().fill("policy", "2020-01").body(), "privacy policy has changed"),
        (format!("{}&newsletter=gone", form.clone().body()), "not offered any more"),
    ] {
        let answer = send(&app, FRAME, &body).await;
        assert_eq!(answer.status, 422, "{body}");
        let page = answer.text();
        assert!(page.contains("There is a problem") && page.contains(says), "{says}: {page}");
        // It can be put right from there.
        let again = PageForm::find(&page, FRAME);
        assert_eq!(again.values("policy").count(), 1);
    }
    assert_eq!(signups(&app).await, 0);
    let trapped = send(&app, FRAME, &form.fill("website", "x").body()).await;
    assert_eq!((trapped.status, signups(&app).await), (202, 0), "dropped, and not told so");
}

#[apply(both_databases!)]
async fn a_wrong_code_is_counted_as_on_our_own_page(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    for malformed in ["", "12345", "abcdef", "<b>"] {
        let answer = type_code(&app, &page, malformed).await;
        assert!(answer.status == 422 && answer.text().contains("Enter the six-digit code"));
    }
    let mut page = page;
    for _ in 0..5 {
        page = type_code(&app, &page, &not(&code)).await;
        assert!(page.status == 422 && page.text().contains("That code isn’t right"));
    }
    page = type_code(&app, &page, &code).await;
    assert!(page.status == 422 && page.text().contains("Too many codes have been tried"));
    assert_eq!(app.count(CONFIRMED).await, 0);
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "").await.status, 303, "the link still works");
}

#[apply(both_databases!)]
async fn two_presses_at_once_confirm_once(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    let presses = (0..4).map(|_| type_code(&app, &page, &code));
    let statuses: Vec<u16> =
        futures_util::future::join_all(presses).await.iter().map(|page| page.status).collect();
    assert_eq!(statuses, [200; 4]);
    assert_eq!(app.count(CONFIRMED).await, 1);
    assert_eq!(app.count("SELECT count(*) FROM download_grant").await, 1);
}

#[apply(both_databases!)]
async fn another_forms_code_is_confirmed_where_its_choices_stand(database: Database) {
    let app = start(database).await;
    app.post("/newsletters", &crate::support::app::form(ADA, "&newsletter=weekly")).await;
    let other = code(&app, ADA, 0).await;
    let page = sign_up(&app, ADA).await;
    let answer = type_code(&app, &page, &other).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("belongs to another form"), "{}", answer.text());
    assert_eq!(app.count(CONFIRMED).await, 0);
}

#[apply(both_databases!)]
async fn what_somebody_waits_with_is_theirs_for_two_hours(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await;
    let form = PageForm::find(&page.text(), CODE);
    let token = form.value("waiting").to_owned();
    let cookie = app.ask(ADA).await.cookie();
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let others = load(&app, "/embed/newsletters", "https://press.example/").await;
    let others = PageForm::find(&others.text(), "/embed/newsletters").fill("email", ADA);
    let others = send(&app, "/embed/newsletters", &others.tick("yes").tick("weekly").body()).await;
    let others = PageForm::find(&others.text(), "/embed/newsletters/code");
    let twice = format!("waiting={token}&waiting={token}&code=123456");
    let half = token[..token.len() / 2].to_owned();
    let long = "a".repeat(60_000);
    let tokens = ["", "x", &half, &cookie, &long, others.value("waiting")];
    let bodies = tokens.map(|token| format!("code=123456&waiting={token}"));
    for body in bodies.iter().chain([&twice]) {
        for path in [CODE, RESEND] {
            let answer = send(&app, path, body).await;
            assert!(answer.status == 422 && answer.text().contains("This took too long"), "{path}");
            PageForm::find(&answer.text(), FRAME);
        }
    }
    app.advance(Duration::from_hours(2));
    let late = send(&app, CODE, &form.fill("code", "123456").body()).await;
    assert!(late.status == 422 && late.text().contains("This took too long"));
}

#[apply(both_databases!)]
async fn another_mail_is_had_when_it_is_time(database: Database) {
    let set = [SETTINGS[0], ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
    let app = TestApp::start_with(database, &set).await;
    let page = sign_up(&app, ADA).await;
    app.next_mail(ADA, 0).await;
    let early = ask_again(&app, &page).await;
    assert!(early.status == 202 && early.text().contains("this one waits a little"));
    app.advance(Duration::from_secs(61));
    let second = code(&app, ADA, 1).await;
    let many = ask_again(&app, &early).await;
    assert!(many.status == 429 && many.text().contains("No message was sent"), "{}", many.text());
    let wait: u64 = many.header("retry-after").parse().unwrap();
    app.advance(Duration::from_secs(wait));
    let again = ask_again(&app, &many).await;
    assert!(again.status == 202 && again.text().contains("You asked for the message again"));
    assert_eq!(type_code(&app, &again, &second).await.status, 200);
}

#[apply(both_databases!)]
async fn while_the_form_rests_the_frame_says_so(database: Database) {
    let set = [SETTINGS[0], ("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "pause")];
    let app = TestApp::start_with(database, &set).await;
    let form = filled_in(&app, "bob@b.example").await;
    let page = sign_up(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    let mut tx = app.write().await;
    let slug = "sample".parse().unwrap();
    raise(&mut tx, &app.core.moment(), &confirmations(Some(&slug)), "few").await.unwrap();
    tx.commit().await.unwrap();
    poll::until("a form that rests", || async {
        let page = app.get(FRAME).await;
        assert_framed(&page);
        page.text().contains("This form is paused").then_some(())
    })
    .await;
    for (answer, says) in [
        (send(&app, FRAME, &form.body()).await, "This form is paused"),
        (ask_again(&app, &page).await, "No message was sent"),
    ] {
        assert!(answer.status == 503 && answer.text().contains(says), "{}", answer.text());
        assert_eq!(answer.header("retry-after"), "900");
    }
    assert_eq!(app.mail_to("bob@b.example").len(), 0);
    assert_eq!(type_code(&app, &page, &code).await.status, 200, "what was mailed works");
}

#[apply(both_databases!)]
async fn a_report_that_is_withdrawn_is_still_confirmed(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    let mut tx = app.write().await;
    withdraw_report(&mut tx, &app.act(), &"sample".parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    poll::until("the withdrawal", || async {
        let gone = app.get(FRAME).await;
        assert_framed(&gone);
        (gone.status == 410 && gone.text().contains("no longer offered")).then_some(())
    })
    .await;
    assert_eq!(type_code(&app, &page, &code).await.status, 200);
}
