//! Published words and consent events never change.

use std::sync::Arc;

use assent::domain::signup::signup_source::SignupSource;
use assent::domain::signup::submitted_form::{DrawnBy, Method};
use assent::flows::signup::sign_up::SignUp;
use assent::intake::{Intake, IntakeParts};
use assent::store::catalog::notices;
use assent::store::consent::events;
use assent::store::policy::versions;
use assent::store::signup::signups;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::{LeafHead, canonical};
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, NEWSLETTER, TestApp};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn what_was_published_or_happened_never_changes(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.seal().await;
    for forbidden in [
        "UPDATE policy_version SET body = 'other'",
        "DELETE FROM policy_version",
        "UPDATE notice SET words = 'other'",
        "DELETE FROM notice",
        "DELETE FROM consent_event",
        "UPDATE consent_event SET type = 'withdrawn'",
        "UPDATE consent_event SET leaf = 'x'",
        "UPDATE consent_event SET body = 'x'",
        "UPDATE consent_event SET purpose = 'privacy-policy'",
        "UPDATE consent_event SET seq = seq + 10",
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "UPDATE checkpoint SET size = size + 1",
        "DELETE FROM checkpoint",
    ] {
        assert!(app.tamper(forbidden).await.is_err(), "{forbidden}");
    }
    let erasure = "UPDATE consent_event SET body = NULL, salt = NULL WHERE type = 'requested'";
    assert_eq!(app.tamper(erasure).await.unwrap(), 2);
}

#[apply(both_databases!)]
async fn every_event_is_committed_to_by_its_leaf(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let signup_id = first_signup(&app).await;
    let signup = signups::find(&mut app.read().await, signup_id).await.unwrap().unwrap();
    let requested = events::list(&mut app.read().await, signup_id).await.unwrap();
    let given = events::list(&mut app.read().await, subscriber(&app).await).await.unwrap();
    assert_eq!((requested.len(), given.len()), (2, 2));
    assert!(requested.iter().all(|event| event.event_type == EventType::Requested));
    assert!(given.iter().all(|event| event.event_type == EventType::Given));
    assert_eq!(given[1].purpose.as_str(), format!("newsletter:{NEWSLETTER}"));
    for event in requested.iter().chain(&given) {
        let body = event.body.as_deref().unwrap();
        let salt: [u8; 32] = event.salt.as_deref().unwrap().try_into().unwrap();
        assert_eq!(LeafHead::of_event(event.event_type).leaf(&salt, body), event.leaf);
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(canonical(&value).unwrap(), body, "canonical as stored");
        let (context, words) = (event.context.as_deref(), event.words.as_deref());
        assert_eq!(
            value["context"],
            assent_ledger::digest::sha256_hex(context.unwrap().as_bytes())
        );
        let value = assent_ledger::evidence::read(Some(body), context, words).unwrap().unwrap();
        assert_eq!(value["email"], "ada@b.example");
        assert_eq!(value["policy"]["label"], signup.policy_label.as_str());
        let words = value["notice"]["text"].as_str().unwrap();
        assert_eq!(value["notice"]["sha256"], assent_ledger::digest::sha256_hex(words.as_bytes()));
        assert_eq!(value["source"], "/reports/sample");
    }
}

#[apply(both_databases!)]
async fn one_bad_signup_takes_no_other_with_it(database: Database) {
    let app = TestApp::start(database).await;
    app.get("/reports/sample").await;
    let policy = versions::list(&mut app.read().await, "en-GB").await.unwrap().remove(0);
    let notice = notices::list(&mut app.read().await)
        .await
        .unwrap()
        .into_iter()
        .find(|notice| notice.purpose.is_privacy_policy())
        .unwrap();
    let (policy, notice) = (Arc::new(policy), Arc::new(notice));
    let sample = |email: &str, report| SignUp {
        request_id: None,
        signup_id: app.core.moment().new_id(),
        email: assent::domain::contacts::email_address::EmailAddress::parse(email).unwrap(),
        name: None,
        organisation: None,
        job_title: None,
        report,
        policy: policy.clone(),
        choices: vec![notice.clone()],
        form: None,
        unticked: vec![],
        source: "/reports/sample".to_owned(),
        method: Method::Form,
        drawn_by: DrawnBy::Ours,
        page: None,
        came_from: SignupSource::default(),
        request: None,
        check: None,
        replaces: None,
    };
    let tasks = tokio_util::task::TaskTracker::new();
    let parts = IntakeParts {
        db: app.core.db.clone(),
        clock: app.clock.clone(),
        random: app.core.random.clone(),
        settings: app.core.flow_settings.clone(),
    };
    let intake = Intake::start(&parts, &tasks);
    let nowhere = Some((Uuid::nil(), "nowhere".parse().unwrap()));
    let handed = (0..20).map(|n| {
        let report = if n == 7 { nowhere.clone() } else { None };
        intake.hand_in(sample(&format!("r{n}@b.example"), report))
    });
    let stored = futures_util::future::join_all(handed).await;
    assert!(stored.iter().enumerate().all(|(n, stored)| stored.is_ok() == (n != 7)));
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 19);
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, 19);
    drop(intake);
    tasks.close();
    tasks.wait().await;
}

async fn first_signup(app: &TestApp) -> Uuid {
    find_id(app, "SELECT signup_id FROM signup ORDER BY signup_id LIMIT 1").await
}

async fn subscriber(app: &TestApp) -> Uuid {
    find_id(app, "SELECT subscriber_id FROM subscriber LIMIT 1").await
}

async fn find_id(app: &TestApp, sql: &'static str) -> Uuid {
    match &app.core.db {
        assent::store::Db::Sqlite { readers, .. } => {
            sqlx::query_scalar(sql).fetch_one(readers).await
        }
        assent::store::Db::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await,
    }
    .unwrap()
}
