//! A relay that fails in every way there is: each mail leaves in the end under the same Message-ID, at most
//! twice, or is parked with the reason; and no other mail waits for it.

use std::time::Duration;

use assent::domain::alarm::MAIL_RELAY;
use assent::domain::mail::outbox::OutboxState;
use assent::store::alarms;
use assent::store::mail::outbox;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp};
use crate::support::inbox::Mail;
use crate::support::smtp::{Delivery, Fault, FaultyServer, Stage};
use crate::support::verify::{Records, well_formed};
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";
const BOB: &str = "bob@b.example";

/// Longer than any mail is put off.
const LATER: Duration = Duration::from_mins(75);
/// While the relay cannot be used, all mail rests a few seconds at a time.
const PATIENCE: Duration = Duration::from_secs(45);

const PUT_OFF: &str = "SELECT count(*) FROM delivery WHERE outcome = 'deferred'";
const TRIED: &str = "SELECT count(*) FROM delivery";
const PARKED: &str = "SELECT count(*) FROM outbox WHERE state = 'parked'";
const UNTRIED: &str = "SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 0";

async fn start(database: Database, url: &str) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_MAIL_URL", url)]).await
}

async fn ask(app: &TestApp, email: &str) {
    assert_eq!(app.ask(email).await.status, 303);
}

/// Waits until so many tries ended with a word to come back later.
async fn put_off(app: &TestApp, tries: i64) {
    poll::within(PATIENCE, "a mail put off", || async {
        (app.count(PUT_OFF).await == tries).then_some(())
    })
    .await;
}

/// What staff are told once mail waits for the relay; `/readyz` says so, and no more.
async fn waits(app: &TestApp) -> String {
    poll::until("word of the relay", || async {
        let ready = app.get("/readyz").await;
        assert_eq!(ready.status, 200, "signups can still be taken");
        let standing = alarms::list(&mut app.read().await).await.unwrap();
        let relay = standing.into_iter().find(|alarm| alarm.subject == MAIL_RELAY)?;
        ready.text().contains("mail: waits\n").then_some(relay.detail)
    })
    .await
}

/// Waits until so many mails are done with in this state, and none is queued.
async fn all_in(app: &TestApp, state: OutboxState, count: i64) {
    poll::within(PATIENCE, &format!("{count} mails {state:?}"), || async {
        let states = outbox::count_by_state(&mut app.read().await).await.unwrap();
        (states == [(state, count)]).then_some(())
    })
    .await;
}

/// Waits until the relay took so many messages.
async fn taken(server: &FaultyServer, count: usize) -> Vec<Delivery> {
    poll::within(PATIENCE, &format!("{count} mails taken"), || async {
        Some(server.deliveries().await).filter(|taken| taken.len() >= count)
    })
    .await
}

/// Why the one parked mail was parked.
async fn reason(app: &TestApp) -> String {
    outbox::list_parked(&mut app.read().await).await.unwrap().remove(0).1
}

fn ids(deliveries: &[Delivery]) -> Vec<(String, String)> {
    let mails = deliveries.iter().map(|delivery| Mail::parse(&delivery.message));
    mails.map(|mail| (mail.message_id, mail.to)).collect()
}

// An answer that is not understood leaves it open whether the mail was taken, and it is sent again and again.
#[apply(both_databases!)]
async fn answers_without_text_and_in_other_letters_are_understood(database: Database) {
    for fault in [Fault::Terse, Fault::Foreign] {
        let server = FaultyServer::start(fault);
        let app = start(database, &server.url_with_login()).await;
        ask(&app, ADA).await;
        all_in(&app, OutboxState::Sent, 1).await;
        assert_eq!((server.ends(), app.count(TRIED).await), (1, 1), "{fault:?}");
    }
}

#[apply(both_databases!)]
async fn a_greylisted_mail_leaves_a_little_later(database: Database) {
    let server = FaultyServer::start(Fault::Greylist { tries: 2 });
    let app = start(database, &server.url()).await;
    ask(&app, ADA).await;
    put_off(&app, 1).await;
    // Not before its time: whoever comes meanwhile is tried, and it is not.
    app.advance(Duration::from_secs(10));
    ask(&app, BOB).await;
    put_off(&app, 2).await;
    assert_eq!((server.tries(ADA), server.tries(BOB)), (1, 1));
    app.advance(LATER);
    put_off(&app, 4).await;
    app.advance(LATER);
    all_in(&app, OutboxState::Sent, 2).await;
    assert_eq!((server.tries(ADA), server.tries(BOB), app.count(TRIED).await), (3, 3, 6));
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE attempts = 3").await, 2);
    let mut to: Vec<Vec<String>> =
        server.deliveries().await.into_iter().map(|d| d.envelope_to).collect();
    to.sort();
    assert_eq!(to, [[ADA], [BOB]]);
}

