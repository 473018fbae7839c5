//! Two-factor: set up, asked for, lost, required.

use std::net::Ipv4Addr;
use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::staff::member::Role;
use assent::domain::staff::two_factor::CodeSecret;
use assent::flows::staff::sign_in::{Caller, NewSession, begin_session};
use assent::flows::staff::use_two_factor::{TurnedOff, renew_recovery, turn_off};
use assent::store::staff::codes;
use assent::store::staff::members::{self, Staff};
use data_encoding::BASE32_NOPAD;
use futures_util::future::{join, join_all};
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{PASSWORD, TestDesk, account, desk, sign_in};

const BOB: &str = "bob@sample.example";
const STEP: Duration = Duration::from_secs(30);

/// The key as its owner types it off the page.
async fn key(desk: &TestDesk<'_>) -> CodeSecret {
    let page = desk.page("/console/account/two-factor").await;
    assert!(page.contains("<svg class=\"qr\"") && !page.contains("style="), "{page}");
    let (_, after) = page.split_once("Key: <code class=\"hash\">").expect("a key");
    let key = after.split('<').next().unwrap_or_default().replace(' ', "");
    let mut derived = [0; 32];
    derived[..20].copy_from_slice(&BASE32_NOPAD.decode(key.as_bytes()).expect("base 32"));
    CodeSecret::from_derived(&derived)
}

fn code(app: &TestApp, secret: &CodeSecret) -> String {
    secret.code(app.clock.now()).expect("a code").to_string()
}

/// Sets two-factor up, and gives the secret and the recovery codes.
async fn set_up(app: &TestApp, desk: &TestDesk<'_>) -> (CodeSecret, Vec<String>) {
    let present = format!("present={PASSWORD}");
    let answer = desk.post("/console/account/two-factor/begin", &present).await;
    assert_eq!(answer.location(), "/console/account/two-factor");
    let secret = key(desk).await;
    let answer =
        desk.post("/console/account/two-factor", &format!("code={}", code(app, &secret))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    (secret, recovery_codes(&answer))
}

fn recovery_codes(answer: &Answer) -> Vec<String> {
    let page = answer.text();
    let codes: Vec<String> = page
        .split("<li><code>")
        .skip(1)
        .filter_map(|part| part.split('<').next())
        .map(Into::into)
        .collect();
    assert_eq!(codes.len(), 10, "{page}");
    codes
}

/// The second step with the cookie of the first.
async fn type_code(app: &TestApp, first: &Answer, code: &str) -> Answer {
    assert_eq!(first.location(), "/console/sign-in", "{}", first.text());
    let form = ("content-type", "application/x-www-form-urlencoded");
    let request = app.request("POST", "/console/sign-in").header("cookie", first.cookie());
    app.send(request.header(form.0, form.1).body(format!("code={code}"))).await
}

#[apply(both_databases!)]
async fn colleagues_who_succeed_do_not_make_each_other_wait(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let (secret, _) = set_up(&app, &bob).await;
    // More of them, all of one network, than may fail there.
    for n in 0..25 {
        app.advance(STEP);
        let first = sign_in(&app, BOB, PASSWORD).await;
        let answer = type_code(&app, &first, &code(&app, &secret)).await;
        assert_eq!((answer.status, answer.location()), (303, "/console"), "{n}");
    }
    // Nor does who keeps pressing while their own account must wait.
    account(&app, "ada@sample.example", Role::Viewer).await;
    for _ in 0..30 {
        sign_in(&app, "ada@sample.example", "wrong").await;
    }
    assert_eq!(sign_in(&app, "ada@sample.example", PASSWORD).await.status, 429);
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303);
}

#[apply(both_databases!)]
async fn an_admin_turns_their_own_off_with_their_password_only(database: Database) {
    let app = TestApp::start(database).await;
    let admin = desk(&app, BOB, Role::Admin).await;
    set_up(&app, &admin).await;
    let answer =
        admin.post(&format!("/console/staff/{}/two-factor-off", admin.staff_id), "sure=yes").await;
    assert!(
        answer.status == 422 && answer.text().contains("with your password"),
        "{}",
        answer.text()
    );
    assert_eq!(app.count("SELECT count(*) FROM staff WHERE code_since IS NOT NULL").await, 1);
}

