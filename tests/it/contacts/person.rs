//! One person at the console: may I write to them, and what happened.

use std::collections::BTreeSet;
use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::domain::signup::submitted_form::Method;
use assent::domain::staff::member::Role;
use assent::flows::By;
use assent::flows::consent::withdraw::{Leave, Leaving, withdraw};
use assent::flows::contacts::erase::{Erasing, erase};
use assent::random::Random;
use assent::store::contacts::{subscribers, suppressions};
use assent::store::ledger::verdicts::Verdict;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, audit};

const PURPOSES: [(&str, &str); 2] =
    [("privacy-policy", "Privacy policy"), ("newsletter:weekly", "The weekly")];

async fn id_of(app: &TestApp, email: &str) -> Uuid {
    let email = EmailAddress::parse(email).unwrap();
    let key = app.core.flow_settings.address_secret.key(&email);
    subscribers::find_id(&mut app.read().await, &key).await.unwrap().unwrap()
}

async fn page_of(desk: &TestDesk<'_>, email: &str) -> String {
    desk.page(&format!("/console/subscribers/{}", id_of(desk.app, email).await)).await
}

/// The answer to "may I write to this person?" for a purpose by its title: not no, and the sentence.
fn answer(page: &str, title: &str) -> (bool, String) {
    let verdicts = page.split("<div class=\"verdict verdict-").skip(1);
    for verdict in verdicts {
        let (kind, rest) = verdict.split_once('"').unwrap();
        let (_, rest) = rest.split_once("<h3>").unwrap();
        let (named, rest) = rest.split_once("</h3><p>").unwrap();
        if named == title {
            assert!(kind == "no" || kind == if named == "Privacy policy" { "hold" } else { "yes" });
            return (kind != "no", rest.split_once("</p>").unwrap().0.to_owned());
        }
    }
    panic!("no answer for {title} in {page}");
}

/// Whoever the page says yes of is in the export, and nobody else.
async fn agrees_with_the_export(desk: &TestDesk<'_>, everybody: &[&str]) {
    for (purpose, title) in PURPOSES {
        let mut yes = BTreeSet::new();
        for email in everybody {
            let email = EmailAddress::parse(email).unwrap();
            let key = desk.app.core.flow_settings.address_secret.key(&email);
            let found = subscribers::find_id(&mut desk.app.read().await, &key).await.unwrap();
            let Some(id) = found else { continue };
            let page = desk.page(&format!("/console/subscribers/{id}")).await;
            if answer(&page, title).0 {
                yes.insert(email.to_string());
            }
        }
        let exported: BTreeSet<String> = desk.app.exported(purpose).await.into_iter().collect();
        assert_eq!(yes, exported, "{purpose}");
    }
}

