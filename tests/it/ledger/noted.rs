//! What people ended is noted in the data directory, brought to the file store, and ends again where a database does
//! not know it: while the program runs, too.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::ChangeClass;
use assent::flows::ledger::replay_endings::{Replay, Replayed};
use assent::outside::{Ending, EndingReason, Outside, Turn};
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;

use super::{EXPORT, WEEKLY, assert_sound, does, unguard};
use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::http_client;
use crate::support::program::Served;
use crate::support::{both_databases, poll};

/// That this person left the newsletter, at this moment.
fn left(app: &TestApp, email: &str) -> Ending {
    let email = EmailAddress::parse(email).unwrap();
    Ending {
        at: app.clock.now(),
        address_key: app.core.flow_settings.address_secret.key(&email),
        turn: Turn::Began,
        reason: EndingReason::Suppressed(SuppressionReason::Unsubscribed),
        purpose: Some("newsletter:weekly".parse().unwrap()),
    }
}

/// What a new process would know, that has the file store alone.
async fn in_the_file_store(app: &TestApp) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let keys = app.core.flow_settings.ledger_keys.clone();
    let outside = Outside::open(
        dir.path(),
        &app.core.files,
        keys,
        app.core.flow_settings.evidence_key.clone(),
    )
    .unwrap();
    outside.exchange().await.unwrap();
    outside.endings().await.unwrap().len()
}

async fn replay(app: &TestApp, replay: &mut Replay) -> Replayed {
    replay.settled(&app.core.db, &app.core.flow_settings, &app.core.moment()).await.unwrap()
}

#[apply(both_databases!)]
async fn what_a_process_of_pages_alone_notes_reaches_the_file_store(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let ada = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    let data = tempfile::tempdir().unwrap();
    for key in ["secret.key", "address.key", "ledger.key"] {
        let from = app.dir.path().join(key);
        if from.exists() {
            std::fs::copy(from, data.path().join(key)).unwrap();
        }
    }
    let files = format!("file:{}", app.dir.path().join("files").display());
    let own = [
        ("ASSENT_DATA_DIR", data.path().to_str().unwrap()),
        ("ASSENT_DATABASE_URL", app.core.settings.database_url.expose_secret()),
        ("ASSENT_FILES_URL", &files),
    ];
    let set: Vec<(&str, &str)> = SETTINGS.iter().chain(&own).copied().collect();
    let web = Served::start(app.dir.path(), &set, &["serve", "--role", "web"]).await;
    let path = ada.strip_prefix(&app.base).unwrap_or(&ada);
    let client = http_client::client();
    let answer = client.post(format!("{}{path}/withdraw-all", web.base)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    assert!(!app.dir.path().join("endings.log").exists(), "it is another machine");
    poll::until("the ending in the file store", || async {
        (in_the_file_store(&app).await > 0).then_some(())
    })
    .await;
}

#[apply(both_databases!)]
async fn what_ends_while_the_program_stops_reaches_the_file_store(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let ada = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    let path = ada.strip_prefix(&app.base).unwrap_or(&ada).to_owned();
    let address = app.address;
    let mut request = TcpStream::connect(address).unwrap();
    request.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST {path}/withdraw-all HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\na="
    );
    request.write_all(head.as_bytes()).unwrap();
    // A second one is answered, so the first is under way.
    assert_eq!(app.get("/readyz").await.status, 200);
    let answered = async {
        poll::until("an end of new connections", || async {
            TcpStream::connect(address).is_err().then_some(())
        })
        .await;
        tokio::task::spawn_blocking(move || {
            let mut answer = String::new();
            request.write_all(b"b&").unwrap();
            request.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    };
    let (stopped, answer) = tokio::join!(app.halt(), answered);
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let noted = std::fs::read_to_string(stopped.dir.path().join("endings.log")).unwrap();
    let objects = stopped.dir.path().join("files/outside/endings");
    let brought: String = std::fs::read_dir(&objects)
        .unwrap()
        .map(|object| std::fs::read_to_string(object.unwrap().path()).unwrap())
        .collect();
    assert_eq!(brought, noted);
}

#[apply(both_databases!)]
async fn what_another_replica_noted_ends_here_once_it_is_settled(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "bob@b.example", "cyd@b.example"] {
        app.subscribe(email, WEEKLY).await;
    }
    app.advance(Duration::from_secs(1));
    let dir = tempfile::tempdir().unwrap();
    let keys = app.core.flow_settings.ledger_keys.clone();
    let other = Outside::open(
        dir.path(),
        &app.core.files,
        keys,
        app.core.flow_settings.evidence_key.clone(),
    )
    .unwrap();
    other.note(&[left(&app, "ada@b.example")]).await.unwrap();
    other.put_new().await.unwrap();
    app.core.db.outside().exchange().await.unwrap();
    // And one whose transaction failed after the line was written.
    app.core.db.outside().note(&[left(&app, "bob@b.example")]).await.unwrap();
    let mut known = Replay::default();
    let nothing = Replayed::default();
    assert_eq!(replay(&app, &mut known).await, nothing, "their transactions may be under way");
    app.advance(Duration::from_mins(2));
    assert_eq!(replay(&app, &mut known).await, Replayed { withdrawn: 2, ..nothing });
    assert_eq!(app.exported("newsletter:weekly").await, ["cyd@b.example"]);
    assert_eq!(replay(&app, &mut known).await, nothing);
    // Who comes back afterwards stays.
    app.subscribe("ada@b.example", WEEKLY).await;
    app.advance(Duration::from_mins(2));
    assert_eq!(replay(&app, &mut known).await, nothing);
    assert_eq!(replay(&app, &mut Replay::default()).await, nothing);
    assert_eq!(app.exported("newsletter:weekly").await, ["cyd@b.example", "ada@b.example"]);
    assert_sound(&app).await;
}

#[apply(both_databases!)]
async fn a_consent_that_ran_out_stays_so_whatever_is_put_back(database: Database) {
    const DAY: Duration = Duration::from_hours(24);
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "bob@b.example"] {
        app.subscribe(email, WEEKLY).await;
    }
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    app.mail_settled().await;
    let link = app.mail_to("bob@b.example").pop().unwrap().link("/renew/");
    assert_eq!(app.agree_again(&link, &["privacy-policy", "newsletter:weekly"]).await.status, 200);
    app.tamper("CREATE TABLE kept AS SELECT c.* FROM consent c JOIN subscriber s ON s.subscriber_id = c.subscriber_id
                    WHERE s.email = 'ada@b.example'").await.unwrap();
    app.advance(DAY * 30);
    assert_sound(&app).await;
    app.advance(Duration::from_hours(23));
    app.work_policies().await;
    assert_eq!(app.count("SELECT count(*) FROM consent WHERE state = 'expired'").await, 2);

    unguard(&app).await;
    app.tamper("UPDATE policy_version SET change_class = 'notify', renew_until = NULL WHERE label = '2027-01'").await.unwrap();
    app.tamper("DELETE FROM consent WHERE state = 'expired'").await.unwrap();
    app.tamper("INSERT INTO consent SELECT * FROM kept").await.unwrap();
    app.tamper("DELETE FROM consent_event WHERE type = 'expired'").await.unwrap();
    app.advance(Duration::from_mins(2));
    let contacts = does(&app, &EXPORT);
    assert!(
        contacts.contains("bob@b.example") && !contacts.contains("ada@b.example"),
        "{contacts}"
    );
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'expired'").await, 2);
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 0, "they did not object");
}

