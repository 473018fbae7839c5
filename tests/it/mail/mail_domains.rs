//! What name servers say of the domains that people typed, and what their waiting pages say of it.

use std::net::UdpSocket;
use std::time::Duration;

use assent::app::domain_resolver;
use assent::worker::tasks::forget_signups::forget_signups;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::name_server::NameServer;
use crate::support::{both_databases, poll};

const HINT: &str = "We could not find a mail server for <strong class=\"address\">";
const SAID: &str = "SELECT count(*) FROM mail_domain WHERE takes_mail IS NOT NULL";
const SILENT: &str = "SELECT count(*) FROM mail_domain WHERE takes_mail IS NULL";
/// A relay that is not there: it is looked up all the same.
const RELAY: (&str, &str) = ("ASSENT_MAIL_URL", "smtp://127.0.0.1:1?tls=none");
const LOOKS: (&str, &str) = ("ASSENT_MAIL_CHECK_DOMAINS", "true");

async fn asks(app: &TestApp, domain: &str) -> String {
    app.ask(&format!("ada@{domain}")).await.cookie()
}

async fn page(app: &TestApp, cookie: &str) -> String {
    app.send(app.request("GET", "/check-your-inbox").header("cookie", cookie)).await.text()
}

#[apply(both_databases!)]
async fn a_domain_without_a_mail_server_is_told_and_no_other(database: Database) {
    let records =
        [("mx", "council.example", "mail.council.example"), ("a", "small.example", "127.0.0.1")];
    let server = NameServer::start(&records);
    let set = [RELAY, LOOKS, ("ASSENT_MAIL_DNS_SERVER", server.address.as_str())];
    let app = TestApp::start_with(database, &set).await;
    let mut cookies = Vec::new();
    // Of names outside of what it answers for, it says nothing: that is not absence.
    for domain in ["council.example", "small.example", "missing.example", "elsewhere.test"] {
        cookies.push((domain, asks(&app, domain).await));
    }
    poll::until("all that can be said", || async {
        ((app.count(SAID).await, app.count(SILENT).await) == (3, 1)).then_some(())
    })
    .await;
    for (domain, cookie) in &cookies {
        let says = page(&app, cookie).await;
        let is_told = says.contains(&format!("{HINT}{domain}</strong>"));
        assert_eq!(is_told, *domain == "missing.example", "{domain}: {says}");
    }
    // Whoever has an address there, or says so, is told the same.
    let other = page(&app, &app.ask("eve@missing.example").await.cookie()).await;
    assert!(other.contains(HINT));
    // It is kept for a day.
    app.advance(Duration::from_hours(25));
    assert!(!page(&app, &app.ask("eve@later.example").await.cookie()).await.contains(HINT));
    let core = &app.core;
    forget_signups(&core.db, &core.flow_settings, &core.moment()).await.unwrap();
    let old = "SELECT count(*) FROM mail_domain WHERE domain <> 'later.example'";
    assert_eq!(app.count(old).await, 0);
}

#[apply(both_databases!)]
async fn a_server_that_never_answers_says_nothing(database: Database) {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let set = [RELAY, LOOKS, ("ASSENT_MAIL_DNS_SERVER", address.as_str())];
    let app = TestApp::start_with(database, &set).await;
    let cookie = asks(&app, "council.example").await;
    poll::until("a question in vain", || async { (app.count(SILENT).await == 1).then_some(()) })
        .await;
    assert!(!page(&app, &cookie).await.contains(HINT));
    // Nothing but the domain left.
    silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut question = [0; 512];
    let length = silent.recv(&mut question).unwrap();
    let asked = String::from_utf8_lossy(&question[..length]).into_owned();
    assert!(asked.contains("council") && !asked.contains("ada"), "{asked}");
}

#[apply(both_databases!)]
async fn nobody_is_asked_where_the_operator_says_so(database: Database) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let set = [
        RELAY,
        ("ASSENT_MAIL_DNS_SERVER", address.as_str()),
        ("ASSENT_MAIL_CHECK_DOMAINS", "false"),
    ];
    let app = TestApp::start_with(database, &set).await;
    asks(&app, "council.example").await;
    assert!(domain_resolver(&app.core.settings).is_none());
    assert_eq!(app.count("SELECT count(*) FROM mail_domain").await, 0);
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 512]).is_err(), "no question came");
}