/// Lifts what only staff can lift.
async fn lift(app: &TestApp, everybody: &[&str]) {
    use SuppressionReason::{Bounced, Complained, Manual, NotMe};
    let mut tx = app.write().await;
    for email in everybody {
        let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(email).unwrap());
        for reason in [Bounced, Complained, Manual, NotMe] {
            suppressions::delete(&mut tx, app.clock.now(), &key, reason).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

#[apply(both_databases!)]
async fn the_answer_is_that_of_the_export_whatever_happened(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    let everybody = ["a@b.example", "b@b.example", "c@b.example", "d@b.example"];
    let random = Random::seeded(7);
    let mut seen = BTreeSet::new();
    for round in 0..40 {
        let [who, what] = random.bytes::<2>();
        let email = everybody[usize::from(who) % everybody.len()];
        app.clock.advance(Duration::from_mins(1));
        let known = {
            let email = EmailAddress::parse(email).unwrap();
            let key = app.core.flow_settings.address_secret.key(&email);
            subscribers::find_id(&mut app.read().await, &key).await.unwrap().map(|id| (id, key))
        };
        let what = if round < 4 { 0 } else { what % 9 };
        seen.insert(what);
        match (what, known) {
            (0, _) | (_, None) => {
                lift(&app, &everybody).await;
                app.mail_settled().await;
                app.subscribe(email, "&newsletter=weekly").await;
            }
            (1, Some((id, _))) => {
                let one = Leaving::One("newsletter:weekly".parse().unwrap());
                let mut tx = app.write().await;
                let leave = Leave { subscriber_id: id, leaving: &one };
                let (at, by) = (app.core.moment(), By::form("test"));
                withdraw(&mut tx, app.core.flow_settings.at(&at), leave, by).await.unwrap();
                tx.commit().await.unwrap();
            }
            (2, Some((id, _))) => {
                let mut tx = app.write().await;
                let leave = Leave { subscriber_id: id, leaving: &Leaving::All };
                let (at, by) = (app.core.moment(), By::form("test"));
                withdraw(&mut tx, app.core.flow_settings.at(&at), leave, by).await.unwrap();
                tx.commit().await.unwrap();
            }
            (3, _) => app.suppress(email, SuppressionReason::Bounced).await,
            (4, _) => app.suppress(email, SuppressionReason::Manual).await,
            (5, _) => app.suppress(email, SuppressionReason::NotMe).await,
            (6, Some((_, key))) => {
                let mut tx = app.write().await;
                erase(
                    &mut tx,
                    &app.core.flow_settings,
                    &key,
                    Erasing {
                        at: &app.core.moment(),
                        method: Method::Staff,
                        source: "test",
                        actor: None,
                    },
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
            }
            (7, _) => app.suppress(email, SuppressionReason::Erased).await,
            _ => app.suppress(email, SuppressionReason::Complained).await,
        }
        agrees_with_the_export(&desk, &everybody).await;
    }
    assert!(seen.len() > 6, "{seen:?}");
}

#[apply(both_databases!)]
async fn a_ledger_that_was_not_checked_lately_is_told(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.check().await;
    assert!(!page_of(&desk, "ada@b.example").await.contains("has not been checked"));
    app.tamper("DELETE FROM ledger_verdict").await.unwrap();
    let page = page_of(&desk, "ada@b.example").await;
    assert!(page.contains("has not been checked") && answer(&page, "The weekly").0, "{page}");
}

#[apply(both_databases!)]
async fn each_reason_is_told_in_a_sentence(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.subscribe("ada@b.example", "").await;
    let page = page_of(&desk, "ada@b.example").await;
    let (yes, sentence) = answer(&page, "Privacy policy");
    assert!(
        yes && sentence.contains("agreed on 23 November 2026 under policy 2026-11"),
        "{sentence}"
    );
    assert!(sentence.starts_with("Not for marketing: you may hold their details."), "{sentence}");
    assert!(page.contains("You may not write to this person."), "{page}");
    app.subscribe("ben@b.example", "&newsletter=weekly").await;
    assert!(page_of(&desk, "ben@b.example").await.contains("You may send them: The weekly"));
    assert_eq!(answer(&page, "The weekly"), (false, "They have never agreed to this.".to_owned()));
    app.suppress("ada@b.example", SuppressionReason::Complained).await;
    app.suppress("ada@b.example", SuppressionReason::Bounced).await;
    let (yes, sentence) = answer(&page_of(&desk, "ada@b.example").await, "Privacy policy");
    assert_eq!(
        (yes, sentence.as_str()),
        (false, "Mail to them came back for good on 23 November 2026.")
    );
    app.suppress("ada@b.example", SuppressionReason::Manual).await;
    let page = page_of(&desk, "ada@b.example").await;
    for told in [
        "All mail stopped by staff",
        "Why: Mail came back for good",
        "Why: They reported our mail as spam",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[apply(both_databases!)]
async fn a_date_for_agreeing_anew_that_went_by_means_no(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let lasts = Duration::from_hours(48);
    app.publish_change("2026-12", ChangeClass::Reconsent, Some(lasts)).await;
    let desk = app.sign_in(Role::Viewer).await;
    assert!(answer(&page_of(&desk, "ada@b.example").await, "The weekly").0);
    app.clock.advance(Duration::from_hours(47));
    let desk = app.sign_in_as("later@sample.example", Role::Viewer).await;
    assert!(answer(&page_of(&desk, "ada@b.example").await, "The weekly").0);
    agrees_with_the_export(&desk, &["ada@b.example"]).await;
    app.clock.advance(Duration::from_hours(2));
    let desk = app.sign_in_as("last@sample.example", Role::Viewer).await;
    let (yes, sentence) = answer(&page_of(&desk, "ada@b.example").await, "The weekly");
    assert!(!yes, "{sentence}");
    assert!(app.exported("newsletter:weekly").await.is_empty());
}

#[apply(both_databases!)]
async fn a_broken_ledger_means_no(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ben@b.example", "").await;
    let desk = app.sign_in(Role::Viewer).await;
    assert!(answer(&page_of(&desk, "ben@b.example").await, "Privacy policy").0);
    let finding = Some("event 3 was changed".to_owned());
    let verdict = Verdict { checked_at: app.clock.now(), size: 1, finding, warning: None };
    app.says_of_ledger(&verdict).await;
    let (yes, sentence) = answer(&page_of(&desk, "ben@b.example").await, "Privacy policy");
    assert!(!yes && sentence.contains("ledger"), "{sentence}");
}

#[apply(both_databases!)]
async fn what_happened_is_told_with_the_words_and_its_receipts(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = app.subscribe("ada@b.example", "&newsletter=weekly&name=Ada").await;
    assert_eq!(app.get(&format!("{path}/file")).await.status, 200);
    app.mail_settled().await;
    let page = page_of(&desk, "ada@b.example").await;
    for told in [
        "Asked for by a form",
        "Agreed",
        "Downloaded",
        "Mail: Confirmation link",
        "Mail: Receipt",
        "State: Sent",
        "Policy: 2026-11",
        "Where: The form of the report A sample report",
        "Report: A sample report",
        "<blockquote>",
        "Purpose: The weekly",
        "Confirmed: By the button behind the mailed link",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    // Newest first, in the order in which one instant brought it about.
    let order: Vec<usize> = [
        "Downloaded",
        "Mail: Receipt",
        "<h3>Agreed",
        "Mail: Confirmation link",
        "Asked for by a form",
    ]
    .map(|told| page.find(told).unwrap())
    .to_vec();
    assert!(order.is_sorted(), "{order:?}");
    // Looking is not written down.
    assert_eq!(audit(&app, "subscriber.data").await.len(), 0);
    let receipt = page
        .split("href=\"/console/receipts/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let shown = desk.page(&format!("/console/receipts/{receipt}")).await;
    assert!(shown.contains(&receipt) && shown.contains("ada@b.example"), "{shown}");
    // That of an export is the same key.
    let csv = app.export("newsletter:weekly").await;
    let exported = csv.lines().nth(1).unwrap().split(',').nth(13).unwrap().to_owned();
    let shown = desk.page(&format!("/console/receipts/{exported}")).await;
    assert!(shown.contains("The weekly") && shown.contains("/console/subscribers/"), "{shown}");
    app.seal().await;
    let file = desk.get(&format!("/console/receipts/{exported}/file")).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), "application/jose");
    assert_eq!(file.text().split('.').count(), 3);
    let id = id_of(&app, "ada@b.example").await;
    let data = desk.get(&format!("/console/subscribers/{id}/data")).await;
    let data: serde_json::Value = serde_json::from_slice(&data.body).unwrap();
    assert_eq!(data["subscriber"]["email"], "ada@b.example");
    for action in ["ledger.receipt", "subscriber.data"] {
        let entries = audit(&app, action).await;
        assert_eq!(entries.len(), 1, "{action}");
        assert!(!entries[0].to_string().contains("ada"), "{action}: {entries:?}");
    }
    for path in ["/console/receipts/x", "/console/subscribers/x", "/console/subscribers/%27"] {
        assert_eq!(desk.get(path).await.status, 404, "{path}");
    }
    // To check a receipt in the browser is to take it away, too.
    let check = format!("/console/receipts/{exported}/check");
    let shown = format!("href=\"{check}\"");
    let page = desk.page(&format!("/console/receipts/{exported}")).await;
    assert!(page.replace("&#x2f;", "/").contains(&shown), "{page}");
    let leads = desk.page(&check).await.replace("&#x2f;", "/");
    assert!(leads.contains("content=\"0; url=/ledger/verify#receipt=eyJ"), "{leads}");
    assert_eq!(audit(&app, "ledger.receipt").await.len(), 2);
    let viewer = app.sign_in(Role::Viewer).await;
    assert!(!page_of(&viewer, "ada@b.example").await.contains("Download their data"));
    let page = viewer.page(&format!("/console/receipts/{exported}")).await;
    assert!(!page.contains("Check this receipt"), "{page}");
    assert_eq!(viewer.get(&check).await.status, 403);
    assert_eq!(viewer.get(&format!("/console/subscribers/{id}/data")).await.status, 403);
}

#[apply(both_databases!)]
async fn evidence_that_cannot_be_read_is_not_shown_as_none(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", "").await;
    app.subscribe("ben@b.example", "").await;
    for lift in match app.core.db {
        assent::store::Db::Sqlite { .. } => ["DROP TRIGGER consent_event_is_immutable"],
        assent::store::Db::Postgres { .. } => ["ALTER TABLE consent_event DISABLE TRIGGER USER"],
    } {
        app.tamper(lift).await.unwrap();
    }
    let spoil = "UPDATE consent_event SET body = '{' WHERE type = 'given'
                     AND subject_id IN (SELECT subscriber_id FROM subscriber WHERE email = 'ada@b.example')";
    assert_eq!(app.tamper(spoil).await.unwrap(), 1);
    let path = format!("/console/subscribers/{}", id_of(&app, "ada@b.example").await);
    assert_eq!(desk.get(&path).await.status, 500);
    assert_eq!(desk.get(&format!("{path}/data")).await.status, 500);
    assert_eq!(audit(&app, "subscriber.data").await.len(), 0, "nothing was taken out");
    page_of(&desk, "ben@b.example").await;
    // What was erased has no evidence to read.
    let erase = "UPDATE consent_event SET body = NULL, salt = NULL WHERE body = '{'";
    assert_eq!(app.tamper(erase).await.unwrap(), 1);
    page_of(&desk, "ada@b.example").await;
}

#[apply(both_databases!)]
async fn a_withdrawal_by_telephone_is_recorded_with_its_receipt(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let mails = app.mail_to("ada@b.example").len();
    let path = format!("/console/subscribers/{}", id_of(&app, "ada@b.example").await);
    let act = format!("{path}/withdraw");
    for (fields, field) in [
        ("", "purpose"),
        ("purpose=newsletter:weekly", "sure"),
        ("purpose=&sure=yes", "purpose"),
        ("purpose=newsletter%3A&sure=yes", "purpose"),
        ("purpose=all&purpose=all&sure=yes", "purpose"),
        ("purpose=all&sure=yes&sure=yes", "sure"),
    ] {
        let answer = desk.post(&act, fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(&format!("href=\"#{field}\"")), "{fields}");
    }
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    let nothing = desk.post(&act, "purpose=partner-offers&sure=yes").await;
    assert_eq!(nothing.location(), format!("{path}?word=nothing"));
    let done = desk.post(&act, "purpose=newsletter:weekly&sure=yes").await;
    assert_eq!((done.status, done.location()), (303, format!("{path}?word=withdrawn").as_str()));
    assert!(app.exported("newsletter:weekly").await.is_empty());
    assert_eq!(app.exported("privacy-policy").await, ["ada@b.example"]);
    app.next_mail("ada@b.example", mails).await;
    let page = desk.page(done.location()).await;
    assert!(page.contains("The withdrawal is recorded") && page.contains("By: staff"), "{page}");
    assert!(page.contains("Where: This console"), "{page}");
    assert!(!answer(&page, "The weekly").0);
    // Two at once: one finds nothing in force.
    let both = tokio::join!(
        desk.post(&act, "purpose=all&sure=yes"),
        desk.post(&act, "purpose=all&sure=yes")
    );
    let mut words = [both.0.location().to_owned(), both.1.location().to_owned()];
    words.sort();
    assert!(words[0].ends_with("nothing") && words[1].ends_with("withdrawn"), "{words:?}");
    let entries = audit(&app, "subscriber.withdraw").await;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| !entry.to_string().contains("b.example")), "{entries:?}");
    let viewer = app.sign_in(Role::Viewer).await;
    assert_eq!(viewer.post(&act, "purpose=all&sure=yes").await.status, 403);
}

#[apply(both_databases!)]
async fn erasing_says_what_goes_and_asks(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let id = id_of(&app, "ada@b.example").await;
    let path = format!("/console/subscribers/{id}/erase");
    let marketing = app.sign_in(Role::Marketing).await;
    assert_eq!(
        (marketing.get(&path).await.status, marketing.post(&path, "sure=yes").await.status),
        (403, 403)
    );
    let page = desk.page(&path).await;
    assert!(page.contains("1 form they sent") && page.contains("4 events of the ledger"), "{page}");
    for fields in ["", "sure=no", "sure=yes&sure=yes"] {
        assert_eq!(desk.post(&path, fields).await.status, 422, "{fields}");
    }
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
    let answer = desk.post(&path, "sure=yes").await;
    assert!(
        answer.status == 200 && answer.text().contains("Everything is erased"),
        "{}",
        answer.text()
    );
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM subscriber_word").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'erased'").await, 1);
    let kept = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap();
    assert_eq!(kept.lines().filter(|line| line.contains(" began erased * ")).count(), 1, "{kept}");
    assert_eq!(audit(&app, "erase").await.len(), 1);
    assert_eq!(
        (desk.get(&path).await.status, desk.post(&path, "sure=yes").await.status),
        (404, 404)
    );
}
