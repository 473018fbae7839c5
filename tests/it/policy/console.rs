//! Policies: written, compared with the one in force, published once.

use std::time::Duration;

use assent::domain::catalog::notice::LANG;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::{Change, ChangeClass, PolicyText};
use assent::domain::slug::Label;
use assent::domain::staff::member::Role;
use assent::flows::Act;
use assent::flows::policy::publish_policy::{Published, publish_next_policy};
use assent::store::Db;
use assent::store::policy::versions::NewPolicyVersion;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, POLICY, TestApp, WHAT_CHANGES};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, escaped};

const NEW: &str = "/console/policies/new";
const TEXT: &str = "# Privacy\r\n\r\nVersion 2027-01: we keep very little.\r\n\r\n* nothing else";

/// Goes one step on, which is named with what its form carries besides.
async fn step(
    desk: &TestDesk<'_>,
    step: &str,
    label: &str,
    (change, until): (&str, &str),
) -> Answer {
    let text = escaped(TEXT);
    let changes = if change == "editorial" { "" } else { "We+keep+nothing+any+more." };
    desk.post(
        NEW,
        &format!(
            "step={step}&label={label}&text={text}&change={change}&until={until}&changes={changes}"
        ),
    )
    .await
}

fn version<'a>(label: &'a Label, text: &'a PolicyText) -> NewPolicyVersion<'a> {
    NewPolicyVersion { label, lang: LANG, text, change: &Change::Editorial }
}

/// Tries to publish this version after that one from the console while the command line publishes another.
async fn overtaken(app: &TestApp, by: &str, label: &str, after: Option<&str>) {
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, by).await;
    let core = app.core.clone();
    let (label, after) = (label.parse().unwrap(), after.map(|after| after.parse().unwrap()));
    let publishing = tokio::spawn(async move {
        let text = "# Privacy".parse().unwrap();
        let mut tx = core.db.write().await.unwrap();
        let new = version(&label, &text);
        let next =
            publish_next_policy(&mut tx, &Act::new(core.moment(), "test"), after.as_ref(), new)
                .await;
        next.unwrap()
    });
    if matches!(app.core.db, Db::Postgres { .. }) {
        app.waits_for_lock().await;
    }
    tx.commit().await.unwrap();
    assert_eq!(publishing.await.unwrap(), Published::Overtaken);
}

#[apply(both_databases!)]
async fn a_version_that_is_being_published_is_waited_for(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    overtaken(&app, POLICY, "2027-01", None).await;
    overtaken(&app, "2026-12", "2027-01", Some(POLICY)).await;
    assert_eq!(app.count("SELECT count(*) FROM policy_version").await, 2);
}

#[apply(both_databases!)]
async fn a_version_is_looked_at_and_then_published(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    for email in ["ada@b.example", "ben@b.example", "cora@b.example"] {
        app.subscribe(email, "").await;
    }
    app.suppress("cora@b.example", SuppressionReason::Bounced).await;
    let editor = desk.page(NEW).await;
    assert!(
        editor.contains("Version 2026-11: we keep little."),
        "it begins with the text in force: {editor}"
    );

    let notify = ("notify", "");
    let shown = step(&desk, "preview", "2027-01", notify).await;
    let page = shown.text();
    assert_eq!(shown.status, 200, "{page}");
    assert_eq!(shown.header("cache-control"), "private, no-cache", "for the browser's Back");
    assert!(page.contains("<strong>2 people are told by mail</strong>"), "{page}");
    for piece in ["Removed: </span>2026-11:", "Added: </span>2027-01:", "Added: </span>very "] {
        assert!(page.contains(piece), "{piece}: {page}");
    }
    assert!(
        page.contains("<li>nothing else</li>")
            && page.contains("Yes, publish version 2027-01 and tell 2 people"),
        "{page}"
    );
    assert!(!app.get("/policies/privacy").await.text().contains("2027-01"), "nothing is published");
    let back = step(&desk, "edit", "2027-01", notify).await.text();
    assert!(
        back.contains("we keep very little.\n\n* nothing else</textarea>")
            && back.contains("value=\"2027-01\""),
        "{back}"
    );

    let unsure = step(&desk, "publish&after=2026-11", "2027-01", notify).await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick the box"), "{}", unsure.text());
    let done = step(&desk, "publish&after=2026-11&sure=yes", "2027-01", notify).await;
    assert_eq!(done.location(), "/console/policies?word=published", "{}", done.text());
    let public = app.get("/policies/privacy").await.text();
    assert!(
        public.contains("2027-01") && public.contains("we keep very little"),
        "at once: {public}"
    );
    let list = desk.page(done.location()).await;
    assert!(list.contains("The version is in force.") && list.contains("To take note"), "{list}");
    assert!(list.contains(">3<span class=\"vh\"> people under version 2026-11"), "{list}");
    let said = audit_entries::list(&mut app.read().await, "policy.publish").await.unwrap();
    let said = said.last().unwrap();
    assert!(said.actor.starts_with("staff:"));
    // The hash is of the lines as files have them, not as browsers send them.
    let sha256 = assent_ledger::digest::sha256_hex(TEXT.replace("\r\n", "\n").as_bytes());
    assert_eq!(
        (said.detail.0["label"].as_str(), said.detail.0["sha256"].as_str()),
        (Some("2027-01"), Some(sha256.as_str()))
    );
    assert!(page.contains(&sha256), "the preview showed the same");
    assert_eq!(app.work_policies().await.mails, 2, "as many as it said");

    let taken = step(&desk, "publish&after=2027-01&sure=yes", "2027-01", notify).await;
    assert!(taken.status == 422 && taken.text().contains("published already"), "{}", taken.text());
    assert_eq!(app.count("SELECT count(*) FROM policy_version").await, 2);
}

