//! The way to the relay: away, back, encrypted.

use std::time::Duration;

use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp};
use crate::support::http_client;
use crate::support::inbox::Mail;
use crate::support::postgres::free_port;
use crate::support::program::{Served, run_well};
use crate::support::smtp::{Fault, SmtpSink, StartTlsServer, Tls};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn while_the_relay_is_away_mail_waits_and_pages_open(database: Database) {
    let away = format!("smtp://127.0.0.1:{}?tls=none", free_port());
    let app = TestApp::start_with(database, &[("ASSENT_MAIL_URL", &away)]).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let ready = poll::until("word of the relay", || async {
        let ready = app.get("/readyz").await;
        ready.text().contains("mail: waits").then_some(ready)
    })
    .await;
    assert_eq!(ready.status, 200, "signups can still be taken");
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!(
        app.count("SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 0").await,
        1
    );
}

/// A publisher's directory with the sample on offer.
fn publish(dir: &std::path::Path, set: &[(&str, &str)]) {
    std::fs::write(dir.join("policy.md"), "We keep little.").unwrap();
    std::fs::write(dir.join("report.pdf"), crate::support::app::REPORT).unwrap();
    run_well(dir, set, &["policy", "publish", "policy.md", "--version", "2026-11"]);
    let add =
        ["report", "add", "report.pdf", "--slug", "sample", "--title", "A sample", "--publish"];
    run_well(dir, set, &add);
}

const CONTROLLER: [(&str, &str); 3] = [
    ("ASSENT_CONTROLLER_NAME", "Sample Press"),
    ("ASSENT_CONTROLLER_ADDRESS", "1 Sample Street"),
    ("ASSENT_CONTROLLER_CONTACT", "privacy@sample.example"),
];

async fn ask(served: &Served, email: &str) {
    let body = crate::support::app::form(email, "");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let client = http_client::client();
    let url = format!("{}{PATH}", served.base);
    let answer = client.post(url).header(form.0, form.1).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_that_waited_leaves_once_the_relay_is_back() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path(), &CONTROLLER);
    let away = format!("smtp://127.0.0.1:{}?tls=none", free_port());
    let set = [CONTROLLER.as_slice(), &[("ASSENT_MAIL_URL", &away)]].concat();
    let served = Served::start(dir.path(), &set, &["serve"]).await;
    ask(&served, "ada@b.example").await;
    served.kill();
    let sink = SmtpSink::start(&[]);
    let url = sink.url();
    let set = [CONTROLLER.as_slice(), &[("ASSENT_MAIL_URL", &url)]].concat();
    let _served = Served::start(dir.path(), &set, &["serve"]).await;
    let mails = poll::within(Duration::from_secs(45), "the mail that waited", || async {
        Some(sink.messages().await).filter(|messages| !messages.is_empty())
    })
    .await;
    assert_eq!(Mail::parse(&mails[0]).to, "ada@b.example");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_the_relay_is_encrypted_and_its_name_checked() {
    for tls in [Tls::Required, Tls::Implicit] {
        let server = StartTlsServer::start(tls);
        let url = server.url().replace("localhost:", "reports:secret@localhost:");
        let ca = server.ca_file();
        let dir = tempfile::tempdir().unwrap();
        publish(dir.path(), &CONTROLLER);
        let trusting = [("ASSENT_MAIL_URL", url.as_str()), ("SSL_CERT_FILE", ca.to_str().unwrap())];
        let set = [CONTROLLER.as_slice(), &trusting].concat();
        let first = Served::start(dir.path(), &set, &["serve"]).await;
        ask(&first, "ada@b.example").await;
        let deliveries = poll::until("a mail over TLS", || async {
            Some(server.deliveries().await).filter(|deliveries| !deliveries.is_empty())
        })
        .await;
        assert_eq!(deliveries[0].login.as_deref(), Some("reports"));
        first.kill();

        // However the relay writes its answers.
        for (n, fault) in [(2, Fault::Terse), (3, Fault::Foreign)] {
            server.turn(fault);
            let another = Served::start(dir.path(), &set, &["serve"]).await;
            ask(&another, &format!("reader-{n}@b.example")).await;
            poll::until("another mail", || async {
                (server.messages().await.len() == n).then_some(())
            })
            .await;
            another.kill();
        }
        server.turn(Fault::None);

        // Without the authority that signed its certificate, nothing is handed to it.
        let set = [CONTROLLER.as_slice(), &trusting[..1]].concat();
        let log = dir.path().join("log");
        let again = Served::logging(dir.path(), &set, &log).await;
        ask(&again, "bob@b.example").await;
        poll::until("a refusal to hand over", || async {
            std::fs::read_to_string(&log).unwrap().contains("UnknownIssuer").then_some(())
        })
        .await;
        assert_eq!(server.messages().await.len(), 3);
    }
}
