//! The mailed link and its one button.

use std::time::Duration;

use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::{both_databases, poll};

const HOUR: Duration = Duration::from_hours(1);
const RETENTION: Duration = Duration::from_hours(24 * 7);

/// How much there is of everything that a press changes.
async fn state(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM signup WHERE status = 'pending'",
        "SELECT count(*) FROM subscriber",
        "SELECT count(*) FROM consent_event",
        "SELECT count(*) FROM consent",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM download_grant",
        "SELECT count(*) FROM suppression",
        "SELECT count(*) FROM download",
    ] {
        counts.push(app.count(sql).await);
    }
    counts
}

#[apply(both_databases!)]
async fn a_thousand_looks_change_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let mail = app.ask_and_read("ada@b.example", "&newsletter=weekly").await;
    app.mail_settled().await;
    let before = state(&app).await;
    let (link, not_me) = (mail.link("/confirm/"), mail.link("/not-me"));
    for n in 0..250 {
        assert_eq!(app.get(&link).await.status, 200);
        assert_eq!(app.get(&not_me).await.status, 200);
        for path in [&link, &not_me] {
            let head = app.send(app.request("HEAD", path)).await;
            assert_eq!(head.status, 200, "{n}");
        }
    }
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn pressing_again_gives_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let mail = app.ask_and_read("ada@b.example", "").await;
    let link = mail.link("/confirm/");
    let presses = futures_util::future::join_all((0..8).map(|_| app.post(&link, ""))).await;
    assert!(presses.iter().all(|p| p.status == 303 && p.location() == presses[0].location()));
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'given'").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM download_grant").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind = 'receipt'").await, 1);
    let page = app.get(&link).await;
    assert!(page.status == 200 && page.text().contains(presses[0].location()));
    app.advance(HOUR * 72);
    assert_eq!(app.get(&link).await.status, 200, "a used link stays used");
}

#[apply(both_databases!)]
async fn the_boxes_count_only_when_they_were_shown(database: Database) {
    let app = TestApp::start(database).await;
    for (email, asked, pressed, gets) in [
        ("keeps@b.example", "&newsletter=weekly", "", true),
        ("drops@b.example", "&newsletter=weekly", "choices=shown", false),
        ("adds@b.example", "", "choices=shown&newsletter=weekly", true),
        ("stays@b.example", "", "newsletter=weekly", false),
    ] {
        let mail = app.ask_and_read(email, asked).await;
        assert_eq!(app.post(&mail.link("/confirm/"), pressed).await.status, 303);
        let exported = app.exported("newsletter:weekly").await;
        assert_eq!(exported.contains(&email.to_owned()), gets, "{email}");
        assert!(app.exported("privacy-policy").await.contains(&email.to_owned()));
    }
    let mail = app.ask_and_read("odd@b.example", "").await;
    let odd = app.post(&mail.link("/confirm/"), "choices=shown&newsletter=none").await;
    assert_eq!(odd.status, 400);
    assert!(!app.exported("privacy-policy").await.contains(&"odd@b.example".to_owned()));
}

#[apply(both_databases!)]
async fn an_expired_link_is_renewed_by_one_press(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    app.advance(HOUR * 72);
    let page = app.get(&first).await;
    assert_eq!(page.status, 410);
    assert!(page.text().contains("the end of 25 November 2026") && page.text().contains("/fresh"));
    assert_eq!(app.post(&first, "").await.status, 410);
    assert!(app.exported("privacy-policy").await.is_empty());

    let fresh = app.post(&format!("{first}/fresh"), "").await;
    assert_eq!((fresh.status, fresh.location()), (303, "/check-your-inbox?word=fresh"));
    let second = app.next_mail("ada@b.example", 1).await.link("/confirm/");
    assert_ne!(first, second);
    let superseded = app.get(&first).await;
    assert!(superseded.status == 410 && superseded.text().contains("newer link"));
    assert_eq!(app.post(&first, "").await.status, 410);
    assert_eq!(app.post(&second, "").await.status, 303);
    assert_eq!(app.get(&first).await.status, 200, "used, by whichever link");
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 1);
}

#[apply(both_databases!)]
async fn not_me_cancels_and_stops_confirmations(database: Database) {
    let app = TestApp::start(database).await;
    let mail = app.ask_and_read("ada@b.example", "").await;
    let (link, not_me) = (mail.link("/confirm/"), mail.link("/not-me"));
    assert_eq!(app.get(&not_me).await.status, 200);
    assert_eq!(app.post(&not_me, "").await.status, 200);
    assert_eq!(app.post(&not_me, "").await.status, 200, "again gives the same");
    for path in [&link, &format!("{link}/fresh"), &not_me] {
        let answer = app.get(path).await;
        assert!(answer.status == 410 || answer.status == 405, "{path}: {}", answer.status);
    }
    assert_eq!(app.post(&link, "").await.status, 410);
    assert_eq!(app.post(&format!("{link}/fresh"), "").await.status, 303);
    // Whoever typed the address again sees the same page, and no mail follows.
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    assert_eq!(app.ask("other@b.example").await.status, 303);
    app.next_mail("other@b.example", 0).await;
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@b.example").len(), 1);
}

