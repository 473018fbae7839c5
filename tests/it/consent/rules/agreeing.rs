//! Rules 1 to 4: what is agreed to, and what is none.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent::store::consent::events;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{ADA, BOTH, WEEKLY, publish, subscriber_id};
use crate::support::app::{Database, PATH, POLICY, REPORT, TestApp, form};
use crate::support::both_databases;

fn boxes(page: &str) -> Vec<&str> {
    page.split("<input type=\"checkbox\"").skip(1).filter_map(|tag| tag.split('>').next()).collect()
}

#[apply(both_databases!)]
async fn rule_01_boxes_start_unticked_one_for_each_purpose(database: Database) {
    let app = TestApp::start(database).await;
    for (path, purposes) in [(PATH, 2), ("/newsletters", 2), ("/", 2)] {
        let page = app.get(path).await.text();
        let boxes = boxes(&page);
        assert_eq!(boxes.len(), purposes, "{path}");
        assert!(
            boxes.iter().all(|tag| !tag.contains("checked") && !tag.contains("required")),
            "{boxes:?}"
        );
        for words in [
            "I agree that Sample Press may hold and process",
            "I can withdraw this at any time",
            "Subscribe me to The weekly",
            "Sample Press may email it to me, and I can unsubscribe at any time",
        ] {
            assert_eq!(page.matches(words).count(), 1, "{words} on {path}");
        }
    }
}

#[apply(both_databases!)]
async fn rule_02_the_download_never_hangs_on_a_newsletter(database: Database) {
    let app = TestApp::start(database).await;
    let file = format!("{}/file", app.subscribe(ADA, "").await);
    assert_eq!(app.get(&file).await.body, REPORT);
    // On the tick and on the verified mailbox it does.
    let unticked = form("bob@b.example", BOTH).replace("consent=yes", "");
    assert_eq!(app.post(PATH, &unticked).await.status, 422);
    app.ask_and_read("bob@b.example", BOTH).await;
    assert_eq!(app.count("SELECT count(*) FROM download_grant").await, 1);
    let forced = app.command(&[
        "report",
        "add",
        "sample.pdf",
        "--slug",
        "forced",
        "--title",
        "Forced",
        "--require",
        "newsletter",
    ]);
    assert_eq!(forced.status.code(), Some(2), "no form can require one");
    assert!(String::from_utf8_lossy(&forced.stderr).contains("invalid value 'newsletter'"));
}

#[apply(both_databases!)]
async fn rule_03_each_event_says_who_when_what_and_how(database: Database) {
    let app = TestApp::start(database).await;
    let browser = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "Storyteller/1.0"),
        ("x-forwarded-for", "198.51.100.7"),
    ];
    let sent = browser
        .iter()
        .fold(app.request("POST", PATH), |request, (name, value)| request.header(*name, *value));
    let asked = app.clock.now();
    assert_eq!(app.send(sent.body(form(ADA, BOTH))).await.status, 303);
    app.advance(Duration::from_mins(90));
    let link = app.next_mail(ADA, 0).await.link("/confirm/");
    assert_eq!(app.post(&link, "").await.status, 303);
    let confirmed = app.clock.now();
    app.next_mail(ADA, 1).await;

    let policy = sha256_hex(b"# Privacy\n\nVersion 2026-11: we keep little.");
    let given = events::list(&mut app.read().await, subscriber_id(&app, ADA)).await.unwrap();
    assert_eq!(given.len(), 2);
    for event in given {
        let (context, words) = (event.context.as_deref(), event.words.as_deref());
        let body =
            assent_ledger::evidence::read(event.body.as_deref(), context, words).unwrap().unwrap();
        let words = body["notice"]["text"].as_str().unwrap();
        assert!(words.contains("Sample Press may"), "{words}");
        for (found, expected) in [
            (&body["email"], ADA),
            (&body["purpose"], event.purpose.as_str()),
            (&body["at"], &confirmed.to_string()),
            (&body["requested_at"], &asked.to_string()),
            (&body["notice"]["sha256"], &sha256_hex(words.as_bytes())),
            (&body["policy"]["label"], POLICY),
            (&body["policy"]["sha256"], &policy),
            (&body["source"], PATH),
            (&body["method"], "form"),
            (&body["report"], "sample"),
        ] {
            assert_eq!(found, expected);
        }
        // Our own address, in links and in the mail's name, is no reader's.
        let text = body.to_string().replace(&app.base, "").replace("@127.0.0.1>", "");
        assert!(
            !text.contains("Storyteller")
                && !text.contains("198.51")
                && !text.contains("127.0.0.1"),
            "{text}"
        );
    }
    assert!(app.export(WEEKLY).await.contains(&format!(",{asked},{confirmed},")));
}

#[apply(both_databases!)]
async fn rule_04_what_was_only_asked_for_is_no_consent(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    publish(&app, "2027-01", ChangeClass::Notify, None).await;
    app.advance(Duration::from_hours(1));
    assert_eq!(app.get(&link).await.status, 200);
    assert!(
        app.exported("privacy-policy").await.is_empty() && app.exported(WEEKLY).await.is_empty()
    );
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind <> 'confirm'").await, 0);
    assert_eq!(app.mail_to(ADA).len(), 1);
    assert_eq!(app.post(&link, "").await.status, 303);
    assert_eq!(
        (app.exported("privacy-policy").await, app.exported(WEEKLY).await),
        (vec![ADA.to_owned()], vec![ADA.to_owned()])
    );
}