#[apply(both_databases!)]
async fn a_code_is_asked_for_and_works_once(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    assert!(bob.page("/console/account").await.contains("Set two-factor up"));
    assert_eq!(bob.get("/console/account/two-factor").await.location(), "/console/account");
    for (wrong, words) in
        [("", "Enter your current password"), ("present=x", "This is not your current password")]
    {
        let answer = bob.post("/console/account/two-factor/begin", wrong).await;
        assert!(answer.status == 422 && answer.text().contains(words), "{wrong}");
    }
    assert_eq!(bob.get("/console/account/two-factor").await.location(), "/console/account");
    bob.post("/console/account/two-factor/begin", &format!("present={PASSWORD}")).await;
    for wrong in ["", "12345", "1234567", "%22%3E%3Cscript%3E"] {
        let answer = bob.post("/console/account/two-factor", &format!("code={wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.text().contains("That is not the code"));
    }
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.location(), "/console", "not on yet");
    let (secret, _) = set_up(&app, &bob).await;
    assert_eq!(app.count("SELECT count(*) FROM staff_session").await, 1, "others are ended");
    assert!(bob.page("/console/account").await.contains("10 recovery codes are left"));
    assert_eq!(
        bob.get("/console/account/two-factor").await.location(),
        "/console/account",
        "the key is shown no more"
    );

    let first = sign_in(&app, BOB, PASSWORD).await;
    assert_eq!(first.location(), "/console/sign-in");
    assert!(first.cookie().starts_with("assent_second_step="), "no session yet");
    assert_eq!(first.cookie_named("assent_known"), "", "nor is the browser known yet");
    let page =
        app.send(app.request("GET", "/console/sign-in").header("cookie", first.cookie())).await;
    assert!(page.text().contains("Enter your code"));
    let again = app.request("GET", "/console/sign-in?again=yes").header("cookie", first.cookie());
    assert!(app.send(again).await.text().contains("Forgotten password"));
    let console = app.request("GET", "/console").header("cookie", first.cookie());
    assert_eq!(app.send(console).await.location(), "/console/sign-in");

    let used = code(&app, &secret);
    let answer = type_code(&app, &first, &used).await;
    assert_eq!(answer.status, 422, "the code of the set-up is used up");
    assert!(answer.text().contains("That is not the code"));
    app.advance(STEP);
    let fresh = code(&app, &secret);
    let many = join_all((0..4).map(|_| type_code(&app, &first, &fresh))).await;
    let let_in = many.iter().filter(|answer| answer.location() == "/console").count();
    assert_eq!(let_in, 1, "of presses at once one is let in");
    let answer = many.iter().find(|answer| answer.status == 303).unwrap();
    assert!(!answer.cookie_named("assent_known").is_empty(), "and is known from now on");
    let bob = app.desk(bob.staff_id, answer.cookie()).await;
    assert_eq!(bob.get("/console").await.status, 200);

    app.advance(STEP * 4);
    let first = sign_in(&app, BOB, PASSWORD).await;
    let early = secret.code(app.clock.now().plus(STEP)).unwrap().to_string();
    assert_eq!(type_code(&app, &first, &early).await.status, 303, "a clock may go ahead");
    let first = sign_in(&app, BOB, PASSWORD).await;
    assert_eq!(type_code(&app, &first, &code(&app, &secret)).await.status, 422, "not back in time");
}

#[apply(both_databases!)]
async fn the_second_step_ends_with_time_and_password(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let (secret, _) = set_up(&app, &bob).await;
    let first = sign_in(&app, BOB, PASSWORD).await;
    app.advance(Duration::from_mins(5));
    let answer = type_code(&app, &first, &code(&app, &secret)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("it lasts five minutes"));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let bare = app.request("POST", "/console/sign-in").header(form.0, form.1);
    let answer = app.send(bare.body(format!("code={}", code(&app, &secret)))).await;
    assert_eq!(answer.status, 422, "a code alone opens nothing");

    let first = sign_in(&app, BOB, PASSWORD).await;
    app.post("/console/forgot", &format!("email={BOB}")).await;
    let link = app.next_mail(BOB, 0).await.link("/console/reset/");
    let reset = app.post(&link, "password=walnut+cipher+ostrich+gravel").await;
    let fresh = code(&app, &secret);
    assert_eq!(type_code(&app, &first, &fresh).await.status, 422, "it ended with the password");
    assert_eq!(
        type_code(&app, &reset, &fresh).await.location(),
        "/console",
        "a new password does not let in without a code"
    );
}

#[apply(both_databases!)]
async fn the_second_step_is_for_one_code_and_one_set_up(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let (secret, codes) = set_up(&app, &bob).await;
    let over = |answer: Answer| answer.status == 422 && answer.text().contains("This step is over");
    app.advance(STEP);
    let (first, other) = (sign_in(&app, BOB, PASSWORD).await, sign_in(&app, BOB, PASSWORD).await);
    assert_eq!(type_code(&app, &first, &code(&app, &secret)).await.status, 303);
    app.advance(STEP);
    for used in [&first, &other] {
        assert!(over(type_code(&app, used, &code(&app, &secret)).await));
        assert!(over(type_code(&app, used, &codes[0]).await));
    }
    let (first, other) = (sign_in(&app, BOB, PASSWORD).await, sign_in(&app, BOB, PASSWORD).await);
    let both =
        join(type_code(&app, &first, &code(&app, &secret)), type_code(&app, &first, &codes[0]))
            .await;
    let let_in = [&both.0, &both.1].iter().filter(|answer| answer.status == 303).count();
    assert_eq!(let_in, 1, "of two codes at once one is accepted");
    assert!(over(type_code(&app, &other, &codes[1]).await));

    let first = sign_in(&app, BOB, PASSWORD).await;
    bob.post("/console/account/two-factor/off", &format!("present={PASSWORD}")).await;
    let (secret, codes) = set_up(&app, &bob).await;
    app.advance(STEP);
    assert!(over(type_code(&app, &first, &code(&app, &secret)).await), "that was another set-up");
    assert!(over(type_code(&app, &first, &codes[0]).await));
}

#[apply(both_databases!)]
async fn no_proof_outlasts_what_it_rests_on(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let account =
        async || members::find(&mut app.read().await, bob.staff_id).await.unwrap().unwrap();
    let begins = async |proved: &Staff| {
        let (at, email) = (app.core.moment(), EmailAddress::parse(BOB).unwrap());
        let caller = Caller { email: &email, ip: Ipv4Addr::LOCALHOST.into(), browser: None };
        let new = NewSession { proved, token: &at.new_token(), browser: "A story" };
        let mut tx = app.write().await;
        begin_session(&mut tx, app.core.flow_settings.at(&at), &caller, &new).await.unwrap()
    };
    let without = account().await;
    assert!(begins(&without).await);
    set_up(&app, &bob).await;
    assert!(!begins(&without).await, "two-factor is on by now");

    let with = account().await;
    assert!(begins(&with).await);
    let change = format!("present={PASSWORD}&password=walnut+cipher+ostrich+gravel");
    assert_eq!(bob.post("/console/account/password", &change).await.status, 303);
    assert!(!begins(&with).await, "another password");
    let mut tx = app.write().await;
    assert!(renew_recovery(&mut tx, &app.core.moment(), &with).await.unwrap().is_none());
    assert_eq!(turn_off(&mut tx, &app.core.moment(), &with).await.unwrap(), TurnedOff::Changed);
    tx.commit().await.unwrap();
    assert!(account().await.code_since.is_some());
}

#[apply(both_databases!)]
async fn who_loses_a_race_is_asked_again(database: Database) {
    let app = TestApp::start(database).await;
    let bob = account(&app, BOB, Role::Viewer).await;
    if database == Database::Sqlite {
        // Its writers take turns from the first try on: such a race cannot be told there.
        return;
    }
    let mut tx = app.write().await;
    assert!(codes::begin(&mut tx, bob, &[1; 16]).await.unwrap());
    let bob = members::find(&mut tx, bob).await.unwrap().unwrap();
    assert!(codes::turn_on(&mut tx, app.clock.now(), &bob, 1).await.unwrap());
    let turning_on = async {
        app.waits_for_lock().await;
        tx.commit().await.unwrap();
    };
    let (answer, ()) = join(sign_in(&app, BOB, PASSWORD), turning_on).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Your account was changed a moment ago: sign in again"));
    assert!(answer.cookie().is_empty());
    assert_eq!(app.count("SELECT count(*) FROM staff_session").await, 0);
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.location(), "/console/sign-in", "with a code");
}

