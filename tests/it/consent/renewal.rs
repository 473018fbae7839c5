//! Who is asked again under a new policy reads what changed, and agrees to what they tick and nothing else.

use std::time::Duration;

use assent::domain::catalog::edit::Reworded;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::policy::version::ChangeClass;
use assent::domain::staff::member::Role;
use assent::domain::text::Line;
use assent::domain::timestamp::Timestamp;
use assent::flows::catalog::edit_newsletter::{NewsletterEdit, edit_newsletter};
use assent::store::catalog::newsletters::NewsletterWords;
use assent::store::contacts::subscribers;
use futures_util::future::join_all;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, POLICY, TestApp, WHAT_CHANGES};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const DAY: Duration = Duration::from_hours(24);
const NEW: &str = "2027-01";
const ADA: &str = "ada@b.example";
const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";
const TICKED: &str = "&newsletter=weekly";
const RENEWED: &str = "SELECT count(*) FROM consent_event WHERE type = 'renewed'";
const WITHDRAWN: &str = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn'";
const EXPIRED: &str = "SELECT count(*) FROM consent_event WHERE type = 'expired'";

/// Asks everybody again under a new version, and gives Ada's mail about it.
async fn ask_again(app: &TestApp, label: &str) -> Mail {
    let before = app.mail_to(ADA).len();
    app.publish_change(label, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    app.next_mail(ADA, before).await
}

/// Presses the one link of a mail as a mail program does (RFC 8058).
async fn one_click(app: &TestApp, mail: &Mail) {
    let link = mail.link("/unsubscribe/");
    let head = mail.raw.split_once("\r\n\r\n").unwrap().0;
    assert!(head.contains(&format!("\r\nList-Unsubscribe: <{link}>\r\n")), "{head}");
    assert!(head.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{head}");
    for _ in 0..2 {
        assert_eq!(app.post(&link, "List-Unsubscribe=One-Click").await.status, 200);
    }
}

/// Describes the newsletter in other words, and waits until they are on its form.
async fn reword(app: &TestApp) {
    let (seen, name) = (
        NewsletterWords { name: "The weekly", description: "News every Thursday" },
        Line::parse("The weekly"),
    );
    let (name, about) = (name.unwrap().unwrap(), Line::parse("News and offers every day").unwrap());
    let mut tx = app.write().await;
    let slug = "weekly".parse().unwrap();
    let edited = edit_newsletter(
        &mut tx,
        &app.act(),
        &slug,
        NewsletterEdit { seen, name: &name, description: about.as_ref() },
    )
    .await;
    assert_eq!(edited.unwrap(), Reworded::Done);
    tx.commit().await.unwrap();
    poll::until("the new words on the form", || async {
        app.get("/newsletters").await.text().contains("News and offers").then_some(())
    })
    .await;
}

#[apply(both_databases!)]
async fn the_mail_and_the_page_say_what_changes(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let mail = ask_again(&app, NEW).await;
    for part in [&mail.text, &mail.html] {
        assert!(part.contains(WHAT_CHANGES), "{part}");
    }
    let page = app.get(&mail.link("/renew/")).await.text();
    assert!(page.contains(WHAT_CHANGES) && page.contains(&mail.link("/changes")), "{page}");
    let comparison = app.get(&mail.link("/changes")).await.text();
    assert!(comparison.contains(WHAT_CHANGES), "{comparison}");
    assert!(comparison.contains("<del>") && comparison.contains("<ins>"), "{comparison}");
    // Whoever slept through one version reads what both changed, compared with what they agreed to.
    app.publish_change("2027-02", ChangeClass::Notify, None).await;
    let page = app.get(&mail.link("/renew/")).await.text();
    assert_eq!(page.matches(WHAT_CHANGES).count(), 2, "{page}");
    assert!(page.contains(&format!("/policies/privacy/2027-02/changes?since={POLICY}")), "{page}");
}

#[apply(both_databases!)]
async fn what_is_not_ticked_stays_as_it_was_and_lapses(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let link = ask_again(&app, NEW).await.link("/renew/");
    let answer = app.agree_again(&link, &[PRIVACY]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.text().contains("The weekly, until 10:00 UTC on 23 December 2026"),
        "{}",
        answer.text()
    );
    assert_eq!(app.count(RENEWED).await, 1);
    assert_eq!(app.exported(WEEKLY).await, [ADA], "it counts until the day");
    let again = app.get(&link).await.text();
    assert!(
        again.contains("value=\"newsletter:weekly\"")
            && !again.contains("value=\"privacy-policy\""),
        "{again}"
    );
    app.next_mail(ADA, 3).await;
    app.advance(DAY * 29);
    app.work_policies().await;
    app.mail_settled().await;
    assert_eq!(app.mail_to(ADA).len(), 4, "who answered is not reminded");
    app.advance(DAY);
    assert!(app.exported(WEEKLY).await.is_empty());
    app.work_policies().await;
    assert_eq!(app.count(EXPIRED).await, 1);
    assert_eq!(app.exported(PRIVACY).await, [ADA]);
    assert_eq!(app.get(&link).await.status, 200);
}

#[apply(both_databases!)]
async fn what_was_not_read_or_not_ticked_is_not_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let link = ask_again(&app, NEW).await.link("/renew/");
    let (none, all) = (app.renewal(&link, &[]).await, app.renewal(&link, &[PRIVACY, WEEKLY]).await);
    for (body, says) in [
        (String::new(), "has changed again"),
        (none.clone(), "Tick what you agree to."),
        (format!("policy={NEW}&purpose={PRIVACY}"), "What you are asked has changed"),
        (all.replace(&format!("policy={NEW}"), &format!("policy={POLICY}")), "has changed again"),
        (format!("{all}&policy={NEW}"), "has changed again"),
        (format!("{none}&purpose={WEEKLY}"), "Tick Privacy policy as well"),
        (format!("{none}&purpose={PRIVACY}&purpose=newsletter:daily"), "has ended meanwhile"),
        (format!("{none}&purpose={PRIVACY}&purpose=%00"), "has ended meanwhile"),
    ] {
        let refused = app.post(&link, &body).await;
        let page = refused.text();
        assert_eq!(refused.status, 422, "{body}: {page}");
        assert!(page.contains("<title>Error: ") && page.contains(says), "{body}: {page}");
        assert_eq!(page.contains(" checked"), says.contains("policy as well"), "{body}: {page}");
    }
    assert_eq!(app.count(RENEWED).await, 0);
    // A box that is sent twice is one tick, and eight presses at once are one.
    let twice = format!("{all}&purpose={PRIVACY}");
    for press in join_all((0..8).map(|_| app.post(&link, &twice))).await {
        assert_eq!(press.status, 200, "{}", press.text());
    }
    assert_eq!(app.count(RENEWED).await, 2);
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind = 'change'").await, 1);
}

#[apply(both_databases!)]
async fn a_page_from_before_another_version_gives_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let link = ask_again(&app, NEW).await.link("/renew/");
    let old = app.renewal(&link, &[PRIVACY, WEEKLY]).await;
    app.publish_change("2027-02", ChangeClass::Editorial, None).await;
    let refused = app.post(&link, &old).await;
    assert!(
        refused.status == 422 && refused.text().contains("version 2027-02"),
        "{}",
        refused.text()
    );
    assert_eq!(app.count(RENEWED).await, 0);
    assert_eq!(app.agree_again(&link, &[PRIVACY, WEEKLY]).await.status, 200);
    assert!(app.export(WEEKLY).await.contains(",2027-02,"));
}

