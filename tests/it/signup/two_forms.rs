//! Several forms for one address: each has its own mail and its own code, and nobody confirms what they did
//! not see.

use std::time::Duration;

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::timestamp::Timestamp;
use assent::store::Db;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const LIMITED: &[(&str, &str)] = &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
const ADA: &str = "ada@b.example";
const OTHER: &str = "/reports/second";
const CODE: &str = "/check-your-inbox/code";
const CONFIRMED: &str = "SELECT count(*) FROM signup WHERE status = 'confirmed'";
const MAILS: &str = "SELECT count(*) FROM outbox WHERE kind = 'confirm' AND due_at IS NOT NULL";

/// A limited publisher with a second report.
async fn start(database: Database) -> TestApp {
    let app = TestApp::start_with(database, LIMITED).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, ("second", "A second report"), &["weekly"]).await;
    tx.commit().await.unwrap();
    poll::until("the second report", || async {
        (app.get(OTHER).await.status == 200).then_some(())
    })
    .await;
    app
}

/// Sends a form from the browser with this cookie; gives the cookie it has then.
async fn send(app: &TestApp, cookie: &str, path: &str, body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", path).header("cookie", cookie).header(kind.0, kind.1);
    app.send(request.body(body.to_owned())).await
}

async fn asks(app: &TestApp, cookie: &str, path: &str, more: &str) -> String {
    let asked = send(app, cookie, path, &form(ADA, more)).await;
    assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"));
    asked.cookie()
}

async fn open(app: &TestApp, cookie: &str, path: &str) -> Answer {
    app.send(app.request("GET", path).header("cookie", cookie)).await
}

/// What the waiting page says to the browser with this cookie.
async fn page(app: &TestApp, cookie: &str) -> String {
    open(app, cookie, "/check-your-inbox").await.text()
}

/// The mails to Ada that ask to confirm.
fn confirmations(app: &TestApp) -> Vec<Mail> {
    let all = app.mail_to(ADA).into_iter();
    all.filter(|mail| mail.links()[0].contains("/confirm/")).collect()
}

/// The mail to confirm after the first `before`, once it is written down as sent: its code lives from then on.
async fn mailed(app: &TestApp, before: usize) -> Mail {
    let sent = "SELECT count(*) FROM outbox o JOIN signup s ON s.signup_id = o.signup_id
                WHERE o.state = 'sent' AND o.kind = 'confirm' AND s.email = 'ada@b.example'";
    let least = i64::try_from(before).unwrap() + 1;
    poll::until("the mail written down", || async {
        (app.count(sent).await >= least).then_some(())
    })
    .await;
    confirmations(app).remove(before)
}

/// When the mails to Ada leave, in their order.
async fn due(app: &TestApp) -> Vec<Timestamp> {
    const DUE: &str = "SELECT o.due_at FROM outbox o JOIN signup s ON s.signup_id = o.signup_id
                       WHERE s.email = 'ada@b.example' AND o.kind = 'confirm' AND o.due_at IS NOT NULL
                       ORDER BY o.due_at";
    match &app.core.db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(DUE).fetch_all(readers).await.unwrap(),
        Db::Postgres { pool, .. } => sqlx::query_scalar(DUE).fetch_all(pool).await.unwrap(),
    }
}

fn comes_by(time: &str) -> String {
    format!("As long as we can write to this address, it should arrive by {time} UTC")
}

