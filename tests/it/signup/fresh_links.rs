//! Who lost the link that confirms a form, or the one to a report, says no more than their address, in whatever browser.

use std::time::Duration;

use assent::domain::alarm::confirmations;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::submitted_form::Method;
use assent::flows::contacts::erase::{Erasing, erase};
use assent::flows::raise_alarm::raise;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::signup::lost_links::{answered, told_the_same, wishes_answered};
use crate::support::app::{Database, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";
const PAGE: &str = "/fresh-link";
const SENT: &str = "/fresh-link?word=sent";
const DAY: Duration = Duration::from_hours(24);
const LIMITED: &[(&str, &str)] = &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];

/// Types an address, and waits until all mail that follows has gone.
async fn lost(app: &TestApp, email: &str) {
    let asked = app.post(PAGE, &format!("email={email}")).await;
    assert_eq!((asked.status, asked.location()), (303, SENT));
    answered(app).await;
}

/// Publishes a report under this name.
async fn published(app: &TestApp, slug: &str) -> String {
    let mut tx = app.write().await;
    app.add_report(&mut tx, (slug, &format!("The {slug} report")), &[]).await;
    tx.commit().await.unwrap();
    let path = format!("/reports/{slug}");
    poll::until(slug, || async { (app.get(&path).await.status == 200).then_some(()) }).await;
    path
}

/// The links that these mails are about, in the order of their letters.
fn links(mails: &[Mail]) -> Vec<String> {
    let link = |mail: &Mail| {
        let confirms = mail.text.contains("/confirm/");
        mail.link(if confirms { "/confirm/" } else { "/downloads/" })
    };
    let mut links: Vec<String> = mails.iter().map(link).collect();
    links.sort();
    links
}

fn sorted<const N: usize>(mut links: [String; N]) -> Vec<String> {
    links.sort();
    links.to_vec()
}

// A row of a mail can't be about a form that is gone by then.
#[apply(both_databases!)]
async fn a_press_while_its_person_is_erased_gives_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let waits = app.ask(ADA).await;
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    let bob = "bob@b.example";
    app.ask(bob).await;
    let confirmed = app.post(&app.next_mail(bob, 0).await.link("/confirm/"), "").await;
    let download = confirmed.location().to_owned();
    app.mail_settled().await;
    let resend =
        || app.request("POST", "/check-your-inbox/resend").header("cookie", waits.cookie());
    let (fresh, again) = (format!("{link}/fresh"), format!("{download}/fresh"));
    for (email, presses) in
        [(ADA, [Some(fresh), None]), (bob, [Some(again), Some("/fresh-link".to_owned())])]
    {
        let at = app.core.moment();
        let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(email).unwrap());
        let mut tx = app.write().await;
        erase(
            &mut tx,
            &app.core.flow_settings,
            &key,
            Erasing { at: &at, method: Method::Program, source: "test", actor: None },
        )
        .await
        .unwrap();
        let pressed = presses.map(async |path| match path {
            Some(path) => app.post(&path, &format!("email={email}")).await.status,
            None => app.send(resend()).await.status,
        });
        let committed = async {
            // Only one of the two can wait on SQLite, whose one writer is taken.
            if database == Database::Postgres {
                app.waits_for_lock().await;
            }
            tx.commit().await.unwrap();
        };
        let (statuses, ()) = tokio::join!(join_all(pressed), committed);
        assert!(statuses.iter().all(|status| [303, 410].contains(status)), "{email}: {statuses:?}");
    }
    wishes_answered(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, 0);
}

#[apply(both_databases!)]
async fn a_fresh_link_comes_by_the_address_alone(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.ask_and_read(ADA, "&newsletter=weekly").await.link("/confirm/");
    let broken = app.get(&first[..first.len() - 9]).await;
    assert_eq!(broken.status, 404);
    assert!(broken.text().contains("action=\"/fresh-link\""), "{}", broken.text());
    lost(&app, "ADA@B.example").await;
    let again = app.next_mail(ADA, 1).await.link("/confirm/");
    assert_eq!(again, first, "one that works is not superseded");

    app.advance(DAY * 3);
    assert_eq!(app.get(&first).await.status, 410);
    lost(&app, ADA).await;
    let fresh = app.next_mail(ADA, 2).await.link("/confirm/");
    assert_ne!(fresh, first);
    assert_eq!(app.get(&first).await.status, 410);
    assert_eq!(app.post(&fresh, "").await.status, 303);
    let download = app.next_mail(ADA, 3).await.link("/downloads/");
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);

    lost(&app, ADA).await;
    assert_eq!(app.next_mail(ADA, 4).await.link("/downloads/"), download);
    app.advance(DAY * 31);
    assert_eq!(app.get(&download).await.status, 410);
    lost(&app, ADA).await;
    let fresh = app.next_mail(ADA, 5).await.link("/downloads/");
    assert_eq!(app.get(&format!("{fresh}/file")).await.status, 200);
    assert_eq!(app.get(&download).await.status, 410);
    assert_eq!(app.mail_to(ADA).len(), 6);
}

