//! Signing in and out.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::flows::staff::add_staff::offer_first_account;
use assent::store::staff::links;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{PASSWORD, account, sign_in};

const EMAIL: &str = "mar@sample.example";

#[apply(both_databases!)]
async fn signs_in_and_out(database: Database) {
    let app = TestApp::start(database).await;
    let staff_id = account(&app, EMAIL, Role::Marketing).await;
    assert_eq!(app.get("/console").await.location(), "/console/sign-in");
    assert!(app.get("/console/sign-in").await.text().contains("Sign in"));

    let answer = sign_in(&app, "MAR@Sample.example", PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (303, "/console"));
    let set = answer.header("set-cookie").to_owned();
    for part in ["assent_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let desk = app.desk(staff_id, answer.cookie()).await;
    let page = desk.page("/console").await;
    assert!(page.contains(&EMAIL.replace('@', "@<wbr>")) && page.contains("/console/exports"));
    assert!(!page.contains("/console/staff"), "marketing has no such screen");
    assert_eq!(desk.get("/console/sign-in").await.location(), "/console");

    let again = sign_in(&app, EMAIL, PASSWORD).await;
    assert_ne!(again.cookie(), desk.cookie, "each session has a token of its own");
    let left = desk.post("/console/sign-out", "").await;
    assert_eq!(left.location(), "/console/sign-in");
    // What was seen goes; the cookie that this browser is known by stays.
    assert_eq!(left.header("clear-site-data"), "\"cache\", \"storage\"");
    let set: Vec<_> = left.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 1, "{set:?}");
    assert!(
        left.header("set-cookie").starts_with("assent_session=;")
            && left.header("set-cookie").contains("Max-Age=0")
    );
    for path in ["/console", "/console/sign-in", "/"] {
        assert_eq!(app.get(path).await.header("clear-site-data"), "", "{path}");
    }
    assert_eq!(desk.get("/console").await.location(), "/console/sign-in");
    let other = app.desk(staff_id, again.cookie()).await;
    assert_eq!(other.get("/console").await.status, 200, "the other session goes on");
    for action in ["sign-in", "sign-out"] {
        let sql = match action {
            "sign-in" => "SELECT count(*) FROM audit_entry WHERE action = 'sign-in'",
            _ => "SELECT count(*) FROM audit_entry WHERE action = 'sign-out'",
        };
        assert!(app.count(sql).await > 0, "{action}");
    }
    let sql = "SELECT count(*) FROM audit_entry WHERE CAST(detail AS text) LIKE '%@%'";
    assert_eq!(app.count(sql).await, 0, "no address in the audit");
}

#[apply(both_databases!)]
async fn a_wrong_password_and_an_unknown_account_are_answered_alike(database: Database) {
    let app = TestApp::start(database).await;
    account(&app, EMAIL, Role::Viewer).await;
    let wrong = sign_in(&app, EMAIL, "pylon+marmot+ferrous+quilts").await;
    let unknown = sign_in(&app, "who@sample.example", PASSWORD).await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    let blank = |answer: &Answer, email: &str| answer.text().replace(email, "");
    assert_eq!(blank(&wrong, EMAIL), blank(&unknown, "who@sample.example"));
    assert!(wrong.text().contains("The address or the password is not right"));
    assert!(!wrong.text().contains("quilts"), "a password is never shown again");
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'sign-in.refused'";
    assert_eq!(app.count(sql).await, 2);
}

#[apply(both_databases!)]
async fn tries_are_counted_and_put_off(database: Database) {
    let app = TestApp::start(database).await;
    account(&app, EMAIL, Role::Viewer).await;
    for _ in 0..6 {
        assert_eq!(sign_in(&app, EMAIL, "wrong+wrong+wrong").await.status, 422);
    }
    let answer = sign_in(&app, EMAIL, PASSWORD).await;
    assert_eq!(answer.status, 429, "the right one must wait, too");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(answer.text().contains("Too many tries failed. Wait "));
    app.advance(Duration::from_secs(3));
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await.status, 303);
    let sql = "SELECT count(*) FROM sign_in_try";
    assert_eq!(app.count(sql).await, 1, "the account is forgiven; the network address is not yet");
}

#[apply(both_databases!)]
async fn many_tries_at_once_are_counted_as_many(database: Database) {
    let app = TestApp::start(database).await;
    account(&app, EMAIL, Role::Viewer).await;
    let tries = (0..40).map(|_| sign_in(&app, EMAIL, "wrong+wrong+wrong"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
    assert!(looked_at < 12, "{looked_at} were looked at");
    assert!(answers.iter().all(|answer| matches!(answer.status, 422 | 429)));
}

#[apply(both_databases!)]
async fn a_session_ends_by_itself(database: Database) {
    let app = TestApp::start(database).await;
    let idle = app.sign_in(Role::Viewer).await;
    app.advance(Duration::from_mins(119));
    assert_eq!(idle.get("/console").await.status, 200);
    app.advance(Duration::from_mins(119));
    assert_eq!(idle.get("/console").await.status, 200, "it was used meanwhile");
    app.advance(Duration::from_mins(121));
    assert_eq!(idle.get("/console").await.location(), "/console/sign-in");

    let busy = app.sign_in(Role::Admin).await;
    for _ in 0..11 {
        app.advance(Duration::from_hours(1));
        assert_eq!(busy.get("/console").await.status, 200);
    }
    app.advance(Duration::from_hours(1));
    assert_eq!(busy.get("/console").await.location(), "/console/sign-in", "after twelve hours");
}

#[apply(both_databases!)]
async fn the_first_account_is_made_by_a_link_that_works_once(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    let older = offer_first_account(&mut tx, &app.core.moment()).await.unwrap().unwrap();
    let newer = offer_first_account(&mut tx, &app.core.moment()).await.unwrap().unwrap();
    let older = links::find(&mut tx, older).await.unwrap().unwrap();
    let newer = links::find(&mut tx, newer).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let link = |link: &links::StaffLink| app.core.links.staff(link.kind, link.staff_link_id);
    assert_eq!(app.get(&link(&older)).await.status, 410, "a newer one supersedes it");
    assert_eq!(app.get(&format!("{}x", link(&newer))).await.status, 404);
    assert!(app.get(&link(&newer)).await.text().contains("Make the first account"));

    for (fields, words) in [
        ("email=&password=", "Enter your email address"),
        ("email=mar%40sample.example&password=", "Choose a password"),
        ("email=mar%40sample.example&password=short", "too short"),
        ("email=mar%40sample.example&password=password1234", "easy to guess"),
        ("email=mar%40sample.example&password=mar%40sample.example", "easy to guess"),
    ] {
        let answer = app.post(&link(&newer), fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(words), "{fields}: {}", answer.text());
    }
    let good = "email=mar%40sample.example&password=pylon+marmot+ferrous+quilt";
    let url = link(&newer);
    let both = futures_util::future::join(app.post(&url, good), app.post(&url, good)).await;
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410], "of two presses one wins");
    assert_eq!(app.count("SELECT count(*) FROM staff WHERE role = 'admin'").await, 1);
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await.status, 303);
    let mut tx = app.write().await;
    assert_eq!(offer_first_account(&mut tx, &app.core.moment()).await.unwrap(), None);
}