#[apply(both_databases!)]
async fn who_gives_what_had_run_out_is_written_to_though_the_clock_was_set_back(
    database: Database,
) {
    const DAY: Duration = Duration::from_hours(24);
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.advance(DAY * 40);
    app.work_policies().await;
    assert_eq!(app.count("SELECT count(*) FROM consent WHERE state = 'expired'").await, 2);
    app.set_back(DAY);
    app.agree_under("ada@b.example", "2027-01", WEEKLY).await;
    app.advance(Duration::from_mins(2));
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    assert_eq!(replay(&app, &mut Replay::default()).await, Replayed::default());
    assert!(does(&app, &EXPORT).contains("ada@b.example"));
}

#[apply(both_databases!)]
async fn who_came_back_stays_whatever_the_times_of_events_are(database: Database) {
    let [events, people, consents] = match database {
        Database::Sqlite => [
            "UPDATE consent_event SET recorded_at = recorded_at - 172800000000",
            "UPDATE subscriber SET created_at = created_at - 172800000000, verified_at = verified_at - 172800000000",
            "UPDATE consent SET confirmed_at = confirmed_at - 172800000000",
        ],
        Database::Postgres => [
            "UPDATE consent_event SET recorded_at = recorded_at - INTERVAL '2 days'",
            "UPDATE subscriber SET created_at = created_at - INTERVAL '2 days',
                     verified_at = verified_at - INTERVAL '2 days'",
            "UPDATE consent SET confirmed_at = confirmed_at - INTERVAL '2 days'",
        ],
    };
    let app = TestApp::start(database).await;
    for (email, way, with, status) in
        [("ada@b.example", "withdraw-all", "", 303), ("bob@b.example", "erase", "confirm=yes", 200)]
    {
        app.subscribe(email, WEEKLY).await;
        app.advance(Duration::from_hours(1));
        let manage = app.mail_to(email).pop().unwrap().link("/preferences/");
        assert_eq!(app.post(&format!("{manage}/{way}"), with).await.status, status);
        app.mail_settled().await;
        app.advance(Duration::from_hours(1));
        app.subscribe(email, WEEKLY).await;
    }
    app.mail_settled().await;
    unguard(&app).await;
    app.advance(Duration::from_mins(2));
    let nothing = Replayed::default();
    assert_eq!(replay(&app, &mut Replay::default()).await, nothing);
    for change in [events, people, consents] {
        assert!(app.tamper(change).await.unwrap() > 0, "{change}");
        assert_eq!(replay(&app, &mut Replay::default()).await, nothing, "{change}");
    }
    assert_eq!(
        app.count("SELECT count(*) FROM consent WHERE state IN ('given', 'renewed')").await,
        4
    );
}
