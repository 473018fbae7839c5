//! Accounts: inviting, changing, and new passwords.

use std::time::Duration;

use assent::domain::staff::member::Role;
use futures_util::future::{join, join_all};
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp};
use crate::support::desk::{OTHER_PASSWORD as OTHER, PASSWORD, TestDesk, account, desk, sign_in};
use crate::support::snapshot::same_mail;
use crate::support::{both_databases, poll};

const BOB: &str = "bob@sample.example";
const HOUR: Duration = Duration::from_hours(1);

async fn invite(desk: &TestDesk<'_>, email: &str, role: &str) -> Answer {
    desk.post("/console/staff", &format!("email={email}&role={role}")).await
}

/// The page of the account of this address.
async fn page_of(desk: &TestDesk<'_>, email: &str) -> String {
    let page = desk.page("/console/staff").await;
    let (before, _) = page.split_once(&format!("\">{email}</a>")).expect("the account");
    before.rsplit_once("href=\"").expect("a link").1.to_owned()
}

async fn choose(app: &TestApp, link: &str, password: &str) -> Answer {
    app.post(link, &format!("password={password}")).await
}

#[apply(both_databases!)]
async fn who_is_invited_chooses_a_password_and_is_in(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let page = admin.page("/console/staff").await;
    assert!(page.contains("admin@sample.example") && page.contains("Invite somebody"));

    let answer = invite(&admin, "Bob@Sample.example", "marketing").await;
    assert_eq!(answer.location(), "/console/staff?word=invited");
    assert!(admin.page(answer.location()).await.contains("The invitation is on its way"));
    let mail = app.next_mail(BOB, 0).await;
    assert!(mail.text.contains("as marketing") && mail.text.contains("30 November 2026"));
    let link = mail.link("/console/welcome/");

    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 422, "no password yet");
    let page = app.get(&link).await;
    assert!(page.text().contains(BOB) && page.text().contains("Welcome"), "{}", page.text());
    assert_eq!(app.get(&link).await.status, 200, "opening it uses nothing up");
    let reset = link.replace("/welcome/", "/reset/");
    assert_eq!(app.get(&reset).await.status, 404, "it opens nothing else");
    for (password, words) in [
        ("", "Choose a password"),
        ("short", "too short"),
        ("bob%40sample.example", "easy to guess"),
    ] {
        let answer = choose(&app, &link, password).await;
        assert_eq!(answer.status, 422, "{password}");
        assert!(answer.text().contains(words), "{password}: {}", answer.text());
    }
    let both = join(choose(&app, &link, PASSWORD), choose(&app, &link, OTHER)).await;
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410], "of two presses one wins");
    let won = if both.0.status == 303 { both.0 } else { both.1 };
    let request = app.request("GET", "/console").header("cookie", won.cookie());
    let page = app.send(request).await.text();
    assert!(page.contains(&BOB.replace('@', "@<wbr>")) && page.contains("marketing"), "{page}");
    assert_eq!(app.get(&link).await.status, 410);

    let bob = page_of(&admin, BOB).await;
    assert!(admin.page(&bob).await.contains("Active"));
    let sql = "SELECT count(*) FROM audit_entry WHERE action IN ('staff.invite', 'staff.password')";
    assert_eq!(app.count(sql).await, 2);
    let sql = "SELECT count(*) FROM audit_entry WHERE CAST(detail AS text) LIKE '%@%'";
    assert_eq!(app.count(sql).await, 0, "no address in the audit");
}

#[apply(both_databases!)]
async fn what_cannot_be_an_invitation_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    for (email, role, words) in [
        ("", "", "Enter their email address"),
        ("nobody", "viewer", "Enter an email address in the form"),
        ("bob%40sample.example", "", "Choose what the account may do"),
        ("bob%40sample.example", "owner", "Choose what the account may do"),
        ("admin%40sample.example", "viewer", "has an account already"),
        (
            "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example",
            "viewer",
            "Enter an email address",
        ),
    ] {
        let answer = invite(&admin, email, role).await;
        assert_eq!(answer.status, 422, "{email} {role}");
        let page = answer.text();
        assert!(page.contains(words) && !page.contains("<script>alert"), "{email} {role}: {page}");
    }
    let huge = format!("{}@b.example", "x".repeat(10_000));
    assert_eq!(invite(&admin, &huge, "viewer").await.status, 422);
    let five = (0..5).map(|_| invite(&admin, BOB, "viewer"));
    let mut statuses: Vec<u16> = join_all(five).await.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422, 422, 422, 422], "an address has one account");
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind = 'invitation'").await, 1);
}