#[apply(both_databases!)]
async fn a_refused_address_is_parked_and_stops_nobody_else(database: Database) {
    let server = FaultyServer::start(Fault::RefuseRecipients);
    let app = start(database, &server.url()).await;
    for email in
        ["unknown@b.example", "full@b.example", "blocked@b.example", "garbled@b.example", ADA]
    {
        ask(&app, email).await;
    }
    // Policy may be about us, and what cannot be understood says nothing: both are tried again.
    put_off(&app, 2).await;
    poll::until("two parked", || async { (app.count(PARKED).await == 2).then_some(()) }).await;
    assert_eq!(app.count("SELECT count(*) FROM delivery WHERE detail LIKE '%b.example%'").await, 0);
    assert_eq!(taken(&server, 1).await[0].envelope_to, [ADA]);
    for (_, why) in outbox::list_parked(&mut app.read().await).await.unwrap() {
        assert!(why.contains("55") && !why.contains("b.example"), "{why}");
    }
    // What is refused at the door came back: there is no such mailbox, or it did not want this mail.
    assert_eq!(
        app.count("SELECT count(*) FROM bounce WHERE kind = 'hard' AND status = '5.1.1'").await,
        1
    );
    assert_eq!(
        app.count("SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '5.2.2'").await,
        1
    );
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'bounced'").await, 1);
    // Nobody is asked twice about an address that was refused.
    app.advance(LATER);
    ask(&app, "unknown@b.example").await;
    ask(&app, BOB).await;
    taken(&server, 2).await;
    assert_eq!(server.tries("unknown@b.example"), 1);
}

#[apply(both_databases!)]
async fn a_refused_message_is_parked(database: Database) {
    for fault in [Fault::RefuseContent, Fault::Size(500)] {
        let server = FaultyServer::start(fault);
        let app = start(database, &server.url()).await;
        ask(&app, ADA).await;
        all_in(&app, OutboxState::Parked, 1).await;
        assert!(reason(&app).await.contains("55"), "{fault:?}: {}", reason(&app).await);
        assert!(server.deliveries().await.is_empty());
    }
}

// The sender is the same for all: nothing is the matter with the mail.
#[apply(both_databases!)]
async fn a_refused_sender_lets_all_mail_wait(database: Database) {
    let server = FaultyServer::start(Fault::RefuseSender);
    let app = start(database, &server.url()).await;
    ask(&app, ADA).await;
    assert!(waits(&app).await.contains("550"));
    assert_eq!((app.count(UNTRIED).await, app.count(PARKED).await), (1, 0));
    server.turn(Fault::None);
    all_in(&app, OutboxState::Sent, 1).await;
    assert_eq!(app.get("/readyz").await.text(), "database: ok\nmail: ok\ntasks: ok\n");
}

#[apply(both_databases!)]
async fn a_wrong_password_lets_all_mail_wait(database: Database) {
    let server = FaultyServer::start(Fault::RefusePassword);
    let app = start(database, &server.url_with_login()).await;
    ask(&app, ADA).await;
    ask(&app, BOB).await;
    let word = waits(&app).await;
    assert!(word.contains("535") && !word.contains("secret"), "{word}");
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!((app.count(UNTRIED).await, app.count(PARKED).await), (2, 0));
    assert!(server.logins() > 0);
    server.turn(Fault::None);
    all_in(&app, OutboxState::Sent, 2).await;
    assert_eq!(app.get("/readyz").await.text(), "database: ok\nmail: ok\ntasks: ok\n");
    assert_eq!(server.deliveries().await[0].login.as_deref(), Some("reports"));
}

#[apply(both_databases!)]
async fn a_relay_without_an_address_lets_all_mail_wait(database: Database) {
    // A label longer than 63 octets: the resolver refuses it without asking anybody.
    let nowhere = format!("smtp://{}.invalid:25?tls=none", "x".repeat(64));
    let app = start(database, &nowhere).await;
    ask(&app, ADA).await;
    waits(&app).await;
    assert_eq!((app.count(UNTRIED).await, app.count(PARKED).await), (1, 0));
    assert_eq!(app.get(PATH).await.status, 200);
}

