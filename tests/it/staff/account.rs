//! One's own account: sessions and password.

use assent::domain::staff::member::Role;
use futures_util::future::join;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{OTHER_PASSWORD as OTHER, PASSWORD, account, desk, sign_in};

const BOB: &str = "bob@sample.example";

#[apply(both_databases!)]
async fn sessions_are_listed_and_ended(database: Database) {
    let app = TestApp::start(database).await;
    let first = desk(&app, BOB, Role::Viewer).await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let request = app.request("POST", "/console/sign-in").header("user-agent", firefox);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("email={BOB}&password={PASSWORD}");
    let answer = app.send(request.header(form.0, form.1).body(body)).await;
    let second = app.desk(first.staff_id, answer.cookie()).await;

    let page = first.page("/console/account").await;
    assert!(page.contains("Firefox on Linux") && page.contains("This one"), "{page}");
    let end = page.split("action=\"").find(|part| part.starts_with("/console/account/sessions/0"));
    let end = end.and_then(|part| part.split('"').next()).expect("a session to end").to_owned();
    let other = desk(&app, "eve@sample.example", Role::Admin).await;
    assert_eq!(other.post(&end, "").await.status, 404, "nobody else's");
    assert_eq!(second.get("/console").await.status, 200);
    let answer = first.post(&end, "").await;
    assert!(first.page(answer.location()).await.contains("The session is ended"));
    assert_eq!(second.get("/console").await.location(), "/console/sign-in", "an old cookie");
    assert_eq!(first.post(&end, "").await.status, 404);
    assert!(!first.page("/console/account").await.contains("End all other sessions"));

    for _ in 0..3 {
        assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303);
    }
    assert!(first.page("/console/account").await.contains("End all other sessions"));
    first.post("/console/account/sessions/end-others", "").await;
    assert_eq!(app.count("SELECT count(*) FROM staff_session").await, 2, "this one, and eve's");
    assert_eq!(first.get("/console").await.status, 200);
}

#[apply(both_databases!)]
async fn a_password_is_changed_by_who_knows_it(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let old = sign_in(&app, BOB, PASSWORD).await;
    let old = app.desk(bob.staff_id, old.cookie()).await;
    let change = |present: &str, password: &str| format!("present={present}&password={password}");
    for (fields, words) in [
        (change("", OTHER), "Enter your current password"),
        (change("wrong+wrong+wrong", OTHER), "This is not your current password"),
        (change(PASSWORD, ""), "Choose a password"),
        (change(PASSWORD, "short"), "too short"),
        (change(PASSWORD, "bob%40sample.example"), "easy to guess"),
    ] {
        let answer = bob.post("/console/account/password", &fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(words), "{fields}: {}", answer.text());
    }
    let answer = bob.post("/console/account/password", &change(PASSWORD, OTHER)).await;
    assert_eq!(answer.location(), "/console/account?word=password");
    for desk in [&bob, &old] {
        assert_eq!(desk.get("/console").await.location(), "/console/sign-in", "an old cookie");
    }
    let new = app.desk(bob.staff_id, answer.cookie()).await;
    assert!(new.page(answer.location()).await.contains("Your password is changed"));
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 422);
    assert_eq!(sign_in(&app, BOB, OTHER).await.status, 303);
}

#[apply(both_databases!)]
async fn of_two_changes_of_a_password_at_once_one_wins(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let third = "lantern+vinegar+hubcap+tundra";
    let to = |password| format!("present={PASSWORD}&password={password}");
    let (a, b) = (to(OTHER), to(third));
    let path = "/console/account/password";
    let both = join(bob.post(path, &a), bob.post(path, &b)).await;
    let won = if both.0.cookie().is_empty() { &both.1 } else { &both.0 };
    assert_eq!(won.location(), "/console/account?word=password");
    let works = [sign_in(&app, BOB, OTHER).await.status, sign_in(&app, BOB, third).await.status];
    assert_eq!(works.iter().filter(|status| **status == 303).count(), 1, "{works:?}");
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'staff.password'";
    assert_eq!(app.count(sql).await, 1);
}

#[apply(both_databases!)]
async fn guesses_of_the_present_password_wait(database: Database) {
    let app = TestApp::start(database).await;
    account(&app, "eve@sample.example", Role::Viewer).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let guess = format!("present=wrong+wrong+wrong&password={OTHER}");
    for _ in 0..6 {
        assert_eq!(bob.post("/console/account/password", &guess).await.status, 422);
    }
    let right = format!("present={PASSWORD}&password={OTHER}");
    let answer = bob.post("/console/account/password", &right).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Too many tries failed"), "{}", answer.text());
}
