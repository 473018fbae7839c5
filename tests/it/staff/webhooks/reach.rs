//! Where webhooks may lead: the network that everybody is on, and hosts that the operator names.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use assent::domain::staff::member::Role;
use assent::outgoing_http::{AllowedHosts, PublicClient};
use macro_rules_attribute::apply;
use tokio::net::TcpListener;

use super::{ALL, FAILURES, LONGEST, Receiver, add, all_taken, says, start, told_all};
use crate::support::app::{Database, TestApp};
use crate::support::test_server::{Reply, TestServer};
use crate::support::{both_databases, poll};

/// Counts who connects to a port of this machine.
async fn counting_door() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, hits) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = hits.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, hits)
}

/// Names that lead to each of these in turn; and how often one was looked up.
fn flip_flop(
    allowed: &str,
    turns: &'static [&'static [&'static str]],
) -> (PublicClient, Arc<AtomicUsize>) {
    let looked = Arc::new(AtomicUsize::new(0));
    let counts = looked.clone();
    let client = PublicClient::with_names(AllowedHosts::read(allowed).unwrap(), move |_| {
        let turn = turns[counts.fetch_add(1, Ordering::SeqCst) % turns.len()];
        let found: Vec<IpAddr> = turn.iter().map(|ip| ip.parse().unwrap()).collect();
        Box::pin(async move { Ok(found) })
    });
    (client, looked)
}

async fn failures(app: &TestApp, tries: i64) {
    poll::until("a try that failed", || async {
        let failed = app.count(FAILURES).await;
        (failed >= tries).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_flips_between_the_world_and_this_machine_reaches_nothing() {
    // The first is of a part of the network that is given to nobody.
    const TURNS: &[&[&str]] = &[
        &["2fff:ffff::1"],
        &["127.0.0.1"],
        &["2fff:ffff::1", "127.0.0.1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
    ];
    let (port, hits) = counting_door().await;
    let (client, looked) = flip_flop("", TURNS);
    let app = TestApp::start_tuned(Database::Sqlite, &[], |core| core.webhooks = client).await;
    let admin = app.sign_in(Role::Admin).await;
    let url = format!("https://hooks.example:{port}/a");
    let (path, _) = add(&admin, &url, &ALL).await;
    for tries in 1..=5 {
        let sent = if tries == 1 { "test" } else { "replay-all" };
        assert_eq!(admin.post(&format!("{path}/{sent}"), "").await.status, 303);
        poll::until("a try", || async { (looked.load(Ordering::SeqCst) >= tries).then_some(()) })
            .await;
        failures(&app, 1).await;
        // Looked at once for each try, whatever it came to.
        assert_eq!(looked.load(Ordering::SeqCst), tries);
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    let page = admin.page(&path).await;
    assert!(page.contains("a network that is not everybody"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_the_operator_names_may_stand_beside_us() {
    let (client, looked) = flip_flop("hooks.example", &[&["127.0.0.1"], &["2fff:ffff::1"]]);
    let receiver = Receiver::start().await;
    let set = [("ASSENT_WEBHOOKS_ALLOWED_HOSTS", "hooks.example")];
    let app = TestApp::start_tuned(Database::Sqlite, &set, |core| core.webhooks = client).await;
    let admin = app.sign_in(Role::Admin).await;
    let url = format!("http://hooks.example:{}/a", receiver.server.address.port());
    let (path, _) = add(&admin, &url, &ALL).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    receiver.hears(1).await;
    all_taken(&app).await;
    assert_eq!(looked.load(Ordering::SeqCst), 1, "what was looked up is what is asked");
}

#[apply(both_databases!)]
async fn where_an_answer_leads_nobody_goes(database: Database) {
    let app = start(database).await;
    let hits = Arc::new(AtomicUsize::new(0));
    let counts = hits.clone();
    let elsewhere = TestServer::start(move |_, _| {
        counts.fetch_add(1, Ordering::SeqCst);
        says(200, "ok")
    });
    let elsewhere = elsewhere.await;
    let (receiver, path, _) = told_all(&app).await;
    let to = elsewhere.url("/inside");
    receiver.turn(move |_| Reply::LeadsTo(to.clone()));
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    failures(&app, 1).await;
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    assert!(admin.page(&path).await.contains("307"));

    // An answer without end is taken, and its beginning kept.
    receiver.turn(|_| Reply::Endless);
    assert_eq!(admin.post(&format!("{path}/replay-all"), "").await.status, 303);
    all_taken(&app).await;
    assert_eq!(app.count(LONGEST).await, 1024);

    // So is one whose end never comes.
    receiver.turn(|_| Reply::Open);
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    all_taken(&app).await;
    assert_eq!(app.count(FAILURES).await, 0, "its status was said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_says_nothing_is_given_up_on() {
    let app = start(Database::Sqlite).await;
    let (receiver, path, _) = told_all(&app).await;
    receiver.turn(|_| Reply::Silent);
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    failures(&app, 1).await;
    assert!(admin.page(&path).await.contains("it did not answer within 10 seconds"));
}