// POST /reports/… with the newsletter ticked by a stranger, POST /reports/… without by me, one minute: one
// mail, and POST /check-your-inbox/code on my page confirmed the stranger's ticks and name.
#[apply(both_databases!)]
async fn what_a_stranger_ticked_is_seen_before_it_is_confirmed(database: Database) {
    let app = start(database).await;
    asks(&app, "", PATH, "&name=Mallory+Stranger&newsletter=weekly").await;
    let mine = asks(&app, "", PATH, "&name=Ada").await;
    let strangers = mailed(&app, 0).await;
    assert_eq!(app.count(MAILS).await, 2, "mine is decided, and waits");

    let typed = app.type_code(&mine, &strangers.code()).await;
    assert_eq!((typed.status, typed.location()), (303, CODE), "{}", typed.text());
    assert_eq!(app.count(CONFIRMED).await, 0, "nothing was confirmed unseen");
    let shown = open(&app, &typed.cookie(), CODE).await.text();
    assert!(shown.contains("Mallory Stranger") && shown.contains("another form"), "{shown}");
    assert!(shown.contains("value=\"weekly\" checked"));
    assert!(
        shown.contains("This page works until 11:00 UTC on 23 November 2026"),
        "as long as the cookie"
    );
    assert_eq!(app.count(CONFIRMED).await, 0);

    let pressed = send(&app, &typed.cookie(), CODE, "choices=shown").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    assert!(pressed.location().starts_with("/downloads/"));
    assert!(pressed.cookie_named("assent_confirmed").is_empty(), "it leads to nobody's choices");
    assert_eq!(app.exported("privacy-policy").await, [ADA]);
    assert!(app.exported("newsletter:weekly").await.is_empty(), "its box was emptied");
    let again = send(&app, &typed.cookie(), CODE, "choices=shown").await;
    assert_eq!((again.status, again.location()), (303, pressed.location()), "pressed twice");

    app.advance(Duration::from_mins(1));
    let own = mailed(&app, 1).await;
    assert_eq!(app.type_code(&mine, &own.code()).await.status, 303);
    assert_eq!(app.count(CONFIRMED).await, 2);
    assert!(app.exported("newsletter:weekly").await.is_empty(), "my own form had no newsletter");
}

// POST for report A, then for B: B's page said that B's message was on its way, none was, and A's code there
// opened A.
#[apply(both_databases!)]
async fn of_two_reports_each_is_mailed_and_opened_by_its_own_code(database: Database) {
    let app = start(database).await;
    let first = asks(&app, "", PATH, "").await;
    let second = asks(&app, &first, OTHER, "&newsletter=weekly").await;
    let a = mailed(&app, 0).await;
    let waits = page(&app, &second).await;
    assert!(waits.contains(&comes_by("09:03")) && waits.contains("A second report"), "{waits}");
    assert!(waits.contains("<strong>The weekly</strong>"), "what this browser chose");

    let typed = app.type_code(&second, &a.code()).await;
    assert_eq!((typed.status, typed.location()), (303, CODE));
    let shown = open(&app, &typed.cookie(), CODE).await.text();
    assert!(shown.contains("A sample report") && !shown.contains("A second report"), "{shown}");
    assert_eq!(app.count(CONFIRMED).await, 0);

    app.advance(Duration::from_mins(1));
    let b = mailed(&app, 1).await;
    assert!(b.subject.contains("A second report"), "{}", b.subject);
    let opened = app.type_code(&second, &b.code()).await;
    assert!(opened.status == 303 && opened.location().starts_with("/downloads/"));
    assert!(app.get(opened.location()).await.text().contains("A second report"));
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}

// POST /check-your-inbox/resend while strangers had used the minute up: "We are sending the message again",
// and nothing was sent.
#[apply(both_databases!)]
async fn send_again_decides_a_mail_or_says_from_when(database: Database) {
    let app = start(database).await;
    let mine = asks(&app, "", PATH, "").await;
    mailed(&app, 0).await;
    app.advance(Duration::from_mins(20));
    asks(&app, "", PATH, "").await;
    mailed(&app, 1).await;
    let again = send(&app, &mine, "/check-your-inbox/resend", "").await;
    assert_eq!(again.location(), "/check-your-inbox?word=again");
    assert_eq!(app.count(MAILS).await, 3, "a stranger's mail delays mine, no more");
    let says = open(&app, &again.cookie(), again.location()).await.text();
    assert!(says.contains(&comes_by("09:23")) && !says.contains("We are sending"), "{says}");
    app.advance(Duration::from_mins(1));
    let mail = mailed(&app, 2).await;
    assert_eq!(mail.link("/confirm/"), confirmations(&app)[0].link("/confirm/"));

    // What strangers used up is not this browser's business: it hears the same sentence.
    let third = send(&app, &again.cookie(), "/check-your-inbox/resend", "").await;
    assert_eq!((third.location(), app.count(MAILS).await), ("/check-your-inbox?word=again", 3));
    let says = open(&app, &third.cookie(), third.location()).await.text();
    assert!(says.contains(&comes_by("09:24")), "{says}");
    // Its own asking is.
    let early = send(&app, &third.cookie(), "/check-your-inbox/resend", "").await;
    assert_eq!(early.location(), "/check-your-inbox?word=wait");
    let says = open(&app, &third.cookie(), early.location()).await.text();
    assert!(says.contains("for another from 09:35 UTC.") && says.contains("/resend"), "{says}");
    let more = asks(&app, &third.cookie(), OTHER, "").await;
    let says = page(&app, &more).await;
    assert!(says.contains("none is sent") && !says.contains("the message comes"), "{says}");
    assert_eq!(app.count(MAILS).await, 3);
}

