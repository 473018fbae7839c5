//! Whatever people and their publisher do by the rules is sound, and a check in the midst of it says so.

use std::time::Duration;

use assent::domain::contacts::address_key::AddressKey;
use assent::domain::contacts::email_address::EmailAddress;
use assent::flows::contacts::allow_export::allow_export;
use assent::random::Moments;
use assent::sealing::verify::verify;
use assent::store::contacts::subscribers;
use assent::store::ledger::verdicts::Verdict;
use assent::worker::tasks::forget_signups::forget_signups;
use macro_rules_attribute::apply;

use super::sealing::append_in;
use super::{EXPORT, WEEKLY, assert_sound, check, command, does, seal, sealed_leaves, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

fn key(app: &TestApp, email: &str) -> AddressKey {
    app.core.flow_settings.address_secret.key(&EmailAddress::parse(email).unwrap())
}

#[apply(both_databases!)]
async fn an_honest_history_is_sound(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.subscribe("bob@b.example", "").await;
    assert_sound(&app).await;
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    assert_sound(&app).await;
    app.subscribe("Ada@B.example", "").await;
    app.subscribe("bob@b.example", WEEKLY).await;
    assert_sound(&app).await;
    let not_me = app.ask_and_read("cyd@b.example", WEEKLY).await.link("/not-me");
    assert_eq!(app.post(&not_me, "").await.status, 200);
    app.ask_and_read("dan@b.example", WEEKLY).await;
    seal(&app).await;
    assert_eq!(app.post(&format!("{manage}/erase"), "confirm=yes").await.status, 200);
    app.ask_and_read("eve@b.example", "").await;
    app.advance(Duration::from_hours(24 * 8));
    let core = &app.core;
    assert!(forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap() >= 3);
    let found = assert_sound(&app).await;
    assert_eq!(found.size, i64::try_from(sealed_leaves(&app.core.db).await.len()).unwrap());
    let bare = app.count("SELECT count(*) FROM consent_event WHERE body IS NULL").await;
    assert!(bare >= 10 && found.erased == bare.cast_unsigned(), "{bare}");
    app.subscribe("ada@b.example", WEEKLY).await;
    assert_sound(&app).await;
    assert_eq!(does(&app, &EXPORT).matches("@b.example").count(), 2);
}

#[apply(both_databases!)]
async fn what_is_published_during_a_check_is_no_offence(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    seal(&app).await;
    let core = &app.core;
    let meanwhile = |_| {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                app.advance(Duration::from_secs(1));
                let mut tx = app.write().await;
                app.publish_policy(&mut tx, "2026-12").await;
                append_in(&app, &mut tx, 1).await;
                tx.commit().await.unwrap();
            });
        });
    };
    let found =
        verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), meanwhile)
            .await
            .unwrap();
    assert!(found.is_sound(), "{:?}", found.findings);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn what_another_check_found_meanwhile_stands_until_one_that_began_after_it(
    database: Database,
) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    seal(&app).await;
    let core = &app.core;
    let meanwhile = |_| {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let finding = Some("row 1: it was changed and changed back".to_owned());
                let verdict =
                    Verdict { checked_at: app.clock.now(), size: 2, finding, warning: None };
                app.says_of_ledger(&verdict).await;
            });
        });
    };
    let found =
        verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), meanwhile)
            .await
            .unwrap();
    assert!(found.findings[0].contains("run this one again"), "{:?}", found.findings);
    assert!(
        allow_export(&mut app.read().await, &app.core.flow_settings, app.clock.now())
            .await
            .unwrap_err()
            .to_string()
            .contains("row 1")
    );
    assert_sound(&app).await;
    allow_export(&mut app.read().await, &app.core.flow_settings, app.clock.now()).await.unwrap();
}

#[apply(both_databases!)]
async fn a_check_amid_traffic_finds_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let mut links = vec![];
    for n in 0..10 {
        let email = format!("reader{n}@b.example");
        let link = app.ask_and_read(&email, WEEKLY).await.link("/confirm/");
        links.push((email, link));
    }
    let traffic = async {
        for (email, link) in &links {
            assert_eq!(app.post(link, "").await.status, 303);
            let id = subscribers::find_id(&mut app.read().await, &key(&app, email)).await.unwrap();
            let manage = app.core.links.manage(id.unwrap());
            app.post(&format!("{manage}/withdraw-all"), "").await;
            app.post(&manage, "purpose=privacy-policy").await;
            app.post(&format!("{manage}/erase"), "confirm=yes").await;
        }
    };
    let checking = async {
        while app.count("SELECT count(*) FROM consent_event WHERE type = 'erased'").await < 20 {
            assert_sound(&app).await;
        }
    };
    tokio::join!(traffic, checking);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn an_older_verdict_that_is_put_back_is_not_the_newest(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    assert_sound(&app).await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM ledger_verdict").await.unwrap();
    assert!(does(&app, &EXPORT).contains("ada@b.example"));
    unguard(&app).await;
    app.tamper("UPDATE audit_entry SET actor = 'nobody'").await.unwrap();
    assert!(!check(&app).await.is_sound());
    app.tamper("DELETE FROM ledger_verdict").await.unwrap();
    app.tamper("INSERT INTO ledger_verdict SELECT * FROM kept").await.unwrap();
    let refused = command(&app, &EXPORT);
    assert_eq!((refused.status.code(), refused.stdout), (Some(1), vec![]));
}