#[apply(both_databases!)]
async fn words_that_changed_stand_beside_those_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let link = ask_again(&app, NEW).await.link("/renew/");
    let old = app.renewal(&link, &[PRIVACY, WEEKLY]).await;
    assert!(!app.get(&link).await.text().contains("These words are new"));
    reword(&app).await;
    let refused = app.post(&link, &old).await;
    assert!(
        refused.status == 422 && refused.text().contains("What you are asked has changed"),
        "{}",
        refused.text()
    );
    for page in [refused.text(), app.get(&link).await.text()] {
        assert_eq!(page.matches("These words are new").count(), 1, "{page}");
        assert!(
            page.contains("News every Thursday") && page.contains("News and offers every day"),
            "{page}"
        );
    }
    assert_eq!(app.count(RENEWED).await, 0);
    assert_eq!(app.agree_again(&link, &[PRIVACY, WEEKLY]).await.status, 200);
    let receipt = app.next_mail(ADA, 3).await;
    assert!(receipt.text.contains("News and offers every day"), "{}", receipt.text);
}

#[apply(both_databases!)]
async fn what_ended_meanwhile_is_not_brought_back(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let mail = ask_again(&app, NEW).await;
    let link = mail.link("/renew/");
    let old = app.renewal(&link, &[PRIVACY, WEEKLY]).await;
    one_click(&app, &mail).await;
    assert_eq!(app.count(WITHDRAWN).await, 1, "what they can be written for");
    let refused = app.post(&link, &old).await;
    let page = refused.text();
    assert!(refused.status == 422 && page.contains("has ended meanwhile"), "{page}");
    assert!(
        page.contains("value=\"privacy-policy\"") && !page.contains("value=\"newsletter:weekly\""),
        "{page}"
    );
    assert_eq!(app.count(RENEWED).await, 0);
    assert_eq!(app.agree_again(&link, &[PRIVACY]).await.status, 200);
    // Nothing is asked any more, and the old page still gives nothing.
    let refused = app.post(&link, &old).await;
    assert!(
        refused.status == 422 && refused.text().contains("has ended meanwhile"),
        "{}",
        refused.text()
    );
    assert!(app.exported(WEEKLY).await.is_empty());
    let leave = app.core.links.unsubscribe(subscriber(&app).await, Some(&PRIVACY.parse().unwrap()));
    assert_eq!(app.post(&leave, "").await.status, 200);
    let gone = app.post(&link, &old).await;
    assert!(gone.status == 410 && gone.text().contains("You have withdrawn"), "{}", gone.text());
    assert_eq!(app.count(RENEWED).await, 1);
}

