//! Rules 9 to 11: a policy that changes, exports, and suppression.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::store::staff::audit_entries;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{ADA, BOTH, DAY, WEEKLY, printed, publish, reasons, receipt_link, subscriber_id, work};
use crate::support::app::{Answer, Database, PATH, POLICY, TestApp, WHAT_CHANGES, form};
use crate::support::both_databases;

/// The subjects of what somebody was mailed after mail 1 and mail 2.
fn later_mail(app: &TestApp, email: &str) -> Vec<String> {
    app.mail_to(email).into_iter().skip(2).map(|mail| mail.subject).collect()
}

#[apply(both_databases!)]
async fn rule_09_a_new_policy_is_told_or_asked_about_until_a_date(database: Database) {
    let app = TestApp::start(database).await;
    for email in [ADA, "bob@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    publish(&app, "2026-12", ChangeClass::Editorial, None).await;
    assert!(later_mail(&app, ADA).is_empty());
    publish(&app, "2027-01", ChangeClass::Notify, None).await;
    work(&app).await;
    assert_eq!(later_mail(&app, ADA), ["Our privacy policy has changed"], "once");
    assert_eq!(app.exported(WEEKLY).await.len(), 2, "what was agreed to stands");

    publish(&app, "2027-02", ChangeClass::Reconsent, Some(DAY * 30)).await;
    assert_eq!(later_mail(&app, ADA)[1..], ["Would you like to keep The weekly?"]);
    let link = app.mail_to(ADA)[3].link("/renew/");
    let page = app.get(&link).await.text();
    assert!(
        page.contains(WHAT_CHANGES) && page.matches("type=\"checkbox\"").count() == 2,
        "{page}"
    );
    assert_eq!(app.agree_again(&link, &["privacy-policy", WEEKLY]).await.status, 200);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example", ADA], "until that date both count");
    app.advance(DAY * 25);
    work(&app).await;
    work(&app).await;
    let reminded = |email| {
        later_mail(&app, email).iter().filter(|subject| subject.starts_with("A reminder")).count()
    };
    assert_eq!((reminded(ADA), reminded("bob@b.example")), (0, 1));
    app.advance(DAY * 6);
    assert_eq!(app.exported(WEEKLY).await, [ADA], "whether or not the lapse was written down yet");
    work(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'expired'").await, 2);
    assert_eq!(app.exported("privacy-policy").await, [ADA]);
}

#[apply(both_databases!)]
async fn rule_10_an_export_is_of_one_purpose_and_can_be_followed_up(database: Database) {
    let app = TestApp::start(database).await;
    for email in [ADA, "bob@b.example", "cyn@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    app.subscribe("dee@b.example", "").await;
    assert_eq!(
        app.command(&["export", "--format", "csv"]).status.code(),
        Some(2),
        "of which purpose?"
    );
    let export = app.command(&["export", "--purpose", WEEKLY, "--format", "csv"]);
    assert!(
        printed(&export).matches(",newsletter:weekly,given,").count() == 3
            && !printed(&export).contains("dee@")
    );
    let entries = audit_entries::list(&mut app.read().await, "export").await.unwrap();
    let run = &entries[0].detail.0;
    assert_eq!((entries.len(), &run["purpose"], &run["rows"]), (1, &WEEKLY.into(), &3.into()));
    assert_eq!(run["sha256"], sha256_hex(&export.stdout));

    // Who leaves after that is named, and is not in the next one.
    let before = printed(&app.command(&["withdrawals", "--format", "ndjson"])).to_owned();
    assert_eq!(before, "");
    assert_eq!(app.post(&receipt_link(&app, ADA, "/unsubscribe/"), "").await.status, 200);
    let erase = format!("{}/erase", receipt_link(&app, "bob@b.example", "/preferences/"));
    let bob = subscriber_id(&app, "bob@b.example").to_string();
    assert_eq!(app.post(&erase, "confirm=yes").await.status, 200);
    let output = app.command(&["withdrawals", "--format", "ndjson"]);
    let left: Vec<Value> =
        printed(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(left.len(), 3);
    assert_eq!(
        (&left[0]["email"], &left[0]["purpose"], &left[0]["event"]),
        (&ADA.into(), &WEEKLY.into(), &"withdrawn".into())
    );
    assert!(left[1..].iter().all(|row| row["subscriber_id"] == bob.as_str()
        && row["email"].is_null()
        && row["event"] == "erased"));
    assert!(printed(&export).contains(&bob), "copies know them by that key");
    let cursor = left[2]["cursor"].to_string();
    assert_eq!(
        printed(&app.command(&["withdrawals", "--after", &cursor, "--format", "ndjson"])),
        ""
    );
    let again = app.command(&["export", "--purpose", WEEKLY, "--format", "ndjson"]);
    assert!(printed(&again).lines().count() == 1 && printed(&again).contains("cyn@b.example"));
}

#[apply(both_databases!)]
async fn rule_11_suppression_wins_at_import_send_and_export(database: Database) {
    let app = TestApp::start(database).await;
    for (email, reason) in [
        ("bounced@b.example", SuppressionReason::Bounced),
        ("complained@b.example", SuppressionReason::Complained),
        ("manual@b.example", SuppressionReason::Manual),
        ("not-me@b.example", SuppressionReason::NotMe),
    ] {
        app.subscribe(email, BOTH).await;
        app.suppress(email, reason).await;
    }
    app.subscribe("left@b.example", BOTH).await;
    app.subscribe("erased@b.example", BOTH).await;
    app.subscribe(ADA, BOTH).await;
    assert_eq!(
        app.post(&receipt_link(&app, "left@b.example", "/unsubscribe/"), "").await.status,
        200
    );
    let erase = format!("{}/erase", receipt_link(&app, "erased@b.example", "/preferences/"));
    assert_eq!(app.post(&erase, "confirm=yes").await.status, 200);
    app.next_mail("left@b.example", 2).await;
    app.mail_settled().await;

    // Export: whoever said that one request was not theirs is still subscribed by the other.
    assert_eq!(app.exported(WEEKLY).await, ["not-me@b.example", ADA]);
    // Import.
    let mut old = "email,consented_at,method".to_owned();
    for who in ["bounced", "complained", "manual", "left", "erased"] {
        old = format!("{old}\n{who}@b.example,2026-01-01,paper");
    }
    std::fs::write(app.dir.path().join("old.csv"), old).unwrap();
    let import = app.command(&[
        "import",
        "old.csv",
        "--purpose",
        WEEKLY,
        "--policy",
        POLICY,
        "--source",
        "Old list",
    ]);
    assert_eq!(
        (import.status.code(), printed(&import).matches("suppressed: ").count()),
        (Some(1), 5),
        "{}",
        printed(&import)
    );
    assert_eq!(app.exported(WEEKLY).await, ["not-me@b.example", ADA]);
    // Send: of those who ask again, two get mail 1; the page is the same for all.
    let before = app.inbox().len();
    let mut pages: Vec<Vec<u8>> = Vec::new();
    for email in [
        "bounced@b.example",
        "complained@b.example",
        "manual@b.example",
        "not-me@b.example",
        "left@b.example",
        "erased@b.example",
    ] {
        let Answer { status, body, .. } = app.post(PATH, &form(email, BOTH)).await;
        assert_eq!(status, 303);
        pages.push(body);
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    app.next_mail("left@b.example", 3).await;
    app.next_mail("erased@b.example", 2).await;
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), before + 2);
    // What they ask for lifts their own doing alone.
    for (email, nth) in [("left@b.example", 3), ("erased@b.example", 2)] {
        assert_eq!(app.post(&app.mail_to(email)[nth].link("/confirm/"), "").await.status, 303);
    }
    assert_eq!(reasons(&app).await, 4);
    assert_eq!(
        app.exported(WEEKLY).await,
        ["not-me@b.example", ADA, "left@b.example", "erased@b.example"]
    );
}
