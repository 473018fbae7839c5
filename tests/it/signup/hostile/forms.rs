//! Forms that no page of ours sends: boxes, labels, answers given twice, policies of before.

use std::time::Duration;

use macro_rules_attribute::apply;

use super::{assert_refused, is_ticked, shown, stored};
use crate::support::app::{Database, PATH, POLICY, SLUG, TestApp, form};
use crate::support::{both_databases, poll};

// Whoever is told to try again would try for ever.
#[apply(both_databases!)]
async fn what_the_database_does_not_understand_is_our_mistake(database: Database) {
    let app = TestApp::start(database).await;
    app.tamper("ALTER TABLE signup RENAME TO signup_away").await.unwrap();
    let asked = app.ask("ada@b.example").await;
    assert_eq!((asked.status, asked.header("retry-after")), (500, ""));
    assert!(asked.text().contains("Something went wrong on our side"), "{}", asked.text());
    app.tamper("ALTER TABLE signup_away RENAME TO signup").await.unwrap();
    assert_eq!(app.ask("ada@b.example").await.status, 303);
}

#[apply(both_databases!)]
async fn a_fault_in_a_box_is_no_agreement(database: Database) {
    let app = TestApp::start(database).await;
    for body in [
        format!("email=a%40b.example&consent=yes%00&policy={POLICY}"),
        format!("email=a%40b.example&consent=ye%0ds&policy={POLICY}"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}%ff"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&newsletter=weekly%00"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&newsletter=%e2%80%aeweekly"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&website=%00"),
    ] {
        assert_eq!(app.post(PATH, &body).await.status, 422, "{body}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn an_answer_given_twice_is_none(database: Database) {
    let app = TestApp::start(database).await;
    for (field, value, leads_to) in [
        ("email", "ada%40b.example", "email"),
        ("email", "bob%40b.example", "email"),
        ("email", "", "email"),
        ("name", "Bob", "name"),
        ("organisation", "", "organisation"),
        ("job_title", "Head", "job_title"),
        ("consent", "yes", "form"),
        ("consent", "no", "form"),
        ("policy", POLICY, "form"),
        ("website", "", "form"),
        ("em%61il", "bob%40b.example", "email"),
    ] {
        let body = form("ada@b.example", "&name=Ada&organisation=Northmoor&job_title=Head");
        let answer = app.post(PATH, &format!("{body}&{field}={value}")).await;
        assert_refused(&answer, leads_to, field);
    }
    assert_eq!(stored(&app).await, [0, 0]);
    // A newsletter ticked twice is ticked.
    app.subscribe("ada@b.example", "&newsletter=weekly&newsletter=weekly").await;
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn boxes_and_labels_must_be_those_shown(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, ("bare", "A report without newsletters"), &[]).await;
    tx.commit().await.unwrap();
    poll::until("the report without newsletters", || async {
        (app.get("/reports/bare").await.status == 200).then_some(())
    })
    .await;
    let typed = "email=ada%40b.example&name=Ada";
    for (path, more, field) in [
        (PATH, format!("&policy={POLICY}"), "consent"),
        (PATH, format!("&policy={POLICY}&consent=no"), "consent"),
        (PATH, format!("&policy={POLICY}&consent="), "consent"),
        (PATH, format!("&policy={POLICY}&consent=on"), "consent"),
        (PATH, format!("&policy={POLICY}&consent=YES"), "consent"),
        (PATH, "&consent=yes".to_owned(), "policy"),
        (PATH, "&consent=yes&policy=".to_owned(), "policy"),
        (PATH, "&consent=yes&policy=2026-10".to_owned(), "policy"),
        (PATH, format!("&consent=yes&policy={POLICY}%20"), "policy"),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter=none"), "newsletter"),
        (
            PATH,
            format!("&consent=yes&policy={POLICY}&newsletter=weekly&newsletter=none"),
            "newsletter",
        ),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter="), "newsletter"),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter=newsletter:weekly"), "newsletter"),
        ("/newsletters", format!("&consent=yes&policy={POLICY}&newsletter=none"), "newsletter"),
        ("/newsletters", format!("&consent=yes&policy={POLICY}"), "newsletter"),
        ("/newsletters", "&newsletter=weekly".to_owned(), "consent"),
        ("/reports/bare", format!("&policy={POLICY}"), "consent"),
    ] {
        let answer = app.post(path, &format!("{typed}{more}")).await;
        let page = answer.text();
        assert_refused(&answer, field, &more);
        assert_eq!(
            (shown(&page, "email"), shown(&page, "name")),
            ("ada@b.example".to_owned(), "Ada".to_owned())
        );
        assert!(is_ticked(&page, "consent") == (field == "newsletter"), "{more}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_summary_leads_nowhere_that_is_not_there(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, POLICY).await;
    app.add_report(&mut tx, (SLUG, "A report without newsletters"), &[]).await;
    tx.commit().await.unwrap();
    let answer = app.post(PATH, &form("ada@b.example", "&newsletter=weekly")).await;
    assert!(answer.status == 422 && answer.text().contains("<title>Error: "));
    let page = answer.text();
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!(" id=\"{target}\"")), "nothing is named {target}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_policy_that_changed_meanwhile_is_shown_before_it_is_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.advance(Duration::from_hours(1));
    app.publish_policy(&mut tx, "2026-12").await;
    tx.commit().await.unwrap();
    poll::until("the new policy", || async {
        app.get(PATH).await.text().contains("name=\"policy\" value=\"2026-12\"").then_some(())
    })
    .await;
    let answer = app.post(PATH, &form("ada@b.example", "&newsletter=weekly")).await;
    assert_refused(&answer, "policy", "the old label");
    let page = answer.text();
    assert!(
        page.contains("name=\"policy\" value=\"2026-12\"")
            && page.contains("/policies/privacy/2026-12")
    );
    assert!(!is_ticked(&page, "consent") && is_ticked(&page, "newsletter"));
    assert_eq!(stored(&app).await, [0, 0]);
    let again = form("ada@b.example", "").replace(POLICY, "2026-12");
    assert_eq!(app.post(PATH, &again).await.status, 303);
}