// POST /check-your-inbox/resend after the press of the mailed button: nothing was sent.
#[apply(both_databases!)]
async fn send_again_after_confirming_mails_the_download(database: Database) {
    let app = start(database).await;
    let mine = asks(&app, "", PATH, "").await;
    let link = mailed(&app, 0).await.link("/confirm/");
    let download = app.post(&link, "").await.location().to_owned();
    app.next_mail(ADA, 1).await;
    app.advance(Duration::from_mins(2));
    let again = send(&app, &mine, "/check-your-inbox/resend", "").await;
    assert_eq!(again.location(), "/check-your-inbox?word=again");
    let mail = app.next_mail(ADA, 2).await;
    assert!(mail.link("/downloads/").ends_with(&download), "the link that works");
}

// A second POST of the same form by one browser, in the minute in which the mail of the first waits.
#[apply(both_databases!)]
async fn a_form_takes_the_waiting_mail_of_its_own_browser_and_report_alone(database: Database) {
    let app = start(database).await;
    asks(&app, "", OTHER, "&newsletter=weekly").await;
    mailed(&app, 0).await;
    let first = asks(&app, "", PATH, "&name=First&newsletter=weekly").await;
    let due = due(&app).await;
    app.advance(Duration::from_secs(20));
    asks(&app, "", PATH, "&name=Stranger").await;
    asks(&app, &first, OTHER, "").await;
    let other = send(&app, &first, PATH, &form("bo@b.example", "")).await;
    assert_eq!(
        (other.status, app.count(MAILS).await),
        (303, 3),
        "another address has its own mail"
    );
    let second = asks(&app, &first, PATH, "&name=Second").await;
    assert_eq!(
        (app.count(MAILS).await, crate::signup::two_forms::due(&app).await),
        (3, due),
        "in its place and at its time"
    );
    app.advance(Duration::from_secs(40));
    let mail = mailed(&app, 1).await;
    assert!(mail.text.contains("/confirm/") && !mail.text.contains("The weekly"), "{}", mail.text);
    assert_eq!(app.type_code(&second, &mail.code()).await.status, 303);
    assert_eq!(app.count("SELECT count(*) FROM subscriber WHERE name = 'Second'").await, 1);
    assert!(app.exported("newsletter:weekly").await.is_empty());

    // What a worker held may have arrived: it stays what it is.
    app.advance(Duration::from_hours(25));
    let sent = asks(&app, "", PATH, "&name=Third").await;
    let before = app.count(MAILS).await;
    mailed(&app, 2).await;
    asks(&app, &sent, PATH, "&name=Fourth").await;
    assert_eq!(app.count(MAILS).await, before + 1);
}

#[apply(both_databases!)]
async fn a_mail_that_waits_says_nothing_once_its_form_is_settled(database: Database) {
    let app = start(database).await;
    let mine = asks(&app, "", PATH, "").await;
    let link = mailed(&app, 0).await.link("/confirm/");
    app.advance(Duration::from_mins(2));
    asks(&app, "", OTHER, "").await;
    mailed(&app, 1).await;
    let again = send(&app, &mine, "/check-your-inbox/resend", "").await;
    assert_eq!(
        (again.location(), app.count(MAILS).await),
        ("/check-your-inbox?word=again", 2),
        "two in a quarter"
    );
    app.advance(Duration::from_mins(20));
    asks(&app, "", OTHER, "").await;
    send(&app, &mine, "/check-your-inbox/resend", "").await;
    assert_eq!(app.count(MAILS).await, 4);
    assert_eq!(app.post(&link, "").await.status, 303);
    app.advance(Duration::from_mins(1));
    let dropped =
        "SELECT count(*) FROM outbox WHERE state = 'dropped' AND reason = 'the signup is settled'";
    poll::until("the mail dropped", || async { (app.count(dropped).await == 1).then_some(()) })
        .await;
    app.mail_settled().await;
    assert_eq!(confirmations(&app).len(), 3);
}

