//! A changed policy: told once, or asked again until a date, and what lapses then.

use std::time::Duration;

use assent::clock::Clock;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::domain::signup::submitted_form::Method;
use assent::flows::contacts::erase::{Erasing, erase};
use assent::random::Moments;
use assent::sealing::verify::verify;
use assent::worker::tasks::work_policies::{PolicyWork, work_policies};
use macro_rules_attribute::apply;

use crate::support::app::{Database, POLICY, TestApp};
use crate::support::{both_databases, program};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const NEW: &str = "2027-01";
const BOTH: &str = "&newsletter=weekly";
const ALL: [&str; 2] = ["privacy-policy", "newsletter:weekly"];
const EVENTS: &str = "SELECT count(*) FROM consent_event WHERE type = 'renewed'";
const EXPIRED: &str = "SELECT count(*) FROM consent_event WHERE type = 'expired'";
const NOTICES: &str = "SELECT count(*) FROM outbox WHERE kind = 'policy_notice'";
const RENEWALS: &str = "SELECT count(*) FROM outbox WHERE kind = 'renewal'";
const REMINDERS: &str = "SELECT count(*) FROM outbox WHERE kind = 'renewal_reminder'";

/// Withdraws everything by the link in their last mail.
async fn leave(app: &TestApp, email: &str) {
    let mails = app.mail_to(email);
    let link = mails.last().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{link}/withdraw-all"), "").await.status, 303);
    app.next_mail(email, mails.len()).await;
}

async fn subjects(app: &TestApp, email: &str) -> Vec<String> {
    app.mail_settled().await;
    app.mail_to(email).into_iter().skip(2).map(|mail| mail.subject).collect()
}

fn agree(label: &str) -> String {
    format!("policy={label}")
}

async fn is_sound(app: &TestApp) {
    let core = &app.core;
    let found =
        verify(&core.db, &core.flow_settings, Moments::new(&app.clock, &core.random), |_| ())
            .await
            .unwrap();
    assert!(found.is_sound(), "{:?}", found.findings);
}

#[apply(both_databases!)]
async fn an_editorial_change_mails_nobody(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.publish_change(NEW, ChangeClass::Editorial, None).await;
    assert_eq!(app.work_policies().await, PolicyWork::default());
    assert!(subjects(&app, "ada@b.example").await.is_empty());
}

#[apply(both_databases!)]
async fn a_notice_is_mailed_once(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "left@b.example", "bounced@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    leave(&app, "left@b.example").await;
    app.suppress("bounced@b.example", SuppressionReason::Bounced).await;
    let late = app.ask_and_read("late@b.example", "").await.link("/confirm/");
    app.publish_change(NEW, ChangeClass::Notify, None).await;
    app.agree_under("new@b.example", NEW, BOTH).await;

    let both = tokio::join!(app.work_policies(), app.work_policies());
    assert!(both.0.mails + both.1.mails <= 1);
    app.work_policies().await;
    assert_eq!(app.count(NOTICES).await, 1);
    let mail = app.next_mail("ada@b.example", 2).await;
    assert_eq!(mail.subject, "Our privacy policy has changed");
    assert!(mail.links().iter().any(|link| link.ends_with("/policies/privacy/2027-01")));
    assert!(mail.link("/changes").ends_with("since=2026-11"));
    assert_eq!(app.get(&mail.link("/preferences/")).await.status, 200);

    // Whoever confirms a form that showed the older version is told, too.
    assert_eq!(app.post(&late, "").await.status, 303);
    app.advance(DAY);
    app.work_policies().await;
    assert_eq!(app.count(NOTICES).await, 2);
    assert_eq!(subjects(&app, "late@b.example").await, ["Our privacy policy has changed"]);
    for nobody in ["new@b.example", "bounced@b.example"] {
        assert!(subjects(&app, nobody).await.is_empty(), "{nobody}");
    }
    assert_eq!(subjects(&app, "left@b.example").await.len(), 1, "the receipt of leaving");
}

#[apply(both_databases!)]
async fn a_change_is_not_told_for_ever(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.publish_change(NEW, ChangeClass::Notify, None).await;
    app.advance(DAY * 31);
    app.work_policies().await;
    assert_eq!(app.count(NOTICES).await, 0);
}