#[apply(both_databases!)]
async fn tries_of_codes_are_counted(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let (secret, _) = set_up(&app, &bob).await;
    app.advance(STEP);
    let first = sign_in(&app, BOB, PASSWORD).await;
    let right = code(&app, &secret);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let mut last = 0;
    for _ in 0..8 {
        last = type_code(&app, &first, wrong).await.status;
    }
    assert_eq!(last, 429);
    let answer = type_code(&app, &first, &right).await;
    assert_eq!(answer.status, 429, "the right one must wait, too");
    assert!(answer.text().contains("Too many tries failed"));
    app.advance(Duration::from_secs(3));
    assert_eq!(type_code(&app, &first, &right).await.status, 303);
    let sql = "SELECT count(*) FROM audit_entry WHERE action = 'sign-in.refused'";
    assert!(app.count(sql).await >= 5);
}

#[apply(both_databases!)]
async fn a_recovery_code_lets_in_once(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let (secret, codes) = set_up(&app, &bob).await;
    let first = sign_in(&app, BOB, PASSWORD).await;
    let typed = codes[0].to_lowercase().replace('-', "+");
    let many = join_all((0..3).map(|_| type_code(&app, &first, &typed))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 303).count(), 1);
    assert!(bob.page("/console/account").await.contains("9 recovery codes are left"));

    let answer =
        bob.post("/console/account/two-factor/recovery-codes", "present=wrong+wrong").await;
    assert_eq!(answer.status, 422);
    let renew = format!("present={PASSWORD}");
    let answer = bob.post("/console/account/two-factor/recovery-codes", &renew).await;
    let fresh = recovery_codes(&answer);
    assert!(fresh.iter().all(|code| !codes.contains(code)));
    let first = sign_in(&app, BOB, PASSWORD).await;
    assert_eq!(
        type_code(&app, &first, &codes[1]).await.status,
        422,
        "the codes before work no more"
    );
    assert_eq!(type_code(&app, &first, &fresh[1]).await.status, 303);

    let answer = bob.post("/console/account/two-factor/off", "present=").await;
    assert_eq!(answer.status, 422);
    let answer = bob.post("/console/account/two-factor/off", &renew).await;
    assert!(bob.page(answer.location()).await.contains("Two-factor is off"));
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.location(), "/console");
    assert_eq!(app.count("SELECT count(*) FROM recovery_code").await, 0);
    let (other, _) = set_up(&app, &bob).await;
    app.advance(STEP);
    assert_ne!(code(&app, &secret), code(&app, &other), "another secret each time");
}

