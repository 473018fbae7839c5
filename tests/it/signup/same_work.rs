//! What is known of an address is not to be told from the time that an answer takes: whatever becomes of an asking,
//! the same is written for it. How long it takes is measured by `benches/answer_times.py`.

use std::time::Duration;

use assent::domain::contacts::suppression::SuppressionReason;
use assent::store::Db;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::{both_databases, poll};

const LIMITED: &[(&str, &str)] = &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
const ROWS: &str = "SELECT count(*) FROM outbox";
const RESEND: &str = "/check-your-inbox/resend";

/// A row of the outbox: whose it is, where it stands, why, and whether it counts against its mailbox.
type Row = (String, String, Option<String>, bool);

/// The row that was written last.
async fn newest(app: &TestApp) -> Row {
    const NEWEST: &str = "SELECT s.email, o.state, o.reason, o.due_at IS NOT NULL
                          FROM outbox o JOIN signup s ON s.signup_id = o.signup_id
                          ORDER BY o.outbox_id DESC LIMIT 1";
    match &app.core.db {
        Db::Sqlite { readers, .. } => sqlx::query_as(NEWEST).fetch_one(readers).await.unwrap(),
        Db::Postgres { pool, .. } => sqlx::query_as(NEWEST).fetch_one(pool).await.unwrap(),
    }
}

async fn send(app: &TestApp, cookie: &str, path: &str, body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", path).header("cookie", cookie).header(kind.0, kind.1);
    app.send(request.body(body.to_owned())).await
}

/// A row that is never sent, for this reason.
fn idle(email: &str, why: &str) -> Row {
    (email.to_owned(), "dropped".to_owned(), Some(why.to_owned()), false)
}

const LIMIT: &str = "the limit of its mailbox forbids it";
const SUPPRESSED: &str = "the address is suppressed";

