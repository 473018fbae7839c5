//! Browsers that are known: strangers who guess at an account do not make its owner wait.

use std::time::Duration;

use assent::domain::signup::link::LinkKind;
use assent::domain::staff::member::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{PASSWORD, account, hidden};

const BOB: &str = "bob@sample.example";
const WRONG: &str = "wrong+wrong+wrong";
const HOME: &str = "198.51.100.7";
const ABROAD: &str = "192.0.2.9";

async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8")]).await
}

/// Posts a form from a place in the network with a cookie.
async fn post(app: &TestApp, (from, cookie): (&str, &str), path: &str, fields: &str) -> Answer {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let request =
        app.request("POST", path).header("x-forwarded-for", from).header("cookie", cookie);
    app.send(request.header(form.0, form.1).body(fields.to_owned())).await
}

async fn sign_in(app: &TestApp, whence: (&str, &str), email: &str, password: &str) -> Answer {
    post(app, whence, "/console/sign-in", &format!("email={email}&password={password}")).await
}

/// Signs in at home, and gives the cookie by which that browser is known.
async fn known(app: &TestApp, email: &str) -> String {
    let answer = sign_in(app, (HOME, ""), email, PASSWORD).await;
    assert_eq!(answer.location(), "/console", "{}", answer.text());
    answer.cookie_named("assent_known")
}

/// Fails for an account until strangers must wait.
async fn guess(app: &TestApp, email: &str) {
    for _ in 0..6 {
        assert_eq!(sign_in(app, (ABROAD, ""), email, WRONG).await.status, 422);
    }
    assert_eq!(sign_in(app, (ABROAD, ""), email, WRONG).await.status, 429);
}

#[apply(both_databases!)]
async fn who_guesses_does_not_make_a_known_browser_wait(database: Database) {
    let app = start(database).await;
    account(&app, BOB, Role::Viewer).await;
    let first = sign_in(&app, (HOME, ""), BOB, PASSWORD).await;
    let (session, cookie) = (first.cookie(), first.cookie_named("assent_known"));
    let set = first.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
    let set: Vec<&str> = set.filter(|set| set.starts_with("assent_known=")).collect();
    assert!(set[0].contains("HttpOnly") && set[0].contains("Max-Age=34560000"), "{set:?}");
    guess(&app, BOB).await;
    assert_eq!(sign_in(&app, (HOME, ""), BOB, PASSWORD).await.status, 429, "a stranger's browser");
    let wrong = sign_in(&app, (HOME, &cookie), BOB, WRONG).await;
    assert_eq!(wrong.status, 422, "a try of its own");
    let again = sign_in(&app, (HOME, &cookie), BOB, PASSWORD).await;
    assert_eq!(again.location(), "/console");
    let fresh = again.cookie_named("assent_known");
    assert!(!fresh.is_empty() && fresh != cookie, "another one each time");
    for cookie in [&cookie, &fresh] {
        assert_eq!(sign_in(&app, (HOME, cookie), BOB, PASSWORD).await.location(), "/console");
    }
    assert_eq!(
        sign_in(&app, (ABROAD, ""), BOB, PASSWORD).await.status,
        429,
        "strangers are not forgiven"
    );

    // The same where the password is asked for once more.
    let desk = app.request("GET", "/console/account").header("cookie", &session);
    let csrf = hidden(&app.send(desk).await.text(), "csrf");
    let change = format!("present={PASSWORD}&password=short&csrf={csrf}");
    let both = format!("{session}; {cookie}");
    for (cookies, words) in [(&both, "too short"), (&session, "Too many tries failed")] {
        let answer = post(&app, (HOME, cookies), "/console/account/password", &change).await;
        assert!(answer.text().contains(words), "{}", answer.text());
    }
}