#[apply(both_databases!)]
async fn whoever_agrees_again_stays_and_who_does_not_lapses(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "bob@b.example", "left@b.example", "bounced@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    leave(&app, "left@b.example").await;
    app.suppress("bounced@b.example", SuppressionReason::Bounced).await;
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    tokio::join!(app.work_policies(), app.work_policies());
    app.work_policies().await;
    assert_eq!(app.count(RENEWALS).await, 2);
    let mail = app.next_mail("ada@b.example", 2).await;
    assert_eq!(mail.subject, "Would you like to keep The weekly?");
    assert!(
        mail.text.contains("10:00 UTC on 23 December 2026") && mail.text.contains("The weekly")
    );
    let link = mail.link("/renew/");
    let of_bob = app.next_mail("bob@b.example", 2).await.link("/renew/");

    let page = app.get(&link).await;
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    for shown in
        ["version 2027-01", "Privacy policy", "The weekly", "Subscribe me to", "value=\"2027-01\""]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("ada@b.example"), "a forwarded page names nobody");
    assert!(!text.contains(" checked"), "a tick is a person's act");
    let renewed = app.agree_again(&link, &ALL).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    assert!(renewed.text().contains("You agreed again") && renewed.text().contains("The weekly"));
    assert_eq!(app.count(EVENTS).await, 2);
    let receipt = app.next_mail("ada@b.example", 3).await;
    assert!(
        receipt.text.contains("2027-01") && receipt.text.contains("Subscribe me to The weekly")
    );

    // Exports do not change before the date.
    assert_eq!(app.exported("newsletter:weekly").await, ["bob@b.example", "ada@b.example"]);
    let export = app.export("newsletter:weekly").await;
    let row = export.lines().find(|row| row.contains("ada@")).unwrap();
    assert!(
        row.contains(",renewed,") && row.contains(",2027-01,") && row.contains(",sample,/renew,"),
        "{row}"
    );

    app.advance(DAY * 22);
    app.work_policies().await;
    assert_eq!(app.count(REMINDERS).await, 0);
    app.advance(DAY);
    tokio::join!(app.work_policies(), app.work_policies());
    app.work_policies().await;
    assert_eq!(app.count(REMINDERS).await, 1);
    let reminder = app.next_mail("bob@b.example", 3).await;
    assert!(reminder.subject.starts_with("A reminder") && reminder.link("/renew/") == of_bob);

    // From the date on, whether or not the lapse was recorded yet.
    app.advance(DAY * 7);
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    assert_eq!(app.exported("privacy-policy").await, ["ada@b.example"]);
    assert_eq!(app.post(&of_bob, &agree(NEW)).await.status, 410);
    let both = tokio::join!(app.work_policies(), app.work_policies());
    assert!(both.0.lapsed + both.1.lapsed <= 4);
    app.work_policies().await;
    assert_eq!(app.count(EXPIRED).await, 4, "bob's, and of the address that bounced");
    let cause =
        "SELECT count(*) FROM consent_event e JOIN consent_context x ON x.sha256 = e.context_sha256
             WHERE e.type = 'expired' AND x.body LIKE '%\"source\":\"policy 2027-01\"%'";
    assert_eq!(app.count(cause).await, 4);
    assert_eq!(app.count("SELECT count(*) FROM consent WHERE state = 'expired'").await, 4);
    assert_eq!(app.count("SELECT count(*) FROM consent WHERE state = 'renewed'").await, 2);
    assert_eq!(
        app.count("SELECT count(*) FROM suppression WHERE reason = 'unsubscribed'").await,
        2,
        "who left"
    );
    for answer in [app.get(&of_bob).await, app.post(&of_bob, &agree(NEW)).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.text().contains("has lapsed") && answer.text().contains("href=\"/\""));
    }
    assert_eq!(app.get(&link).await.status, 200, "who renewed in time stays");
    assert_eq!(app.post(&link, &agree(NEW)).await.status, 200);
    assert_eq!(app.count(EVENTS).await, 2);
    assert_eq!(subjects(&app, "bob@b.example").await.len(), 2, "no mail about the lapse");
    assert_eq!(subjects(&app, "ada@b.example").await.len(), 2, "no reminder for who answered");
    assert_eq!(subjects(&app, "left@b.example").await.len(), 1, "the receipt of leaving");
    assert!(subjects(&app, "bounced@b.example").await.is_empty());
    is_sound(&app).await;

    // A fresh opt-in begins anew.
    app.agree_under("bob@b.example", NEW, BOTH).await;
    app.work_policies().await;
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example", "bob@b.example"]);
    assert_eq!(app.get(&of_bob).await.status, 200);
    is_sound(&app).await;
}