// POST /reports/… wrote a row of the outbox for an unknown address, and none for one that is suppressed or capped.
#[apply(both_databases!)]
async fn each_form_writes_one_row_whatever_becomes_of_it(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    app.subscribe("known@b.example", "&newsletter=weekly").await;
    app.suppress("stopped@b.example", SuppressionReason::Manual).await;
    app.suppress("not-me@b.example", SuppressionReason::NotMe).await;
    app.suppress("erased@b.example", SuppressionReason::Erased).await;
    for _ in 0..2 {
        app.ask("capped@b.example").await;
    }
    app.advance(Duration::from_mins(2));
    app.mail_settled().await;
    let mut answers = Vec::new();
    for email in [
        "new@b.example",
        "known@b.example",
        "erased@b.example",
        "capped@b.example",
        "stopped@b.example",
        "not-me@b.example",
    ] {
        let before = app.count(ROWS).await;
        let asked = app.ask(email).await;
        assert_eq!(app.count(ROWS).await, before + 1, "{email}");
        let (whose, state, why, counts) = newest(&app).await;
        match email {
            "capped@b.example" => assert_eq!((whose, state, why, counts), idle(email, LIMIT)),
            "stopped@b.example" | "not-me@b.example" => {
                assert_eq!((whose, state, why, counts), idle(email, SUPPRESSED));
            }
            // A worker may have handed it over by now.
            _ => assert!(whose == email && why.is_none() && counts, "{email}: {state} {why:?}"),
        }
        answers.push((asked.status, asked.location().to_owned(), asked.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    app.mail_settled().await;
    for (email, mails) in [
        ("new@b.example", 1),
        ("known@b.example", 3),
        ("erased@b.example", 1),
        ("capped@b.example", 2),
        ("stopped@b.example", 0),
        ("not-me@b.example", 0),
    ] {
        assert_eq!(app.mail_to(email).len(), mails, "{email}");
    }
    // What is never sent counts for nothing: a quarter later the mailbox is sent another.
    app.advance(Duration::from_mins(16));
    app.ask("capped@b.example").await;
    app.next_mail("capped@b.example", 2).await;
}

// The same in one transaction: many forms of one mailbox, of suppressed ones and of others.
#[apply(both_databases!)]
async fn a_batch_writes_a_row_for_each_form(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    app.suppress("locked@b.example", SuppressionReason::Complained).await;
    let names = ["ada@gmail.com", "a.da@gmail.com", "locked@b.example"];
    let asked = (0..60).map(|n| {
        let other = format!("other{n}@b.example");
        let app = &app;
        async move { app.ask(names.get(n % 4).copied().unwrap_or(&other)).await }
    });
    let asked = futures_util::future::join_all(asked).await;
    assert!(asked.iter().all(|answer| answer.status == 303));
    assert_eq!(app.count(ROWS).await, 60);
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE reason = 'the address is suppressed'").await,
        15
    );
    assert_eq!(
        app.count(
            "SELECT count(*) FROM outbox WHERE reason = 'the limit of its mailbox forbids it'"
        )
        .await,
        28
    );
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").await,
        17,
        "two of the mailbox, each other"
    );
}

// POST /check-your-inbox/resend committed for an unknown address, and not for one that is suppressed or capped.
#[apply(both_databases!)]
async fn asking_once_more_writes_as_much_and_fills_nothing(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    app.suppress("locked@b.example", SuppressionReason::Complained).await;
    for _ in 0..3 {
        app.ask("capped@b.example").await;
    }
    app.advance(Duration::from_mins(1));
    app.mail_settled().await;
    let mut browsers = Vec::new();
    for email in ["new@b.example", "capped@b.example", "locked@b.example"] {
        browsers.push((email, app.ask(email).await.cookie()));
    }
    app.mail_settled().await;
    app.advance(Duration::from_mins(2));
    for (email, cookie) in &browsers {
        // With the cookie of before, as often as somebody likes.
        for nth in 0..4 {
            let again = send(&app, cookie, RESEND, "").await;
            assert_eq!((again.status, again.location()), (303, "/check-your-inbox?word=again"));
            let row = newest(&app).await;
            match (*email, nth) {
                ("new@b.example", 0) => {
                    assert!(row.0 == *email && row.2.is_none() && row.3, "{row:?}");
                }
                ("locked@b.example", _) => assert_eq!(row, idle(email, SUPPRESSED)),
                _ => assert_eq!(row, idle(email, LIMIT), "{nth}"),
            }
            app.mail_settled().await;
        }
    }
    let idle = "SELECT count(*) FROM outbox o JOIN signup s ON s.signup_id = o.signup_id
                    WHERE o.due_at IS NULL AND s.email IN ('new@b.example', 'locked@b.example')";
    assert_eq!(app.count(idle).await, 2, "one for each form, however often it is asked");
    assert_eq!((app.mail_to("new@b.example").len(), app.mail_to("locked@b.example").len()), (2, 0));
}

// A form that takes the place of a mail of its own browser, and one whose link was used already.
#[apply(both_databases!)]
async fn what_needs_no_mail_of_its_own_writes_a_row_too(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    app.ask("ada@b.example").await;
    let first = app.ask("ada@b.example").await.cookie();
    let before = app.count(ROWS).await;
    let second = send(&app, &first, PATH, &form("ada@b.example", "&name=Second")).await;
    assert_eq!((second.status, app.count(ROWS).await), (303, before + 1));
    assert_eq!(
        newest(&app).await,
        idle("ada@b.example", "the mail that waits for this browser is about it")
    );
    app.advance(Duration::from_mins(1));
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@b.example").len(), 2);

    // Signed up to a newsletter alone: there is no download to be mailed.
    let asked =
        app.post("/newsletters", &form("bob@b.example", "&newsletter=weekly")).await.cookie();
    assert_eq!(
        app.post(&app.next_mail("bob@b.example", 0).await.link("/confirm/"), "").await.status,
        303
    );
    app.next_mail("bob@b.example", 1).await;
    app.advance(Duration::from_mins(2));
    for _ in 0..2 {
        assert_eq!(send(&app, &asked, RESEND, "").await.location(), "/check-your-inbox?word=again");
        assert_eq!(newest(&app).await, idle("bob@b.example", "it is confirmed, and has no report"));
    }
    app.mail_settled().await;
    assert_eq!(app.mail_to("bob@b.example").len(), 2);
}

// A worker decides about lost links, which no answer waits for: what is forbidden leaves nothing behind.
#[apply(both_databases!)]
async fn a_lost_link_that_is_not_mailed_leaves_no_row(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    app.subscribe("ada@b.example", "").await;
    app.advance(Duration::from_hours(1));
    let before = app.count(ROWS).await;
    for _ in 0..6 {
        assert_eq!(app.post("/preferences", "email=ada%40b.example").await.status, 303);
    }
    poll::until("all wishes answered", || async {
        (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
    })
    .await;
    assert_eq!(app.count(ROWS).await, before + 2);
}