#[apply(both_databases!)]
async fn every_other_cookie_counts_as_a_stranger(database: Database) {
    let app = start(database).await;
    let staff_id = account(&app, BOB, Role::Viewer).await;
    account(&app, "eve@sample.example", Role::Admin).await;
    let (bobs, eves) = (known(&app, BOB).await, known(&app, "eve@sample.example").await);
    guess(&app, BOB).await;
    let (word, value) = bobs.split_once('=').unwrap();
    let sealed =
        |kind, bytes: &[u8]| format!("{word}={}", app.core.links.secrets.seal(kind, bytes));
    let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    bytes.truncate(32);
    assert_eq!(bytes[..16], staff_id.as_bytes()[..]);
    let mut forged = URL_SAFE_NO_PAD.decode(value).unwrap();
    forged[20] ^= 1;
    let forged = format!("{word}={}", URL_SAFE_NO_PAD.encode(forged));
    for stranger in [
        eves,
        forged,
        sealed(LinkKind::ConsoleForm, &bytes),
        sealed(LinkKind::SecondStep, &bytes),
        sealed(LinkKind::KnownBrowser, &bytes[..16]),
        sealed(LinkKind::KnownBrowser, &[&bytes[..], b"x"].concat()),
        format!("{word}="),
        bobs.replace("known", "second_step"),
    ] {
        let answer = sign_in(&app, (HOME, &stranger), BOB, PASSWORD).await;
        assert_eq!(answer.status, 429, "{stranger}");
    }
    guess(&app, "who@sample.example").await;
    let nobody = sign_in(&app, (HOME, &bobs), "who@sample.example", PASSWORD).await;
    assert_eq!(nobody.status, 429, "as for an account that there is");
    assert_eq!(sign_in(&app, (HOME, &bobs), BOB, PASSWORD).await.location(), "/console");
}

#[apply(both_databases!)]
async fn a_known_browser_waits_for_its_own_failures(database: Database) {
    let app = start(database).await;
    account(&app, BOB, Role::Viewer).await;
    let cookie = known(&app, BOB).await;
    for _ in 0..6 {
        assert_eq!(sign_in(&app, (HOME, &cookie), BOB, WRONG).await.status, 422);
    }
    let waits = sign_in(&app, (HOME, &cookie), BOB, PASSWORD).await;
    assert!(waits.status == 429 && waits.text().contains("Too many tries failed"));
    let other = known(&app, BOB).await;
    app.advance(Duration::from_secs(3));
    for cookie in [&cookie, &other] {
        assert_eq!(sign_in(&app, (HOME, cookie), BOB, PASSWORD).await.location(), "/console");
    }
    for n in 0..20 {
        sign_in(&app, (HOME, ""), &format!("who{n}@sample.example"), WRONG).await;
    }
    let waits = sign_in(&app, (HOME, &cookie), BOB, PASSWORD).await;
    assert_eq!(waits.status, 429, "an address of the network waits for all its failures");
    assert_eq!(sign_in(&app, (ABROAD, &cookie), BOB, PASSWORD).await.location(), "/console");
}

#[apply(both_databases!)]
async fn a_browser_is_known_once_somebody_is_in(database: Database) {
    let app = start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    admin.post("/console/staff", &format!("email={BOB}&role=viewer")).await;
    let welcome = app.next_mail(BOB, 0).await.link("/console/welcome/");
    let refused = app.post(&welcome, "password=short").await;
    assert_eq!(refused.cookie_named("assent_known"), "");
    let invited = app.post(&welcome, &format!("password={PASSWORD}")).await;
    app.post("/console/forgot", &format!("email={BOB}")).await;
    let reset = app.next_mail(BOB, 1).await.link("/console/reset/");
    let reset = app.post(&reset, &format!("password={PASSWORD}")).await;
    guess(&app, BOB).await;
    assert_eq!(sign_in(&app, (HOME, ""), BOB, PASSWORD).await.status, 429);
    for answer in [invited, reset] {
        let cookie = answer.cookie_named("assent_known");
        assert_eq!(sign_in(&app, (HOME, &cookie), BOB, PASSWORD).await.location(), "/console");
    }
}