#[apply(both_databases!)]
async fn of_leaving_and_agreeing_at_once_leaving_wins(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TICKED).await;
    let link = ask_again(&app, NEW).await.link("/renew/");
    let body = app.renewal(&link, &[PRIVACY, WEEKLY]).await;
    let leave = app.core.links.unsubscribe(subscriber(&app).await, Some(&PRIVACY.parse().unwrap()));
    let (agreed, left) = tokio::join!(app.post(&link, &body), app.post(&leave, ""));
    assert!([200, 410].contains(&agreed.status), "{}", agreed.text());
    assert_eq!(left.status, 200);
    assert!(app.exported(PRIVACY).await.is_empty() && app.exported(WEEKLY).await.is_empty());
}

#[apply(both_databases!)]
async fn words_fit_what_somebody_has(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    poll::until("another newsletter", || async {
        app.get("/newsletters").await.text().contains("The daily").then_some(())
    })
    .await;
    app.subscribe(ADA, "").await;
    app.subscribe("bob@b.example", TICKED).await;
    let both =
        "email=cleo%40b.example&consent=yes&policy=2026-11&newsletter=weekly&newsletter=daily";
    assert_eq!(app.post("/newsletters", both).await.status, 303);
    let confirm = app.next_mail("cleo@b.example", 0).await.link("/confirm/");
    assert_eq!(app.post(&confirm, "").await.status, 303);
    app.next_mail("cleo@b.example", 1).await;
    app.publish_change(NEW, ChangeClass::Notify, None).await;
    app.work_policies().await;
    let notice = app.next_mail(ADA, 2).await;
    assert!(
        notice.text.contains(WHAT_CHANGES) && notice.html.contains(WHAT_CHANGES),
        "{}",
        notice.text
    );
    let mail = ask_again(&app, "2027-02").await;
    for (email, question, button) in [
        (ADA, "Do you agree to our new privacy policy?", ">Agree</button>"),
        ("bob@b.example", "Would you like to keep The weekly?", ">Agree to what I ticked</button>"),
        (
            "cleo@b.example",
            "Would you like to keep what you signed up to?",
            ">Agree to what I ticked</button>",
        ),
    ] {
        let mail = app.next_mail(email, 3).await;
        assert_eq!(mail.subject, question);
        assert!(mail.text.contains(question) && mail.html.contains(question), "{}", mail.text);
        let page = app.get(&mail.link("/renew/")).await.text();
        assert!(page.contains(&format!("<h1>{question}</h1>")) && page.contains(button), "{page}");
        let ends = if email == ADA {
            "withdraw your agreement to the privacy policy"
        } else {
            "unsubscribe with one press"
        };
        assert!(mail.text.contains(ends), "{}", mail.text);
    }
    let unsubscribe = app.get(&mail.link("/unsubscribe/")).await.text();
    let page = app.get(&mail.link("/renew/")).await.text();
    // Links that mail programs know are named after subscriptions; words are not.
    for text in [&mail.text, &mail.html, &notice.text, &notice.html, &page, &unsubscribe] {
        let words = text.to_lowercase().replace("/unsubscribe/", "");
        assert!(!words.contains("subscri"), "{text}");
    }
    // One press ends what its mail says: for Ada all she has, for Bob what he is sent.
    one_click(&app, &notice).await;
    one_click(&app, &app.next_mail("bob@b.example", 3).await).await;
    assert_eq!(app.exported(PRIVACY).await.len(), 2, "Bob's stands, and Cleo's");
    assert_eq!(app.exported(WEEKLY).await, ["cleo@b.example"]);
}

#[apply(both_databases!)]
async fn the_last_day_counts_to_its_end(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_TIMEZONE", "America/New_York")]).await;
    app.subscribe(ADA, "").await;
    let desk = app.sign_in(Role::Admin).await;
    let fields = format!(
        "step=publish&label={NEW}&text=New&change=reconsent&until=2026-11-25&changes=Less.&after={POLICY}&sure=yes"
    );
    assert_eq!(desk.post("/console/policies/new", &fields).await.status, 303);
    app.work_policies().await;
    let mail = app.next_mail(ADA, 2).await;
    assert!(mail.text.contains("counts until the end of 25 November 2026"), "{}", mail.text);
    let page = app.get(&mail.link("/renew/")).await.text();
    assert!(page.contains("until the end of 25 November 2026"), "{page}");
    // 23:59:59 of that day there; the story began at 04:00.
    let last = Timestamp::parse("2026-11-26T04:59:58Z").unwrap();
    app.advance(last.since(app.clock.now()));
    app.work_policies().await;
    assert_eq!(app.exported(PRIVACY).await, [ADA]);
    assert_eq!(app.get(&mail.link("/renew/")).await.status, 200);
    app.advance(Duration::from_secs(2));
    assert!(app.exported(PRIVACY).await.is_empty());
    assert_eq!(app.get(&mail.link("/renew/")).await.status, 410);
    app.work_policies().await;
    assert_eq!(app.count(EXPIRED).await, 1);
}

async fn subscriber(app: &TestApp) -> Uuid {
    let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(ADA).unwrap());
    subscribers::find_id(&mut app.read().await, &key).await.unwrap().unwrap()
}