#[apply(both_databases!)]
async fn people_are_asked_again_until_a_date(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.subscribe("ada@b.example", "").await;
    let reconsent = ("reconsent", "2027-03-01");
    let page = step(&desk, "preview", "2027-01", reconsent).await.text();
    assert!(
        page.contains("1 person is asked by mail to agree again") && page.contains("1 Mar 2027"),
        "{page}"
    );
    assert!(page.contains("and ask 1 person to agree again"), "{page}");
    let done = step(&desk, "publish&after=2026-11&sure=yes", "2027-01", reconsent).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(app.work_policies().await.mails, 1);
    assert!(desk.page("/console/policies").await.contains("To agree again until"));
}

#[apply(both_databases!)]
async fn what_people_did_who_were_asked_adds_up(database: Database) {
    let app = TestApp::start(database).await;
    for name in ["kept", "partly", "left", "silent", "stopped"] {
        app.subscribe(&format!("{name}@b.example"), "&newsletter=weekly").await;
    }
    app.suppress("stopped@b.example", SuppressionReason::Bounced).await;
    app.publish_change("2026-12", ChangeClass::Notify, None).await;
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(Duration::from_hours(24))).await;
    app.work_policies().await;
    app.mail_settled().await;
    let page = app.sign_in(Role::Admin).await.page("/console/policies").await;
    assert!(page.contains("4 asked: 0 kept, 0 left, 4 silent"), "{page}");
    assert!(page.contains("4 told") && page.contains(WHAT_CHANGES), "{page}");
    let link = |name: &str, path: &str| {
        let mails = app.mail_to(&format!("{name}@b.example"));
        mails.iter().find(|mail| mail.text.contains("/renew/")).unwrap().link(path)
    };
    let both = ["privacy-policy", "newsletter:weekly"];
    assert_eq!(app.agree_again(&link("kept", "/renew/"), &both).await.status, 200);
    assert_eq!(app.agree_again(&link("partly", "/renew/"), &both[..1]).await.status, 200);
    // Who leaves a part of it after agreeing, agreed; who lapses was silent.
    for name in ["partly", "left"] {
        assert_eq!(app.post(&link(name, "/unsubscribe/"), "").await.status, 200);
    }
    app.advance(Duration::from_hours(25));
    app.work_policies().await;
    let page = app.sign_in(Role::Viewer).await.page("/console/policies").await;
    assert!(page.contains("4 asked: 2 kept, 1 left, 1 silent"), "{page}");
}