#[apply(both_databases!)]
async fn an_invitation_ends_and_can_be_sent_again_or_taken_back(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    invite(&admin, BOB, "viewer").await;
    let first = app.next_mail(BOB, 0).await.link("/console/welcome/");
    let bob = page_of(&admin, BOB).await;
    let answer = admin.post(&format!("{bob}/invite-again"), "").await;
    assert!(admin.page(answer.location()).await.contains("Another invitation"));
    let second = app.next_mail(BOB, 1).await.link("/console/welcome/");
    assert_eq!(choose(&app, &first, PASSWORD).await.status, 410, "superseded");
    app.advance(HOUR * 24 * 7);
    assert_eq!(choose(&app, &second, PASSWORD).await.status, 410, "expired");
    assert_eq!(app.get(&second).await.status, 410);

    let admin = app.sign_in(Role::Admin).await;
    assert!(admin.page(&bob).await.contains("does not work any more"));
    admin.post(&format!("{bob}/invite-again"), "").await;
    let third = app.next_mail(BOB, 2).await.link("/console/welcome/");
    let answer = admin.post(&format!("{bob}/cancel"), "").await;
    assert_eq!(answer.location(), "/console/staff?word=cancelled");
    assert_eq!(choose(&app, &third, PASSWORD).await.status, 410, "taken back");
    assert_eq!(admin.get(&bob).await.status, 404);
    assert_eq!(app.count("SELECT count(*) FROM staff").await, 1, "the address is forgotten");

    invite(&admin, BOB, "viewer").await;
    let link = app.next_mail(BOB, 3).await.link("/console/welcome/");
    assert_eq!(choose(&app, &link, PASSWORD).await.status, 303);
    let bob = page_of(&admin, BOB).await;
    for action in ["cancel", "invite-again"] {
        let answer = admin.post(&format!("{bob}/{action}"), "").await;
        assert_eq!(answer.status, 404, "{action}: the invitation was followed");
    }
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303);
}

#[apply(both_databases!)]
async fn sessions_end_with_role_and_access(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let page = page_of(&admin, BOB).await;
    assert_eq!(admin.post(&format!("{page}/role"), "role=owner").await.status, 422);
    let answer = admin.post(&format!("{page}/role"), "role=marketing").await;
    assert!(admin.page(answer.location()).await.contains("The role is changed"));
    assert_eq!(bob.get("/console").await.location(), "/console/sign-in", "an old cookie");
    let answer = sign_in(&app, BOB, PASSWORD).await;
    let bob = app.desk(bob.staff_id, answer.cookie()).await;
    assert!(bob.page("/console").await.contains("marketing"));

    let answer = admin.post(&format!("{page}/disable"), "").await;
    assert_eq!(answer.status, 422, "it asks first");
    assert!(answer.text().contains("Tick the box") && answer.text().contains("It ends 1 session"));
    let answer = admin.post(&format!("{page}/disable"), "sure=yes").await;
    assert!(admin.page(answer.location()).await.contains("Disabled"));
    assert_eq!(bob.get("/console").await.location(), "/console/sign-in", "an old cookie");
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 422);
    assert_eq!(admin.post(&format!("{page}/reset"), "").await.status, 404, "not while disabled");
    let again = admin.post(&format!("{page}/disable"), "sure=yes").await;
    assert!(again.location().ends_with("word=same"));

    admin.post(&format!("{page}/enable"), "").await;
    assert_eq!(bob.get("/console").await.location(), "/console/sign-in", "it stays ended");
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303);
}

#[apply(both_databases!)]
async fn one_admin_always_remains(database: Database) {
    let app = TestApp::start(database).await;
    let ada = desk(&app, "ada@sample.example", Role::Admin).await;
    invite(&ada, "new@sample.example", "admin").await;
    let page = page_of(&ada, "ada@sample.example").await;
    for (action, fields) in [("role", "role=viewer"), ("disable", "sure=yes")] {
        let answer = ada.post(&format!("{page}/{action}"), fields).await;
        assert_eq!(answer.status, 422, "{action}: who is only invited does not count");
        assert!(answer.text().contains("the last admin who can sign in"));
    }
    let bob = desk(&app, BOB, Role::Admin).await;
    let other = page_of(&ada, BOB).await;
    let (to_bob, to_ada) = (format!("{other}/disable"), format!("{page}/disable"));
    let both = join(ada.post(&to_bob, "sure=yes"), bob.post(&to_ada, "sure=yes")).await;
    let active = "SELECT count(*) FROM staff WHERE role = 'admin' AND disabled_at IS NULL
                      AND password_hash IS NOT NULL";
    assert_eq!(app.count(active).await, 1, "{} {}", both.0.status, both.1.status);
}

