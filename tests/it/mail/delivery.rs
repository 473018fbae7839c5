//! Mail through a real SMTP server: handed over once, tried again, parked, never in the way.

use assent::domain::mail::outbox::{DeliveryOutcome, OutboxState};
use assent::store::mail::outbox::{self, Delivery, HeldMail};
use macro_rules_attribute::apply;

use crate::mail::kills::end_leases;
use crate::support::app::{Database, TestApp};
use crate::support::inbox::Mail;
use crate::support::smtp::SmtpSink;
use crate::support::{both_databases, poll};

async fn start(database: Database, sink: &SmtpSink) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_MAIL_URL", &sink.url())]).await
}

async fn received(sink: &SmtpSink, count: usize) -> Vec<Mail> {
    poll::until(&format!("{count} mails at the relay"), || async {
        let messages = sink.messages().await;
        (messages.len() >= count).then(|| messages.iter().map(|raw| Mail::parse(raw)).collect())
    })
    .await
}

async fn in_state(app: &TestApp, state: OutboxState, count: i64) {
    poll::until(&format!("{count} mails {state:?}"), || async {
        let states = outbox::count_by_state(&mut app.read().await).await.unwrap();
        states.contains(&(state, count)).then_some(())
    })
    .await;
}

#[apply(both_databases!)]
async fn a_reader_follows_the_link_that_the_relay_took(database: Database) {
    let sink = SmtpSink::start(&[]);
    let app = start(database, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let mail = received(&sink, 1).await.remove(0);
    assert_eq!(mail.to, "ada@b.example");
    assert!(mail.raw.contains("Auto-Submitted: auto-generated"));
    assert!(!mail.raw.contains("List-Unsubscribe") && !mail.raw.contains("Precedence"));
    assert!(mail.html.contains("/confirm/") && !mail.html.contains("<img"));
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    let both = received(&sink, 2).await;
    assert_ne!(both[0].message_id, both[1].message_id);
    assert_eq!(sink.envelope_to().await, vec![vec!["ada@b.example".to_owned()]; 2]);
    in_state(&app, OutboxState::Sent, 2).await;
    assert_eq!(app.count("SELECT count(*) FROM delivery WHERE outcome = 'sent'").await, 2);
}

#[apply(both_databases!)]
async fn many_mails_leave_once_each(database: Database) {
    let sink = SmtpSink::start(&[]);
    let app = start(database, &sink).await;
    let asked = (0..60).map(|n| {
        let app = &app;
        async move { app.ask(&format!("r{n}@b.example")).await }
    });
    assert!(futures_util::future::join_all(asked).await.iter().all(|a| a.status == 303));
    in_state(&app, OutboxState::Sent, 60).await;
    let mut to: Vec<String> = received(&sink, 60).await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), sink.messages().await.len()), (60, 60));
}