#[apply(both_databases!)]
async fn looking_changes_nothing_and_pressing_at_once_counts_once(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let link = app.next_mail("ada@b.example", 2).await.link("/renew/");
    app.mail_settled().await;
    let outbox = "SELECT count(*) FROM outbox";
    let before = (app.count(outbox).await, app.export("privacy-policy").await);
    for _ in 0..50 {
        assert_eq!(app.get(&link).await.status, 200);
        assert_eq!(app.send(app.request("HEAD", &link)).await.status, 200);
    }
    assert_eq!((app.count(outbox).await, app.export("privacy-policy").await), before);

    let body = app.renewal(&link, &ALL).await;
    let presses = futures_util::future::join_all((0..8).map(|_| app.post(&link, &body))).await;
    for press in &presses {
        assert_eq!((press.status, press.text()), (200, presses[0].text()));
    }
    assert_eq!(app.count(EVENTS).await, 2);
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind = 'change'").await, 1);
    assert_eq!(app.post(&link, "").await.text(), presses[0].text(), "whatever a late press says");
    assert_eq!(app.count(EVENTS).await, 2);
    is_sound(&app).await;
}

#[apply(both_databases!)]
async fn an_old_form_confirmed_late_is_asked_again(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_CONFIRM_TTL", "6d")]).await;
    let late = app.ask_and_read("late@b.example", BOTH).await.link("/confirm/");
    let later = app.ask_and_read("later@b.example", "").await.link("/confirm/");
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 4)).await;
    app.work_policies().await;
    assert_eq!(app.count(RENEWALS).await, 0);
    // Asked after the time of the reminder: once is enough.
    app.advance(DAY * 3);
    assert_eq!(app.post(&late, "").await.status, 303);
    app.advance(HOUR);
    app.work_policies().await;
    app.work_policies().await;
    assert_eq!(subjects(&app, "late@b.example").await, ["Would you like to keep The weekly?"]);
    let link = app.mail_to("late@b.example")[2].link("/renew/");
    assert_eq!(app.agree_again(&link, &ALL).await.status, 200);
    // Confirmed after the date: it lapses at once, and was never exported.
    app.advance(DAY * 2);
    assert_eq!(app.post(&later, "").await.status, 303);
    assert_eq!(app.exported("privacy-policy").await, ["late@b.example"]);
    app.work_policies().await;
    assert_eq!(app.count(EXPIRED).await, 1);
    assert_eq!(app.count(RENEWALS).await, 1);
    is_sound(&app).await;
}

#[apply(both_databases!)]
async fn the_earliest_date_counts(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 10)).await;
    app.work_policies().await;
    let link = app.next_mail("ada@b.example", 2).await.link("/renew/");
    app.agree_under("bea@b.example", NEW, BOTH).await;
    app.publish_change("2027-02", ChangeClass::Reconsent, Some(DAY * 20)).await;
    app.work_policies().await;
    assert_eq!(app.count(RENEWALS).await, 3, "of the second version, both are asked");
    assert!(app.get(&link).await.text().contains("10:00 UTC on 3 December 2026"));
    app.advance(DAY * 10);
    assert_eq!(app.get(&link).await.status, 410);
    app.work_policies().await;
    assert_eq!(app.exported("privacy-policy").await, ["bea@b.example"]);
    app.mail_settled().await;
    let link = app.mail_to("bea@b.example").last().unwrap().link("/renew/");
    assert_eq!(app.agree_again(&link, &ALL).await.status, 200);
    app.advance(DAY * 10);
    app.work_policies().await;
    assert_eq!(app.exported("privacy-policy").await, ["bea@b.example"]);
    assert_eq!(app.count(EXPIRED).await, 1);
}