#[apply(both_databases!)]
async fn a_forgotten_password_is_chosen_anew_by_a_mailed_link(database: Database) {
    let app = TestApp::start(database).await;
    let bob = desk(&app, BOB, Role::Viewer).await;
    let page = app.get("/console/forgot").await;
    assert!(page.text().contains("Forgotten password"));
    let known = app.post("/console/forgot", "email=BOB%40sample.example").await;
    let unknown = app.post("/console/forgot", "email=who%40sample.example").await;
    assert_eq!((known.status, known.location()), (303, "/console/forgot?word=sent"));
    assert_eq!((unknown.status, unknown.location()), (known.status, known.location()));
    let headers = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(headers(&known), headers(&unknown));
    assert!(app.get(known.location()).await.text().contains("If that address has an account"));
    assert_eq!(app.post("/console/forgot", "email=").await.status, 422);

    let link = app.next_mail(BOB, 0).await.link("/console/reset/");
    assert_eq!(bob.get("/console").await.status, 200, "nothing is changed yet");
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303);
    assert!(app.get(&link).await.text().contains("Choose a new password"));
    assert_eq!(app.get(&link.replace("/reset/", "/welcome/")).await.status, 404);
    let answer = choose(&app, &link, OTHER).await;
    assert_eq!((answer.status, answer.location()), (303, "/console"));
    assert_eq!(bob.get("/console").await.location(), "/console/sign-in", "an old cookie");
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 422);
    assert_eq!(sign_in(&app, BOB, OTHER).await.status, 303);
    assert_eq!(choose(&app, &link, PASSWORD).await.status, 410, "it works once");
    assert!(app.mail_to("who@sample.example").is_empty());

    app.post("/console/forgot", "email=bob%40sample.example").await;
    let link = app.next_mail(BOB, 1).await.link("/console/reset/");
    app.advance(HOUR);
    assert_eq!(choose(&app, &link, PASSWORD).await.status, 410, "it works for an hour");
}

#[apply(both_databases!)]
async fn wishes_for_a_password_are_limited(database: Database) {
    let set = [
        ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day"),
        ("ASSENT_LIMIT_SIGNUPS_PER_IP", "20/min"),
    ];
    let app = TestApp::start_with(database, &set).await;
    account(&app, BOB, Role::Viewer).await;
    let mut statuses = Vec::new();
    for _ in 0..21 {
        statuses.push(app.post("/console/forgot", "email=bob%40sample.example").await.status);
    }
    assert_eq!(statuses.pop(), Some(429), "one network address asks so often");
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    poll::until("all wishes answered", || async {
        (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
    })
    .await;
    assert_eq!(app.count("SELECT count(*) FROM staff_link").await, 1, "a minute apart");
}

#[apply(both_databases!)]
async fn an_admin_sends_a_link_to_a_new_password(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    account(&app, BOB, Role::Viewer).await;
    let page = page_of(&admin, BOB).await;
    let answer = admin.post(&format!("{page}/reset"), "").await;
    assert!(admin.page(answer.location()).await.contains("A link to a new password"));
    let link = app.next_mail(BOB, 0).await.link("/console/reset/");
    admin.post(&format!("{page}/disable"), "sure=yes").await;
    assert_eq!(choose(&app, &link, OTHER).await.status, 410, "not while disabled");
    admin.post(&format!("{page}/enable"), "").await;
    assert_eq!(choose(&app, &link, OTHER).await.status, 410, "it ended with the access");
    assert_eq!(sign_in(&app, BOB, PASSWORD).await.status, 303, "the password is the same");
}

#[tokio::test]
async fn the_mails_to_staff() {
    let app = TestApp::start(Database::Sqlite).await;
    let admin = app.sign_in(Role::Admin).await;
    invite(&admin, BOB, "marketing").await;
    let mail = app.next_mail(BOB, 0).await;
    same_mail("mail_invitation", &mail);
    choose(&app, &mail.link("/console/welcome/"), PASSWORD).await;
    app.post("/console/forgot", "email=bob%40sample.example").await;
    same_mail("mail_password_reset", &app.next_mail(BOB, 1).await);
}