#[apply(both_databases!)]
async fn what_cannot_be_published_says_why_and_keeps_what_was_typed(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let (long, text) = ("x".repeat(256 * 1024 + 1), escaped(TEXT));
    let fields = |label: &str, change: &str, until: &str| {
        format!("label={label}&text={text}&change={change}&until={until}")
    };
    for (fields, words) in [
        (String::new(), "Enter a label"),
        (fields("..%2F..", "editorial", ""), "Enter a label"),
        (fields(POLICY, "editorial", ""), "published already"),
        (fields("a&label=b", "editorial", ""), "Fill in this field once"),
        (fields("2027-01", "", ""), "Choose what the new version asks"),
        (fields("2027-01", "delete", ""), "Choose what the new version asks"),
        (fields("2027-01", "reconsent", ""), "Enter the last day on which"),
        (fields("2027-01", "reconsent", "soon"), "Enter a date such as"),
        (fields("2027-01", "reconsent", "2026-11-22"), "still to come"),
        (fields("2027-01", "notify", "2027-11-22"), "Leave the date empty"),
        (fields("2027-01", "notify", ""), "Say in a sentence what changes"),
        (fields("2027-01", "reconsent", "2027-11-22"), "Say in a sentence what changes"),
        (fields("2027-01", "editorial", "") + "&changes=Something", "Leave this empty"),
        (fields("2027-01", "notify", "") + "&changes=a%0Ab", "on one line"),
        (fields("2027-01", "notify", "") + &format!("&changes={}", "x".repeat(501)), "at most 500"),
        ("label=2027-01&change=editorial&text=+%0D%0A".to_owned(), "The policy is empty"),
        (format!("label=2027-01&change=editorial&text={long}"), "longer than 256 KiB"),
    ] {
        for step in ["preview", "publish&sure=yes&after=2026-11"] {
            let refused = desk.post(NEW, &format!("step={step}&{fields}")).await;
            assert_eq!(refused.status, 422, "{words}");
            let page = refused.text();
            assert!(page.contains(words) && page.contains("<title>Error: "), "{words}: {page}");
            if fields.contains(&text) {
                assert!(page.contains("we keep very little."), "{words}");
            }
        }
    }
    let most = "é".repeat(128 * 1024);
    let shown = desk
        .post(NEW, &format!("step=preview&label=2027-01&change=editorial&text={}", escaped(&most)))
        .await;
    assert_eq!(shown.status, 200, "the largest text passes");
    let larger = desk.post(NEW, &format!("step=preview&text={}", "x".repeat(1_100_000))).await;
    assert_eq!(larger.status, 413);
    assert_eq!(app.count("SELECT count(*) FROM policy_version").await, 1);
}

#[apply(both_databases!)]
async fn nobody_publishes_what_they_did_not_compare(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.publish_change("2026-12", ChangeClass::Editorial, None).await;
    let late = step(&desk, "publish&after=2026-11&sure=yes", "2027-01", ("editorial", "")).await;
    let page = late.text();
    assert_eq!(late.status, 422, "{page}");
    assert!(
        page.contains("Another version was published meanwhile")
            && page.contains("Compared with version 2026-12"),
        "{page}"
    );
    // Of many at once, one comes into force.
    let tries = futures_util::future::join_all((0..5).map(|n| {
        let desk = &desk;
        async move {
            let label = format!("2027-0{n}");
            step(desk, "publish&after=2026-12&sure=yes", &label, ("editorial", "")).await.status
        }
    }))
    .await;
    assert_eq!(tries.iter().filter(|status| **status == 303).count(), 1, "{tries:?}");
    assert_eq!(tries.iter().filter(|status| **status == 422).count(), 4, "{tries:?}");
    assert_eq!(app.count("SELECT count(*) FROM policy_version").await, 3);
}

#[apply(both_databases!)]
async fn the_first_version_opens_the_forms(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    let desk = app.sign_in(Role::Admin).await;
    assert!(desk.page("/console/policies").await.contains("No privacy policy yet"));
    let page = step(&desk, "preview", "2026-11", ("editorial", "")).await.text();
    assert!(page.contains("This is the first version."), "{page}");
    let done = step(&desk, "publish&after=&sure=yes", "2026-11", ("editorial", "")).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(app.get("/policies/privacy/2026-11").await.status, 200);
}

#[apply(both_databases!)]
async fn hostile_markdown_stays_text(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let hostile = "# Privacy\n\n</textarea><script>alert(1)</script>\n\n<img src=x onerror=alert(2)> {{ 7*7 }}\n\n\
                   [link](javascript:alert(3)) ![p](data:text/html,x)";
    let fields = format!("label=2027-01&change=editorial&text={}", escaped(hostile));
    for step in ["preview", "edit"] {
        let page = desk.post(NEW, &format!("step={step}&{fields}")).await.text();
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{step}: {page}");
        assert!(
            !page.contains("href=\"javascript:") && !page.contains("src=\"data:"),
            "{step}: {page}"
        );
        assert!(page.contains("{{ 7*7 }}"), "{step}");
    }
    // Nothing is loaded from elsewhere, so nothing is published that would be.
    let refused = desk.post(NEW, &format!("step=publish&sure=yes&after=2026-11&{fields}")).await;
    assert!(
        refused.status == 422 && refused.text().contains("lies elsewhere"),
        "{}",
        refused.text()
    );
    let fields = format!(
        "label=2027-01&change=editorial&text={}",
        escaped(hostile.split(" ![p]").next().unwrap())
    );
    assert_eq!(
        desk.post(NEW, &format!("step=publish&sure=yes&after=2026-11&{fields}")).await.status,
        303
    );
    let page = app.get("/policies/privacy").await.text();
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
}