#[apply(both_databases!)]
async fn not_me_after_confirming_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let mail = app.ask_and_read("ada@b.example", "").await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_eq!(app.post(&mail.link("/not-me"), "").await.status, 410);
    assert_eq!(app.exported("privacy-policy").await, ["ada@b.example"]);
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 0);
}

#[apply(both_databases!)]
async fn a_token_that_is_not_ours_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    let token = link.rsplit('/').next().unwrap().to_owned();
    let last = if token.ends_with('a') { 'i' } else { 'a' };
    let swapped = format!("{}{last}", &token[..token.len() - 1]);
    for bad in [swapped.as_str(), "x", &token[1..], &format!("{token}A"), "%00", "..%2f.."] {
        for (method, path) in [
            ("GET", format!("/confirm/{bad}")),
            ("POST", format!("/confirm/{bad}")),
            ("POST", format!("/confirm/{bad}/fresh")),
            ("GET", format!("/confirm/{bad}/not-me")),
            ("POST", format!("/confirm/{bad}/not-me")),
        ] {
            let answer = app.send(app.request(method, &path)).await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    assert_eq!(app.get(&format!("/downloads/{token}")).await.status, 404, "of another kind");
}

#[apply(both_databases!)]
async fn what_nobody_confirmed_is_forgotten(database: Database) {
    let app = TestApp::start(database).await;
    let link =
        app.ask_and_read("ada@b.example", "&name=Ada&newsletter=weekly").await.link("/confirm/");
    app.subscribe("stays@b.example", "").await;
    app.mail_settled().await;
    app.advance(RETENTION);
    let core = &app.core;
    assert_eq!(
        assent::worker::tasks::forget_signups::forget_signups(
            &core.db,
            &core.flow_settings,
            &core.moment()
        )
        .await
        .unwrap(),
        1
    );
    assert_eq!(app.get(&link).await.status, 410);
    assert_eq!(app.post(&link, "").await.status, 410);
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 1);
    let bare =
        "SELECT count(*) FROM consent_event WHERE body IS NULL AND salt IS NULL AND leaf <> ''";
    assert_eq!(app.count(bare).await, 2, "the leaves stay");
    assert_eq!(app.exported("privacy-policy").await, ["stays@b.example"]);
}

#[apply(both_databases!)]
async fn the_waiting_page_sends_again_at_any_time_and_says_when_it_comes(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")]).await;
    let asked = app.ask("ada@b.example").await;
    app.next_mail("ada@b.example", 0).await;
    let show =
        |cookie: String| app.send(app.request("GET", "/check-your-inbox").header("cookie", cookie));
    let again = |cookie: String| {
        app.send(app.request("POST", "/check-your-inbox/resend").header("cookie", cookie))
    };
    assert!(show(asked.cookie()).await.text().contains("/resend"));
    let early = again(asked.cookie()).await;
    assert_eq!(early.location(), "/check-your-inbox?word=queued");
    let page = app.request("GET", early.location()).header("cookie", early.cookie());
    let page = app.send(page).await.text();
    assert!(page.contains("this one waits a little") && page.contains("it comes by 09:03 UTC."));
    // One waits at most, however often it is asked for.
    let pressed = again(early.cookie()).await;
    assert_eq!(pressed.location(), "/check-your-inbox?word=queued");
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued' AND kind = 'confirm'";
    assert_eq!((app.mail_to("ada@b.example").len(), app.count(waiting).await), (1, 1));

    app.advance(Duration::from_secs(61));
    let (first, second) =
        (app.mail_to("ada@b.example")[0].clone(), app.next_mail("ada@b.example", 1).await);
    assert_eq!(first.link("/confirm/"), second.link("/confirm/"), "the first link still works");
    // Two in a quarter are all: the button stands, and the page says from when it is of use.
    let page = show(pressed.cookie()).await.text();
    assert!(page.contains("another from 09:15 UTC.") && page.contains("/resend"), "{page}");
    let many = again(pressed.cookie()).await;
    assert_eq!(many.location(), "/check-your-inbox?word=wait");
    app.advance(Duration::from_mins(14));
    assert_eq!(again(pressed.cookie()).await.location(), "/check-your-inbox?word=again");
    app.next_mail("ada@b.example", 2).await;

    let stranger = app.get("/check-your-inbox").await;
    assert!(stranger.status == 200 && !stranger.text().contains("ada@b.example"));
    let forged = format!("{}x", asked.cookie());
    assert!(!show(forged).await.text().contains("ada@b.example"));
}

#[apply(both_databases!)]
async fn a_changed_policy_is_shown_before_it_is_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    assert_eq!(app.get(PATH).await.status, 200);
    app.advance(HOUR);
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, "2027-01").await;
    tx.commit().await.unwrap();
    let refused = poll::until("the new policy on the form", || async {
        let answer = app.post(PATH, &form("ada@b.example", "&name=Ada")).await;
        (answer.status == 422).then_some(answer)
    })
    .await
    .text();
    assert!(refused.contains("version 2027-01") && refused.contains("value=\"ada@b.example\""));
    assert!(!refused.contains(" checked"), "agreeing needs a fresh tick");
    let body = form("ada@b.example", "").replace("2026-11", "2027-01");
    assert_eq!(app.post(PATH, &body).await.status, 303);
    assert_eq!(app.get("/policies/privacy/2026-11").await.status, 200, "for good");
}