#[apply(both_databases!)]
async fn a_relay_that_refuses_for_good_gets_the_mail_parked(database: Database) {
    let sink = SmtpSink::start(&["-f", "RCPT"]);
    let app = start(database, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    in_state(&app, OutboxState::Parked, 1).await;
    let parked = outbox::list_parked(&mut app.read().await).await.unwrap();
    assert!(parked[0].1.contains("the relay answered 5") && !parked[0].1.contains("ada"));
}

#[apply(both_databases!)]
async fn a_relay_that_is_busy_is_tried_again_later(database: Database) {
    let sink = SmtpSink::start(&["-r", "RCPT"]);
    let app = start(database, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let tries = "SELECT count(*) FROM delivery WHERE outcome = 'deferred'";
    poll::until("a first try", || async { (app.count(tries).await == 1).then_some(()) }).await;
    app.advance(std::time::Duration::from_secs(20));
    poll::until("a second try", || async { (app.count(tries).await == 2).then_some(()) }).await;
    in_state(&app, OutboxState::Queued, 1).await;
    assert!(sink.messages().await.is_empty());
}

#[apply(both_databases!)]
async fn a_dropped_connection_after_the_message_is_tried_again(database: Database) {
    let sink = SmtpSink::start(&["-q", "."]);
    let app = start(database, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let tries = "SELECT count(*) FROM delivery WHERE outcome = 'deferred'";
    poll::until("a try", || async { (app.count(tries).await == 1).then_some(()) }).await;
    app.advance(std::time::Duration::from_secs(20));
    let twice = received(&sink, 2).await;
    assert_eq!(twice[0].message_id, twice[1].message_id, "one message, whoever counts");
}

#[apply(both_databases!)]
async fn a_mail_to_a_changed_address_stops_no_other(database: Database) {
    let broken = "INSERT INTO outbox (outbox_id, kind, signup_id, limiter_key, state, next_at, created_at)
                      SELECT signup_id, 'confirm', signup_id, limiter_key, 'queued', created_at, created_at
                      FROM signup";
    for (change, why) in [
        ("UPDATE signup SET email = 'another@b.example'", "was changed in the database"),
        ("UPDATE signup SET email = 'no address'", "cannot be read"),
    ] {
        let sink = SmtpSink::start(&[]);
        let app = start(database, &sink).await;
        app.tamper("UPDATE report SET title = title").await.unwrap();
        assert_eq!(app.ask("ada@b.example").await.status, 303);
        in_state(&app, OutboxState::Sent, 1).await;
        app.tamper(change).await.unwrap();
        assert_eq!(app.tamper(broken).await.unwrap(), 1);
        assert_eq!(app.ask("bob@b.example").await.status, 303);
        in_state(&app, OutboxState::Parked, 1).await;
        in_state(&app, OutboxState::Sent, 2).await;
        let parked = outbox::list_parked(&mut app.read().await).await.unwrap();
        assert!(parked[0].1.contains(why), "{}", parked[0].1);
    }
}

#[apply(both_databases!)]
async fn mail_about_something_settled_is_dropped(database: Database) {
    let sink = SmtpSink::start(&["-r", "RCPT"]);
    let app = start(database, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let tries = "SELECT count(*) FROM delivery WHERE outcome = 'deferred'";
    poll::until("a first try", || async { (app.count(tries).await == 1).then_some(()) }).await;
    app.advance(std::time::Duration::from_hours(72));
    in_state(&app, OutboxState::Dropped, 1).await;
}

/// Claims by hand need an outbox that no worker works: a relay that never answers in time is not one,
/// so the mails here are due tomorrow.
async fn tomorrow(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.mail_settled().await;
    let due = match database {
        Database::Sqlite => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, reason = NULL, attempts = 0, next_at = next_at + 86400000000"
        }
        Database::Postgres => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, reason = NULL, attempts = 0, next_at = next_at + interval '1 day'"
        }
    };
    assert_eq!(app.tamper(due).await.unwrap(), 2);
    app
}

#[apply(both_databases!)]
async fn a_lost_lease_is_somebody_elses_and_fences_the_first(database: Database) {
    let app = tomorrow(database).await;
    let then = app.clock.now().plus(std::time::Duration::from_hours(48));
    let claim = || async {
        let mut tx = app.write().await;
        let claimed = outbox::claim(&mut tx, then, 10, &[]).await.unwrap();
        tx.commit().await.unwrap();
        claimed
    };
    let first = claim().await;
    assert_eq!(first.len(), 2);
    assert!(claim().await.is_empty(), "leased");
    end_leases(&app.core.db).await;
    let second = claim().await;
    assert_eq!(second.len(), 2);
    // Together with one that is held no more, one that is held counts.
    let tries = [[&first[0], &first[1]], [&first[0], &second[1]], [&second[0], &second[1]]];
    let held = [vec![], vec![second[1].outbox_id], vec![second[0].outbox_id]];
    for (mails, held) in tries.into_iter().zip(held) {
        let (outcome, detail) = (DeliveryOutcome::Sent, "handed over");
        let done = mails.map(|mail| Delivery { mail, outcome, detail, next_at: None });
        let mut tx = app.write().await;
        let marked = outbox::mark_delivered(&mut tx, &app.core.moment(), &done).await.unwrap();
        assert_eq!(marked.into_iter().collect::<Vec<_>>(), held);
        tx.commit().await.unwrap();
    }
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE state = 'sent' AND attempts = 1").await,
        2
    );
    assert_eq!(app.count("SELECT count(*) FROM delivery WHERE detail = 'handed over'").await, 4);
}

#[apply(both_databases!)]
async fn what_is_under_way_is_held_for_longer(database: Database) {
    let app = tomorrow(database).await;
    let then = app.clock.now().plus(std::time::Duration::from_hours(48));
    let mut tx = app.write().await;
    let claimed = outbox::claim(&mut tx, then, 10, &[]).await.unwrap();
    tx.commit().await.unwrap();
    end_leases(&app.core.db).await;
    let held: Vec<HeldMail> = claimed
        .iter()
        .map(|mail| HeldMail { outbox_id: mail.outbox_id, claims: mail.claims })
        .collect();
    // One of them was taken by somebody else, who holds it now.
    let other = "UPDATE outbox SET claims = claims + 1 WHERE outbox_id IN (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT 1)";
    assert_eq!(app.tamper(other).await.unwrap(), 1);
    let mut tx = app.write().await;
    let renewed = outbox::renew(&mut tx, then, &held).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(renewed.len(), 1);
    let mut tx = app.write().await;
    let left = outbox::claim(&mut tx, then, 10, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].outbox_id, renewed[0].outbox_id, "the one that was renewed is held");
}