#[apply(both_databases!)]
async fn pages_and_times_are_the_same_whatever_is_known(database: Database) {
    let app = start(database).await;
    app.subscribe("known@b.example", "&newsletter=weekly").await;
    app.suppress("locked@b.example", SuppressionReason::Bounced).await;
    for _ in 0..3 {
        app.ask("capped@b.example").await;
    }
    app.advance(Duration::from_mins(2));
    let mut seen = Vec::new();
    for email in ["known@b.example", "locked@b.example", "capped@b.example", "new@b.example"] {
        let first = send(&app, "", PATH, &form(email, "&newsletter=weekly")).await;
        let second = send(&app, &first.cookie(), OTHER, &form(email, "")).await;
        let mut pages = vec![page(&app, &first.cookie()).await, page(&app, &second.cookie()).await];
        for _ in 0..6 {
            let wrong = app.type_code(&second.cookie(), "000000").await;
            assert_eq!(wrong.status, 422);
            pages.push(wrong.text());
        }
        seen.push(pages.into_iter().map(|page| page.replace(email, "X")).collect::<Vec<_>>());
    }
    for pages in &seen[1..] {
        assert_eq!(pages, &seen[0]);
    }
}

#[apply(both_databases!)]
async fn nothing_but_the_typed_code_opens_another_forms_choices(database: Database) {
    let app = start(database).await;
    asks(&app, "", OTHER, "&newsletter=weekly").await;
    let mine = asks(&app, "", PATH, "").await;
    let code = mailed(&app, 0).await.code();
    for cookie in ["", &mine, &format!("{mine}x")] {
        let shown = open(&app, cookie, CODE).await;
        assert_eq!((shown.status, shown.location()), (303, "/check-your-inbox"));
    }
    assert_eq!(send(&app, &mine, CODE, "choices=shown").await.status, 422);
    let typed = app.type_code(&mine, &code).await.cookie();
    // A box that never stood there, and a press without the page.
    assert_eq!(send(&app, &typed, CODE, "choices=shown&newsletter=daily").await.status, 400);
    assert_eq!(send(&app, &typed, CODE, "newsletter=weekly").await.status, 422);
    assert_eq!(app.count(CONFIRMED).await, 0);
    let other = "choices=shown&form=019ab0c2-0000-7000-8000-000000000001";
    assert_eq!(
        send(&app, &typed, CODE, other).await.location(),
        CODE,
        "the button of another page"
    );
    assert_eq!(app.count(CONFIRMED).await, 0);
    // Both at once, with and without the newsletter: one confirms, and both lead to the same.
    let bodies = ["choices=shown", "choices=shown&newsletter=weekly", "choices=shown"];
    let pressed = join_all(bodies.map(|body| send(&app, &typed, CODE, body))).await;
    assert!(pressed.iter().all(|p| p.status == 303 && p.location() == pressed[0].location()));
    assert_eq!(app.count(CONFIRMED).await, 1);
    app.advance(Duration::from_mins(11));
    assert_eq!(open(&app, &typed, CODE).await.location(), "/check-your-inbox", "not for good");
    assert_eq!(send(&app, &typed, CODE, "choices=shown").await.status, 422);
    assert_eq!(
        app.count("SELECT count(*) FROM code_try").await,
        0,
        "neither a press nor a right code is a wrong try"
    );
}

// Two tabs of one browser: the page of report A left standing, B's code typed there.
#[apply(both_databases!)]
async fn a_code_typed_on_a_page_left_standing_shows_its_form_first(database: Database) {
    let app = start(database).await;
    let first = asks(&app, "", OTHER, "&newsletter=weekly").await;
    let standing = page(&app, &first).await;
    assert!(standing.contains("name=\"shown\" value=\"second newsletter:weekly\""), "{standing}");
    mailed(&app, 0).await;
    let second = asks(&app, &first, PATH, "").await;
    app.advance(Duration::from_mins(1));
    let code = mailed(&app, 1).await.code();
    let left =
        send(&app, &second, CODE, &format!("code={code}&shown=second+newsletter%3Aweekly")).await;
    assert_eq!((left.status, left.location(), app.count(CONFIRMED).await), (303, CODE, 0));
    let own = send(&app, &second, CODE, &format!("code={code}&shown=sample")).await;
    assert!(own.location().starts_with("/downloads/"), "{}", own.location());
}