#[apply(both_databases!)]
async fn a_role_that_must_use_it_is_led_to_its_set_up(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let answer = admin.post("/console/staff/rules", "required=viewer&required=nonsense").await;
    assert!(admin.page(answer.location()).await.contains("The rules are saved"));
    assert_eq!(admin.get("/console").await.status, 200, "admins need not");
    let answer = bob.get("/console").await;
    assert_eq!(answer.location(), "/console/account?word=two-factor-first");
    assert!(bob.page(answer.location()).await.contains("Your role must use two-factor"));
    let _ = set_up(&app, &bob).await;
    assert_eq!(bob.get("/console").await.status, 200);
    let off = format!("present={PASSWORD}");
    let answer = bob.post("/console/account/two-factor/off", &off).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("it stays on"), "{}", answer.text());

    let page = format!("/console/staff/{}", bob.staff_id);
    assert!(admin.page(&page).await.contains("Turn two-factor off"));
    let answer = admin.post(&format!("{page}/two-factor-off"), "").await;
    assert_eq!(answer.status, 422, "it asks first");
    admin.post(&format!("{page}/two-factor-off"), "sure=yes").await;
    assert_eq!(bob.get("/console").await.location(), "/console/sign-in", "an old cookie");
    app.advance(STEP);
    let first = sign_in(&app, BOB, PASSWORD).await;
    assert_eq!(first.location(), "/console", "the password alone");
    let bob = app.desk(bob.staff_id, first.cookie()).await;
    assert_eq!(bob.get("/console").await.location(), "/console/account?word=two-factor-first");
    admin.post("/console/staff/rules", "").await;
    assert_eq!(bob.get("/console").await.status, 200, "the rule is gone");
}

#[apply(both_databases!)]
async fn a_dump_of_the_database_makes_no_codes(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    account(&app, "eve@sample.example", Role::Viewer).await;
    let (secret, _) = set_up(&app, &bob).await;
    app.tamper("UPDATE staff SET code_salt = (SELECT code_salt FROM staff WHERE email = 'bob@sample.example')
                    WHERE email = 'eve@sample.example'").await.unwrap();
    app.tamper("UPDATE staff SET code_since = created_at WHERE email = 'eve@sample.example'")
        .await
        .unwrap();
    app.advance(STEP);
    let first = sign_in(&app, "eve@sample.example", PASSWORD).await;
    assert_eq!(
        type_code(&app, &first, &code(&app, &secret)).await.status,
        422,
        "the same salt makes another secret for another account"
    );
}
