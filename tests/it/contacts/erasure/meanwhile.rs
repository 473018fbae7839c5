//! Erased while a form arrives, a mail waits, a press confirms, or others press too.

use std::time::Duration;

use assent::domain::mail::outbox::DeliveryOutcome;
use assent::domain::signup::link::LinkKind;
use assent::flows::signup::confirm::{Confirmation, Press, confirm};
use assent::store::mail::outbox::{self, Delivery};
use assent::store::signup::signups;
use macro_rules_attribute::apply;

use super::{ADA, TICKED, TYPED, address_key, choices, noted, state};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn a_form_that_arrives_meanwhile_is_a_new_wish(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")]).await;
    for round in 0..4 {
        let email = format!("ada{round}@b.example");
        app.subscribe(&email, "").await;
        let page = choices(&app, &email);
        let forms = futures_util::future::join_all((0..24).map(|_| app.ask(&email)));
        let erase = format!("{page}/erase");
        let erased = app.post(&erase, TICKED);
        let (forms, erased) = futures_util::join!(forms, erased);
        assert!(erased.status == 200 && forms.iter().all(|form| form.status == 303));
    }
    let orphans =
        "SELECT count(*) FROM consent_event e WHERE e.type = 'requested' AND e.body IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM signup s WHERE s.signup_id = e.subject_id)";
    assert_eq!(app.count(orphans).await, 0, "nothing is left that no later erasure would find");
}

#[apply(both_databases!)]
async fn mail_that_waited_is_never_sent(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    // Put off until tomorrow, as a busy relay would.
    let tomorrow = match database {
        Database::Sqlite => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, next_at = next_at + 86400000000"
        }
        Database::Postgres => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, next_at = next_at + interval '1 day'"
        }
    };
    assert_eq!(app.tamper(tomorrow).await.unwrap(), 2);
    // One is being handed over at this very moment.
    let mut tx = app.write().await;
    let then = app.clock.now().plus(Duration::from_hours(48));
    let under_way = outbox::claim(&mut tx, then, 1, &[]).await.unwrap().remove(0);
    tx.commit().await.unwrap();

    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, 0);
    let mut tx = app.write().await;
    let done = Delivery {
        mail: &under_way,
        outcome: DeliveryOutcome::Sent,
        detail: "handed over",
        next_at: None,
    };
    let held = outbox::mark_delivered(&mut tx, &app.core.moment(), &[done]).await.unwrap();
    assert!(held.is_empty());
    tx.commit().await.unwrap();
    app.advance(Duration::from_hours(48));
    assert_eq!(app.ask("bob@b.example").await.status, 303);
    app.next_mail("bob@b.example", 0).await;
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.inbox().len()), (2, 3));
}

#[apply(both_databases!)]
async fn what_is_confirmed_at_that_moment_goes_as_well(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "").await;
    let page = choices(&app, ADA);
    let open = app.ask_and_read(ADA, "&newsletter=weekly").await.link("/confirm/");
    app.mail_settled().await;
    let token = open.rsplit('/').next().unwrap();
    let signup_id = app.core.links.secrets.open(LinkKind::Confirm, token).unwrap().id;
    let mut confirming = app.write().await;
    let signup = signups::find(&mut confirming, signup_id).await.unwrap().unwrap();
    let confirmed = confirm(
        &mut confirming,
        app.core.flow_settings.at(&app.core.moment()),
        &signup,
        Press::Link,
    )
    .await
    .unwrap();
    assert!(matches!(confirmed, Confirmation::Confirmed { .. }), "{confirmed:?}");
    let erase = app
        .request("POST", &format!("{page}/erase"))
        .header("content-type", "application/x-www-form-urlencoded");
    let erasing = tokio::spawn(erase.body(TICKED).send());
    if database == Database::Postgres {
        poll::until("the erasure to wait", || async {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (app.count(waiting).await > 0).then_some(())
        })
        .await;
    }
    confirming.commit().await.unwrap();
    assert_eq!(erasing.await.unwrap().unwrap().status(), 200);
    assert_eq!(app.post(&open, "").await.status, 410);
    app.mail_settled().await;
    assert_eq!(state(&app).await, [0, 0, 0, 0, 0, 0, 0, 0, 2]);
    let erased = "SELECT count(DISTINCT purpose) FROM consent_event WHERE type = 'erased'";
    assert_eq!(app.count(erased).await, 2, "whoever holds a copy is told of both purposes");
}

#[apply(both_databases!)]
async fn eight_presses_at_once_erase_once(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let erase = format!("{}/erase", choices(&app, ADA));
    let presses = futures_util::future::join_all((0..8).map(|_| app.post(&erase, TICKED))).await;
    assert!(presses.iter().all(|press| [200, 410].contains(&press.status)));
    assert!(presses.iter().any(|press| press.status == 200));
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'erased'").await, 2);
    assert_eq!(state(&app).await, [0, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert!(noted(&app).iter().all(|line| *line == address_key(&app, ADA)));
}
