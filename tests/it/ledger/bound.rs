//! A link that was mailed to one address gives nothing for another, whatever is written into the database.

use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_sound, check, command, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

const EVE: &str = "eve@b.example";
const VIC: &str = "vic@b.example";
const PARKED: &str = "SELECT count(*) FROM outbox WHERE state = 'parked'";
const WHY: &str = "SELECT count(*) FROM outbox WHERE state = 'parked' AND reason LIKE 'the address it goes to was changed%'";
const OF_VIC: &str =
    "SELECT count(*) FROM consent c JOIN subscriber u ON u.subscriber_id = c.subscriber_id
     WHERE u.email = 'vic@b.example' AND c.purpose = 'newsletter:weekly'";
const KEYS: &str = "CREATE TABLE who AS SELECT email, address_key, subscriber_id FROM subscriber";

/// Eve has the weekly; Vic agreed to the privacy policy alone.
async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe(VIC, "").await;
    app.subscribe(EVE, WEEKLY).await;
    app.tamper(KEYS).await.unwrap();
    seal(&app).await;
    assert_sound(&app).await;
    app
}

async fn does(app: &TestApp, sql: &'static str) {
    assert!(app.tamper(sql).await.unwrap() > 0, "{sql}");
}

/// The mail that was put into the outbox is not sent, and staff see why.
async fn is_parked(app: &TestApp) {
    poll::until("the mail that failed for good", || async {
        (app.count(PARKED).await == 1).then_some(())
    })
    .await;
    assert_eq!(app.count(WHY).await, 1);
}

async fn nothing_is_exported_of_vic(app: &TestApp) {
    assert_eq!(app.count(OF_VIC).await, 0);
    assert!(!String::from_utf8_lossy(&command(app, &EXPORT).stdout).contains(VIC));
}

#[apply(both_databases!)]
async fn a_form_that_became_somebody_elses_is_not_confirmed(database: Database) {
    let app = history(database).await;
    let mail = app.ask_and_read(EVE, WEEKLY).await;
    does(
        &app,
        "UPDATE signup SET email = 'vic@b.example',
                        address_key = (SELECT address_key FROM who WHERE email = 'vic@b.example')
                    WHERE status = 'pending'",
    )
    .await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 500);
    nothing_is_exported_of_vic(&app).await;
    let found = check(&app).await;
    assert!(found.findings.iter().any(|what| what.contains("signup")), "{:?}", found.findings);
    assert!(!found.findings.iter().any(|what| what.contains('@')));
    // Put back, it is hers again.
    does(
        &app,
        "UPDATE signup SET email = 'eve@b.example',
                        address_key = (SELECT address_key FROM who WHERE email = 'eve@b.example')
                    WHERE status = 'pending'",
    )
    .await;
    assert_sound(&app).await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn a_form_is_not_mailed_to_whoever_it_is_pointed_at(database: Database) {
    let app = history(database).await;
    app.ask_and_read(VIC, WEEKLY).await;
    app.mail_settled().await;
    let before = app.mail_to(EVE).len();
    does(
        &app,
        "UPDATE signup SET email = 'eve@b.example',
                        address_key = (SELECT address_key FROM who WHERE email = 'eve@b.example')
                    WHERE status = 'pending'",
    )
    .await;
    does(
        &app,
        "UPDATE outbox SET state = 'queued', finished_at = NULL, reason = NULL
                    WHERE signup_id IN (SELECT signup_id FROM signup WHERE status = 'pending')",
    )
    .await;
    is_parked(&app).await;
    assert_eq!(app.mail_to(EVE).len(), before);
}

#[apply(both_databases!)]
async fn what_a_form_forgets_is_not_brought_back(database: Database) {
    let app = history(database).await;
    let mail = app.ask_and_read(EVE, WEEKLY).await;
    let manage = app.mail_to(EVE)[1].link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    // The form would be newer than her leaving.
    does(&app, "UPDATE signup SET reach = 1000 WHERE status = 'pending'").await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 500);
    assert_eq!(app.exported("newsletter:weekly").await, Vec::<String>::new());
}

#[apply(both_databases!)]
async fn a_link_to_choices_is_mailed_to_no_other_address(database: Database) {
    let app = history(database).await;
    app.mail_settled().await;
    let before = app.mail_to(EVE).len();
    does(&app, "UPDATE subscriber SET email = 'eve@b.example' WHERE email = 'vic@b.example'").await;
    does(&app, "INSERT INTO outbox (outbox_id, kind, subscriber_id, limiter_key, state, next_at, created_at)
                    SELECT subscriber_id, 'preferences_link', subscriber_id, address_key, 'queued', o.next_at, o.created_at
                    FROM who, (SELECT next_at, created_at FROM outbox LIMIT 1) AS o WHERE email = 'vic@b.example'").await;
    is_parked(&app).await;
    assert_eq!(app.mail_to(EVE).len(), before);
}

#[apply(both_databases!)]
async fn somebody_elses_choices_give_nothing_and_can_be_ended(database: Database) {
    let app = history(database).await;
    let eves = app.mail_to(EVE)[1].link("/preferences/");
    let seen = app.seen(&eves).await;
    // Her key with his address, and his with one of nobody.
    does(
        &app,
        "UPDATE subscriber SET address_key = (SELECT limiter_key FROM signup LIMIT 1)
                    WHERE email = 'vic@b.example'",
    )
    .await;
    does(
        &app,
        "UPDATE subscriber SET email = 'vic@b.example',
                        address_key = (SELECT address_key FROM who WHERE email = 'vic@b.example')
                    WHERE email = 'eve@b.example'",
    )
    .await;
    let body = format!(
        "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Aweekly{seen}"
    );
    let again = format!("{body}&name=Eve");
    let left = app.post(&format!("{eves}/withdraw-all"), "").await;
    assert_eq!(left.status, 303, "nobody is kept from leaving");
    assert_eq!(app.post(&eves, &again.replace(&seen, &app.seen(&eves).await)).await.status, 500);
    assert!(!String::from_utf8_lossy(&command(&app, &EXPORT).stdout).contains(VIC));
    assert!(!check(&app).await.is_sound());
}

#[apply(both_databases!)]
async fn a_tick_of_another_form_gives_nothing(database: Database) {
    let app = history(database).await;
    app.ask_and_read("mal@b.example", WEEKLY).await;
    let mail = app.ask_and_read(VIC, "").await;
    seal(&app).await;
    unguard(&app).await;
    does(&app, "UPDATE consent_event SET subject_id = (SELECT signup_id FROM signup WHERE email = 'vic@b.example' AND status = 'pending'), seq = 9
                    WHERE purpose = 'newsletter:weekly'
                      AND subject_id = (SELECT signup_id FROM signup WHERE email = 'mal@b.example')").await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 500);
    nothing_is_exported_of_vic(&app).await;
}

#[apply(both_databases!)]
async fn a_row_within_a_row_is_not_exported(database: Database) {
    let app = history(database).await;
    let name = match database {
        Database::Sqlite => {
            "UPDATE subscriber SET name = 'A' || char(30) || 'B' || char(31) || 'C' WHERE email = 'eve@b.example'"
        }
        Database::Postgres => {
            "UPDATE subscriber SET name = 'A' || chr(30) || 'B' || chr(31) || 'C' WHERE email = 'eve@b.example'"
        }
    };
    does(&app, name).await;
    if database == Database::Sqlite {
        let output = command(&app, &EXPORT);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&output.stderr)
                .contains("a contact is not as this program writes it")
        );
    }
    let told = check(&app).await.findings;
    assert!(told.iter().any(|what| what.contains("a text of theirs")), "{told:?}");
}