#[apply(both_databases!)]
async fn a_relay_that_closes_gets_the_mail_once_it_opens(database: Database) {
    use Stage::{Connection, Data, Ehlo, Mail, Message, Rcpt};
    join_all([Connection, Ehlo, Mail, Rcpt, Data, Message].map(|stage| async move {
        let server = FaultyServer::start(Fault::Close(stage));
        let app = start(database, &server.url()).await;
        ask(&app, ADA).await;
        // Whether the mail is put off or all mail waits depends on the stage; neither parks it.
        let put_off = poll::until("a try in vain", || async {
            let put_off = app.count(PUT_OFF).await == 1;
            (put_off || app.get("/readyz").await.text().contains("mail: waits")).then_some(put_off)
        })
        .await;
        assert_eq!(app.count(PARKED).await, 0, "{stage:?}");
        server.turn(Fault::None);
        if put_off {
            app.advance(LATER);
        }
        all_in(&app, OutboxState::Sent, 1).await;
        assert_eq!(server.deliveries().await.len(), 1, "{stage:?}");
    }))
    .await;
}

#[apply(both_databases!)]
async fn a_relay_that_keeps_silent_gets_the_mail_once_it_answers(database: Database) {
    let server = FaultyServer::start(Fault::Hang);
    let set = [("ASSENT_MAIL_URL", server.url()), ("ASSENT_MAIL_TIMEOUT", "2s".to_owned())];
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::start_with(database, &set).await;
    ask(&app, ADA).await;
    put_off(&app, 1).await;
    server.turn(Fault::None);
    app.advance(LATER);
    all_in(&app, OutboxState::Sent, 1).await;
    assert_eq!((server.ends(), server.deliveries().await.len()), (2, 1));
}

#[apply(both_databases!)]
async fn a_connection_lost_at_the_end_costs_one_duplicate_at_most(database: Database) {
    for taken in [true, false] {
        let server = FaultyServer::start(Fault::Drop { taken });
        let app = start(database, &server.url()).await;
        ask(&app, ADA).await;
        put_off(&app, 1).await;
        server.turn(Fault::None);
        app.advance(LATER);
        all_in(&app, OutboxState::Sent, 1).await;
        let deliveries = server.deliveries().await;
        assert_eq!((server.ends(), deliveries.len()), (2, 1 + usize::from(taken)));
        let mut ids = ids(&deliveries);
        ids.dedup();
        assert_eq!(ids.len(), 1, "the same Message-ID");
    }
}

#[apply(both_databases!)]
async fn an_address_beyond_ascii_is_parked_where_the_relay_cannot_take_it(database: Database) {
    let server = FaultyServer::start(Fault::Close(Stage::Connection));
    let app = start(database, &server.url()).await;
    ask(&app, ADA).await;
    waits(&app).await;
    // The door takes no such address; older data might hold one.
    let wide = "UPDATE signup SET email = 'ädä@b.example'";
    assert_eq!(app.tamper(wide).await.unwrap(), 1);
    server.turn(Fault::Ascii);
    all_in(&app, OutboxState::Parked, 1).await;
    ask(&app, BOB).await;
    assert_eq!(taken(&server, 1).await[0].envelope_to, [BOB]);
}

#[apply(both_databases!)]
async fn a_relay_that_takes_few_connections_gets_all_mail_over_those(database: Database) {
    let server = FaultyServer::start(Fault::Crowd(2));
    let app = start(database, &server.url()).await;
    for n in 0..60 {
        ask(&app, &format!("r{n}@b.example")).await;
    }
    all_in(&app, OutboxState::Sent, 60).await;
    assert_eq!((server.ends(), app.count(TRIED).await), (60, 60));
    assert!(server.connections() < 40, "{}", server.connections());
    assert_eq!(app.get("/readyz").await.text(), "database: ok\nmail: ok\ntasks: ok\n");
}

#[apply(both_databases!)]
async fn a_slow_relay_gets_each_mail_once(database: Database) {
    let server = FaultyServer::start(Fault::Slow(Duration::from_millis(200)));
    let app = start(database, &server.url()).await;
    for n in 0..40 {
        ask(&app, &format!("r{n}@b.example")).await;
    }
    all_in(&app, OutboxState::Sent, 40).await;
    let mut ids = ids(&server.deliveries().await);
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), server.ends()), (40, 40));
    assert!(server.connections() < 40, "kept between mails");
}

#[apply(both_databases!)]
async fn what_arrives_is_what_was_written(database: Database) {
    let server = FaultyServer::start(Fault::None);
    // A line of its own that begins with the dot that ends a message.
    let set = [
        ("ASSENT_MAIL_URL", server.url()),
        ("ASSENT_CONTROLLER_CONTACT", ".privacy@b.example".to_owned()),
    ];
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::start_with(database, &set).await;
    ask(&app, ADA).await;
    let arrived = taken(&server, 1).await.remove(0);
    let mail = Mail::parse(&arrived.message);
    assert!(mail.text.lines().any(|line| line == ".privacy@b.example"), "{}", mail.text);
    well_formed(&[arrived.message], &Records::new());
}
