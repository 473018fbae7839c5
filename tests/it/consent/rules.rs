//! The rules that consent goes by, one story each, in their order.

use std::process::Output;
use std::time::Duration;

use assent::domain::catalog::notice::sha256_hex;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::domain::signup::link::LinkKind;
use assent::ledger::receipt::verify;
use assent::notary::seal_all;
use assent::store::consent::events;
use assent::store::staff::audit_entries;
use assent::worker::purge::forget;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use crate::support::app::{
    Answer, Database, PATH, POLICY, REPORT, SETTINGS, TestApp, WHAT_CHANGES, form,
};
use crate::support::{both_databases, program};

const ADA: &str = "ada@b.example";
const BOTH: &str = "&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const DAY: Duration = Duration::from_hours(24);

/// Runs a command on the database of a running program.
fn command(app: &TestApp, arguments: &[&str]) -> Output {
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let dir = app.dir.path().display().to_string();
    let own = [
        ("ASSENT_DATA_DIR", dir.as_str()),
        ("ASSENT_BASE_URL", app.base.as_str()),
        ("ASSENT_DATABASE_URL", url.as_str()),
    ];
    program::run(app.dir.path(), &[&SETTINGS[..], &own].concat(), arguments)
}

fn printed(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

async fn reasons(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM suppression").await
}

/// The link in somebody's receipt that leads to `path`.
fn receipt_link(app: &TestApp, email: &str, path: &str) -> String {
    app.mail_to(email)[1].link(path)
}

fn subscriber_id(app: &TestApp, email: &str) -> Uuid {
    let link = receipt_link(app, email, "/preferences/");
    let token = link.rsplit('/').next().unwrap();
    app.core.links.secrets.open(LinkKind::Manage, token).unwrap().id
}

/// Publishes a policy version an hour later, waits until forms know it, and does what follows.
async fn publish(app: &TestApp, label: &str, change_class: ChangeClass, lasts: Option<Duration>) {
    app.publish_change(label, change_class, lasts).await;
    work(app).await;
}

async fn work(app: &TestApp) {
    app.work_policies().await;
    app.mail_settled().await;
}

/// The subjects of what somebody was mailed after mail 1 and mail 2.
fn later_mail(app: &TestApp, email: &str) -> Vec<String> {
    app.mail_to(email).into_iter().skip(2).map(|mail| mail.subject).collect()
}

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
    let forced = command(
        &app,
        &[
            "report",
            "add",
            "sample.pdf",
            "--slug",
            "forced",
            "--title",
            "Forced",
            "--require",
            "newsletter",
        ],
    );
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
        let body = assent::domain::consent::evidence::read(event.body.as_deref(), context, words)
            .unwrap()
            .unwrap();
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
        let text = body.to_string();
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

#[apply(both_databases!)]
async fn rule_05_leaving_takes_one_press_and_holds_at_once(database: Database) {
    let app = TestApp::start(database).await;
    for email in [ADA, "bob@b.example", "cyn@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    // Neither a cookie nor a question stands in the way of any of the three.
    let leave = receipt_link(&app, ADA, "/unsubscribe/");
    assert_eq!(app.post(&leave, "").await.status, 200);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example", "cyn@b.example"]);
    let page = receipt_link(&app, "bob@b.example", "/preferences/");
    assert_eq!(app.post(&format!("{page}/withdraw-all"), "").await.status, 303);
    assert_eq!(app.exported(WEEKLY).await, ["cyn@b.example"]);
    let page = receipt_link(&app, "cyn@b.example", "/preferences/");
    assert_eq!(app.post(&page, "purpose=privacy-policy").await.status, 303);
    assert!(app.exported(WEEKLY).await.is_empty());
    assert_eq!(app.exported("privacy-policy").await, [ADA, "cyn@b.example"]);
}

#[apply(both_databases!)]
async fn rule_06_erasure_leaves_a_leaf_and_a_keyed_hash(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe(ADA, BOTH).await;
    let page = receipt_link(&app, ADA, "/preferences/");
    let leaves = app.count("SELECT count(*) FROM consent_event WHERE leaf <> ''").await;
    assert_eq!(app.post(&format!("{page}/erase"), "confirm=yes").await.status, 200);
    assert_eq!(app.get(&download).await.status, 410);
    assert_eq!(
        app.count("SELECT count(*) FROM subscriber").await
            + app.count("SELECT count(*) FROM signup").await,
        0
    );
    let bare =
        "SELECT count(*) FROM consent_event WHERE leaf <> '' AND body IS NULL AND salt IS NULL";
    assert_eq!((app.count(bare).await, reasons(&app).await), (leaves, 1));

    // Neither a file nor a form alone lifts it; the press behind mail 1 does.
    std::fs::write(
        app.dir.path().join("old.csv"),
        format!("email,consented_at,method\n{ADA},2026-01-01,paper\n"),
    )
    .unwrap();
    let import = command(
        &app,
        &["import", "old.csv", "--purpose", WEEKLY, "--policy", POLICY, "--source", "Old list"],
    );
    assert!(printed(&import).contains("suppressed: erased"), "{}", printed(&import));
    let link = app.ask_and_read(ADA, BOTH).await.link("/confirm/");
    assert_eq!((reasons(&app).await, app.exported(WEEKLY).await.len()), (1, 0));
    assert_eq!(app.post(&link, "").await.status, 303);
    assert_eq!((reasons(&app).await, app.exported(WEEKLY).await.len()), (0, 1));
}

#[apply(both_databases!)]
async fn rule_07_what_nobody_confirmed_is_deleted_without_a_reminder(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_PENDING_RETENTION", "3d")]).await;
    app.ask_and_read(ADA, "&name=Ada&newsletter=weekly").await;
    app.subscribe("bob@b.example", "").await;
    app.mail_settled().await;
    let purge = async || forget(&app.core.db, &app.core.terms, &app.core.moment()).await.unwrap();
    app.advance(DAY * 2 + Duration::from_hours(23));
    assert_eq!(purge().await, 0);
    app.advance(Duration::from_mins(61));
    assert_eq!((purge().await, purge().await), (1, 0));
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE status <> 'confirmed'").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE body LIKE '%ada@%'").await, 0);
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.inbox().len()), (1, 3));
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn rule_08_everything_held_can_be_taken_along_with_receipts(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@other.example", BOTH).await;
    app.subscribe(ADA, "&name=Ada+Hughes&organisation=Northmoor&job_title=Head&newsletter=weekly")
        .await;
    seal_all(&app.core.db, &app.core.terms, &app.clock, &app.core.random).await.unwrap();
    let page = receipt_link(&app, ADA, "/preferences/");
    let file = app.get(&format!("{page}/my-data.json")).await;
    let held: Value = serde_json::from_slice(&file.body).unwrap();
    for (field, value) in [
        ("email", ADA),
        ("name", "Ada Hughes"),
        ("organisation", "Northmoor"),
        ("job_title", "Head"),
    ] {
        assert_eq!(held["subscriber"][field], value);
    }
    assert!(!file.text().contains("other.example"));
    let consents = held["consents"].as_array().unwrap();
    assert_eq!(consents.len(), 2);
    for consent in consents {
        let id = consent["receipt_id"].as_str().unwrap();
        let receipt = app.get(&format!("{page}/receipts/{id}.jws")).await.text();
        let (proven, _) = verify(&receipt, &app.core.terms.ledger_keys.trusted()).unwrap();
        let shown = &proven["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0];
        assert_eq!(shown["dct:description"], consent["words"]);
    }
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
        command(&app, &["export", "--format", "csv"]).status.code(),
        Some(2),
        "of which purpose?"
    );
    let export = command(&app, &["export", "--purpose", WEEKLY, "--format", "csv"]);
    assert!(
        printed(&export).matches(",newsletter:weekly,given,").count() == 3
            && !printed(&export).contains("dee@")
    );
    let entries = audit_entries::list(&mut app.read().await, "export").await.unwrap();
    let run = &entries[0].detail.0;
    assert_eq!((entries.len(), &run["purpose"], &run["rows"]), (1, &WEEKLY.into(), &3.into()));
    assert_eq!(run["sha256"], sha256_hex(&export.stdout));

    // Who leaves after that is named, and is not in the next one.
    let before = printed(&command(&app, &["withdrawals", "--format", "ndjson"])).to_owned();
    assert_eq!(before, "");
    assert_eq!(app.post(&receipt_link(&app, ADA, "/unsubscribe/"), "").await.status, 200);
    let erase = format!("{}/erase", receipt_link(&app, "bob@b.example", "/preferences/"));
    let bob = subscriber_id(&app, "bob@b.example").to_string();
    assert_eq!(app.post(&erase, "confirm=yes").await.status, 200);
    let output = command(&app, &["withdrawals", "--format", "ndjson"]);
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
        printed(&command(&app, &["withdrawals", "--after", &cursor, "--format", "ndjson"])),
        ""
    );
    let again = command(&app, &["export", "--purpose", WEEKLY, "--format", "ndjson"]);
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
    let import = command(
        &app,
        &["import", "old.csv", "--purpose", WEEKLY, "--policy", POLICY, "--source", "Old list"],
    );
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