#[apply(both_databases!)]
async fn one_domain_is_sent_no_more_than_its_share(database: Database) {
    let sink = SmtpSink::start(&[]);
    let set = [("ASSENT_MAIL_URL", sink.url()), ("ASSENT_MAIL_PER_DOMAIN", "2/hour".to_owned())];
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::start_with(database, &set).await;
    for email in
        ["a@busy.example", "b@busy.example", "c@busy.example", "d@busy.example", "a@calm.example"]
    {
        assert_eq!(app.ask(email).await.status, 303);
    }
    in_state(&app, OutboxState::Sent, 3).await;
    let later = match database {
        Database::Sqlite => {
            "SELECT count(*) FROM outbox WHERE state = 'queued' AND next_at > created_at + 1200000000"
        }
        Database::Postgres => {
            "SELECT count(*) FROM outbox WHERE state = 'queued' AND next_at > created_at + interval '20 minutes'"
        }
    };
    poll::until("both put off", || async { (app.count(later).await == 2).then_some(()) }).await;
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE attempts > 0 AND state = 'queued'").await,
        0
    );
    assert_eq!(sink.messages().await.len(), 3);
}

#[apply(both_databases!)]
async fn a_worker_never_claims_what_it_holds_still(database: Database) {
    let app = tomorrow(database).await;
    let then = app.clock.now().plus(std::time::Duration::from_hours(48));
    let mut tx = app.write().await;
    let first = outbox::claim(&mut tx, then, 1, &[]).await.unwrap();
    tx.commit().await.unwrap();
    end_leases(&app.core.db).await;
    let mut tx = app.write().await;
    let others = outbox::claim(&mut tx, then, 10, &[first[0].held()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(others.len(), 1);
    assert_ne!(others[0].outbox_id, first[0].outbox_id);
}

#[apply(both_databases!)]
async fn workers_at_once_never_claim_the_same(database: Database) {
    let app = tomorrow(database).await;
    let then = app.clock.now().plus(std::time::Duration::from_hours(48));
    let claims = (0..8).map(|_| {
        let db = app.core.db.clone();
        tokio::spawn(async move {
            let mut tx = db.write().await.unwrap();
            let claimed = outbox::claim(&mut tx, then, 1, &[]).await.unwrap();
            tx.commit().await.unwrap();
            claimed.into_iter().map(|mail| mail.outbox_id).collect::<Vec<_>>()
        })
    });
    let mut ids = Vec::new();
    for claim in futures_util::future::join_all(claims).await {
        ids.extend(claim.unwrap());
    }
    let claimed = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), claimed), (2, 2));
}

// Its answer to DATA takes longer than a lease: what is under way is held for as long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn a_relay_slower_than_a_lease_gets_the_mail_once() {
    let sink = SmtpSink::start(&["-w", "32"]);
    let app = start(Database::Sqlite, &sink).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    poll::within(std::time::Duration::from_secs(90), "the mail sent", || async {
        (app.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await == 1).then_some(())
    })
    .await;
    assert_eq!(app.count("SELECT claims FROM outbox").await, 1);
    assert_eq!(sink.messages().await.len(), 1);
}