#[apply(both_databases!)]
async fn who_left_or_was_erased_meanwhile_is_not_written_to(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["left@b.example", "erased@b.example", "stays@b.example"] {
        app.subscribe(email, "").await;
    }
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    // Decided by a clock that is ahead, the mails wait.
    let ahead = Clock::manual(app.clock.now().plus(DAY));
    let core = &app.core;
    work_policies(&core.db, &core.flow_settings, &ahead, &core.random).await.unwrap();
    assert_eq!(app.count(RENEWALS).await, 3);
    leave(&app, "left@b.example").await;
    let key =
        core.flow_settings.address_secret.key(&EmailAddress::parse("erased@b.example").unwrap());
    let mut tx = app.write().await;
    assert!(
        erase(
            &mut tx,
            &core.flow_settings,
            &key,
            Erasing { at: &core.moment(), method: Method::Staff, source: "test", actor: None }
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    app.advance(DAY);
    let link = app.next_mail("stays@b.example", 2).await.link("/renew/");
    app.work_policies().await;
    assert!(subjects(&app, "erased@b.example").await.is_empty());
    assert_eq!(subjects(&app, "left@b.example").await.len(), 1, "the receipt of leaving");
    assert_eq!(app.count(RENEWALS).await, 2);

    leave(&app, "stays@b.example").await;
    let gone = app.get(&link).await;
    assert!(gone.status == 410 && gone.text().contains("You have withdrawn"));
    assert_eq!(app.post(&link, &agree(NEW)).await.status, 410);
    let key =
        core.flow_settings.address_secret.key(&EmailAddress::parse("stays@b.example").unwrap());
    let mut tx = app.write().await;
    assert!(
        erase(
            &mut tx,
            &core.flow_settings,
            &key,
            Erasing { at: &core.moment(), method: Method::Staff, source: "test", actor: None }
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    for answer in [app.get(&link).await, app.post(&link, &agree(NEW)).await] {
        assert!(answer.status == 410 && answer.text().contains("We hold nothing"));
    }
    app.advance(DAY * 31);
    app.work_policies().await;
    assert_eq!(app.count(EXPIRED).await, 0);
    assert_eq!(app.count(EVENTS).await, 0);
}

#[apply(both_databases!)]
async fn a_renewal_link_that_is_not_ours_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let mail = app.next_mail("ada@b.example", 2).await;
    let token = |link: String| link.rsplit('/').next().unwrap().to_owned();
    let (renew, manage) = (token(mail.link("/renew/")), token(mail.link("/preferences/")));
    let confirm = token(app.mail_to("ada@b.example")[0].link("/confirm/"));
    let last = if renew.ends_with('a') { 'i' } else { 'a' };
    let swapped = format!("{}{last}", &renew[..renew.len() - 1]);
    for bad in [&swapped, &manage, &confirm, "x", &renew[1..], "%00"] {
        let path = format!("/renew/{bad}");
        assert_eq!(app.get(&path).await.status, 404, "{path}");
        assert_eq!(app.post(&path, &agree(NEW)).await.status, 404, "{path}");
    }
    assert_eq!(app.get(&format!("/preferences/{renew}")).await.status, 404);
    assert_eq!(app.count(EVENTS).await, 0);
}

#[test]
fn the_list_names_what_each_version_asked() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("policy.md"), "# Privacy\n\nWe keep little.\n").unwrap();
    let publish = |label: &str, more: &[&str]| {
        let arguments = [&["policy", "publish", "policy.md", "--version", label], more].concat();
        program::run_well(dir.path(), &[], &arguments);
    };
    publish(POLICY, &[]);
    publish(
        NEW,
        &["--change", "reconsent", "--until", "2100-01-31", "--what-changes", "We keep less."],
    );
    let list = program::run_well(dir.path(), &[], &["policy", "list"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2, "{list}");
    let until = "reconsent until the end of 31 January 2100";
    assert_eq!((rows[0][0], &rows[0][3..]), (NEW, &[until, "0", "in force"][..]));
    assert_eq!((rows[1][0], &rows[1][3..]), (POLICY, &["editorial", "0", "older"][..]));
}