#[apply(both_databases!)]
async fn nobody_learns_who_filled_a_form_in(database: Database) {
    let app = TestApp::start(database).await;
    for email in
        ["known@b.example", "complained@b.example", "returned@b.example", "erased@b.example"]
    {
        app.subscribe(email, "").await;
    }
    let choices = app.mail_to("erased@b.example")[1].link("/preferences/");
    assert_eq!(app.post(&format!("{choices}/erase"), "confirm=yes").await.status, 200);
    for email in ["pending@b.example", "manual@b.example", "bounced@b.example"] {
        app.ask_and_read(email, "").await;
    }
    let confirm = app.ask_and_read("not-me@b.example", "").await.link("/confirm/");
    assert_eq!(app.post(&format!("{confirm}/not-me"), "").await.status, 200);
    // A newsletter alone: there is nothing to download.
    assert_eq!(
        app.post("/newsletters", &form("weekly@b.example", "&newsletter=weekly")).await.status,
        303
    );
    let confirm = app.next_mail("weekly@b.example", 0).await.link("/confirm/");
    assert_eq!(app.post(&confirm, "").await.status, 303);
    for (email, reason) in [
        ("complained@b.example", SuppressionReason::Complained),
        ("manual@b.example", SuppressionReason::Manual),
        ("bounced@b.example", SuppressionReason::Bounced),
        ("returned@b.example", SuppressionReason::Bounced),
    ] {
        app.suppress(email, reason).await;
    }
    app.mail_settled().await;
    let emails = [
        "known@b.example",
        "pending@b.example",
        "stranger@b.example",
        "complained@b.example",
        "returned@b.example",
        "erased@b.example",
        "manual@b.example",
        "bounced@b.example",
        "not-me@b.example",
        "weekly@b.example",
    ];
    let page = told_the_same(&app, PAGE, &emails, &["known@b.example", "pending@b.example"]).await;
    assert!(page.contains("a message with a fresh link is on its way"), "{page}");
}

#[apply(both_databases!)]
async fn the_newest_form_of_each_report_is_mailed(database: Database) {
    let app = TestApp::start(database).await;
    let second = published(&app, "second").await;
    app.ask_and_read(ADA, "").await;
    let sample = app.ask_and_read(ADA, "").await.link("/confirm/");
    assert_eq!(app.post(&second, &form(ADA, "")).await.status, 303);
    let confirm = app.next_mail(ADA, 2).await.link("/confirm/");
    assert_eq!(app.post(&confirm, "").await.status, 303);
    let download = app.next_mail(ADA, 3).await.link("/downloads/");
    assert_eq!(app.post("/newsletters", &form(ADA, "&newsletter=weekly")).await.status, 303);
    let weekly = app.next_mail(ADA, 4).await.link("/confirm/");
    lost(&app, ADA).await;
    let mails = app.mail_to(ADA);
    assert_eq!(links(&mails[5..]), sorted([sample, download.clone(), weekly.clone()]));

    // Of many, the newest three.
    let third = published(&app, "third").await;
    assert_eq!(app.post(&third, &form(ADA, "")).await.status, 303);
    let third = app.next_mail(ADA, 8).await.link("/confirm/");
    lost(&app, ADA).await;
    let mails = app.mail_to(ADA);
    assert_eq!(links(&mails[9..]), sorted([download, weekly, third]));
}

#[apply(both_databases!)]
async fn its_mailbox_has_its_limit(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    let second = published(&app, "second").await;
    app.ask_and_read("ada@gmail.com", "").await;
    app.advance(Duration::from_mins(1));
    assert_eq!(app.post(&second, &form("ada@gmail.com", "")).await.status, 303);
    let newest = app.next_mail("ada@gmail.com", 1).await.link("/confirm/");
    app.advance(Duration::from_mins(16));
    // Many at once, and other names of the mailbox, which no form bears.
    let names = ["ada@gmail.com", "ADA@gmail.com", "a.da@gmail.com"];
    let wishes = (0..30).map(|n| {
        let body = format!("email={}", names[n % names.len()]);
        let app = &app;
        async move { app.post(PAGE, &body).await }
    });
    assert!(
        join_all(wishes)
            .await
            .iter()
            .all(|answer| (answer.status, answer.location()) == (303, SENT))
    );
    wishes_answered(&app).await;
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").await,
        4,
        "two, a minute apart"
    );
    assert!(
        app.count("SELECT count(*) FROM outbox WHERE due_at IS NULL").await <= 2,
        "one for each form at most"
    );
    assert_eq!(app.next_mail("ada@gmail.com", 2).await.link("/confirm/"), newest, "first");
    app.advance(Duration::from_secs(61));
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@gmail.com").len(), 4);
    lost(&app, "ada@gmail.com").await;
    assert_eq!(app.mail_to("ada@gmail.com").len(), 4);
}

#[apply(both_databases!)]
async fn what_is_no_address_is_said_and_kept(database: Database) {
    let app = TestApp::start(database).await;
    for (typed, shown) in [
        ("email=", ""),
        ("", ""),
        ("email=ada", "ada"),
        ("email=ada%40localhost", "ada@localhost"),
        ("email=ada%40b.example%2C+bob%40b.example", "ada@b.example, bob@b.example"),
        (
            "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example",
            "&quot;&gt;&lt;script&gt;alert(1)&lt;",
        ),
        ("email=ada%40b.example&email=bob%40b.example", "ada@b.example"),
        ("email=ada%0d%0a%40b.example", "ada@b.example"),
        ("email=ada%00%40b.example", "ada@b.example"),
        ("email=%ff", ""),
    ] {
        let answer = app.post(PAGE, typed).await;
        let page = answer.text();
        assert!(
            answer.status == 422
                && page.contains("<title>Error: ")
                && page.contains("There is a problem"),
            "{typed}: {page}"
        );
        assert!(shown.is_empty() || page.contains(&format!("value=\"{shown}")), "{typed}: {page}");
        assert!(
            page.contains("href=\"#email\"")
                && page.contains("id=\"email-error\"")
                && !page.contains("<script"),
            "{page}"
        );
    }
    let huge = format!("email={}", "a".repeat(64 * 1024));
    assert_eq!(app.post(PAGE, &huge).await.status, 413);
    let json = app.request("POST", PAGE).header("content-type", "application/json").body("{}");
    assert_eq!(app.send(json).await.status, 415);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let foreign =
        app.request("POST", PAGE).header("origin", "https://evil.example").header(kind.0, kind.1);
    assert_eq!(app.send(foreign.body("email=ada%40b.example")).await.status, 403);
    // A link that is not whole, followed again and again, asks for nothing by itself.
    app.ask_and_read(ADA, "").await;
    for path in [
        PAGE,
        SENT,
        "/fresh-link?email=ada%40b.example",
        "/fresh-link?word=%3Cscript%3E",
        "/fresh-link?%ff",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = app.send(app.request(method, path)).await;
            assert!(answer.status == 200 && !answer.text().contains("<script"), "{method} {path}");
        }
    }
    for method in ["PUT", "DELETE"] {
        assert_eq!(app.send(app.request(method, PAGE)).await.status, 405);
    }
    answered(&app).await;
    assert_eq!((app.count("SELECT count(*) FROM outbox").await, app.inbox().len()), (1, 1));
}

#[apply(both_databases!)]
async fn a_form_that_rests_is_not_confirmed_by_it(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "pause")]).await;
    app.subscribe("known@b.example", "").await;
    app.ask_and_read(ADA, "").await;
    app.mail_settled().await;
    let mut tx = app.write().await;
    let slug = "sample".parse().unwrap();
    raise(&mut tx, &app.core.moment(), &confirmations(Some(&slug)), "few").await.unwrap();
    tx.commit().await.unwrap();
    lost(&app, ADA).await;
    lost(&app, "known@b.example").await;
    assert_eq!((app.mail_to(ADA).len(), app.mail_to("known@b.example").len()), (1, 3));
}

// Anybody may type the address of somebody who never confirmed: their form goes in its time all the same.
#[apply(both_databases!)]
async fn no_form_is_kept_by_it(database: Database) {
    let app = TestApp::start(database).await;
    app.ask_and_read(ADA, "&name=Ada").await;
    for mails in 2..5 {
        app.advance(DAY * 2 + Duration::from_hours(1));
        lost(&app, ADA).await;
        assert_eq!(app.mail_to(ADA).len(), mails);
    }
    // The last link was mailed on its seventh day, and works for two.
    app.advance(DAY * 2 + Duration::from_hours(1));
    lost(&app, ADA).await;
    assert_eq!(app.mail_to(ADA).len(), 4);
}

#[apply(both_databases!)]
async fn an_erasure_meanwhile_leaves_nothing_to_mail(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "").await;
    let choices = app.mail_to(ADA)[1].link("/preferences/");
    app.ask_and_read(ADA, "").await;
    app.mail_settled().await;
    let wishes = join_all((0..20).map(|_| app.post(PAGE, "email=ada%40b.example")));
    let erase = format!("{choices}/erase");
    let (wishes, erased) = tokio::join!(wishes, app.post(&erase, "confirm=yes"));
    assert!(wishes.iter().all(|answer| answer.status == 303));
    assert_eq!(erased.status, 200, "{}", erased.text());
    answered(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);
    let mails = app.mail_to(ADA).len();
    lost(&app, ADA).await;
    assert_eq!(app.mail_to(ADA).len(), mails);
}
