//! What was acknowledged survives a power cut at any moment.

use std::collections::HashSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, SETTINGS, TestApp, count, form, open_db};
use crate::support::http_client;
use crate::support::inbox::Mail;
use crate::support::program::Served;
use crate::support::{both_databases, poll};

const SIGNUPS: &str = "SELECT count(*) FROM signup";

/// Sends forms until told to stop; returns the addresses whose form was acknowledged.
async fn send_forms(
    base: String,
    round: usize,
    sender: usize,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let client = http_client::client();
    let mut acknowledged = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let email = format!("r{round}s{sender}n{n}@b.example");
        let request = client
            .post(format!("{base}{PATH}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&email, ""));
        match request.send().await {
            Ok(answer) if answer.status() == 303 => acknowledged.push(email),
            Ok(answer) => panic!("{}", answer.status()),
            Err(_) => break,
        }
    }
    acknowledged
}

/// The settings under which another process works on the database of a stopped app.
pub(super) fn settings<'a>(
    data: &'a str,
    database: &'a str,
    mail: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let own =
        [("ASSENT_DATA_DIR", data), ("ASSENT_DATABASE_URL", database), ("ASSENT_MAIL_URL", mail)];
    [SETTINGS.as_slice(), &own].concat()
}

// Kills the program at several moments of a busy time; everything acknowledged must be stored, and its
// mail must leave within 45 seconds of the last start.
#[apply(both_databases!)]
async fn a_kill_loses_nothing_acknowledged(database: Database) {
    // The app of this process publishes the samples and reads the database; the one that is killed
    // works on the same.
    let app =
        TestApp::start_with(database, &[("ASSENT_MAIL_URL", "smtp://127.0.0.1:1?tls=none")]).await;
    let url = secrecy::ExposeSecret::expose_secret(&app.core.settings.database_url).to_owned();
    let dir = app.stop().await;
    let data = dir.path().to_str().unwrap();
    let mailbox = dir.path().join("killed-mailbox");
    let mail_url = format!("file:{}", mailbox.display());
    let set = settings(data, &url, &mail_url);
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let served = Served::start(dir.path(), &set, &["serve"]).await;
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                tokio::spawn(send_forms(served.base.clone(), round, sender, stop.clone()))
            })
            .collect();
        // Another moment in each round: after so many mails.
        poll::until("mail under way", || async {
            let mails = std::fs::read_dir(&mailbox).ok()?.count();
            (mails > round * 30 + 20).then_some(())
        })
        .await;
        served.kill();
        stop.store(true, Ordering::SeqCst);
        for sender in senders {
            acknowledged.extend(sender.await.unwrap());
        }
    }
    assert!(acknowledged.len() > 80, "{}", acknowledged.len());
    let _served = Served::start(dir.path(), &set, &["serve"]).await;
    let mailbox = assent::mail::mailbox::Mailbox::open(&mailbox).unwrap();
    let read = |name: &String| Mail::parse(&mailbox.read(name.parse().unwrap()).unwrap());
    let (mut seen, mut mailed) = (HashSet::new(), HashSet::new());
    poll::within(Duration::from_secs(45), "the mail of everyone acknowledged", || {
        for name in mailbox.names().unwrap() {
            if !seen.contains(&name) {
                mailed.insert(read(&name).to);
                seen.insert(name);
            }
        }
        ready(acknowledged.iter().all(|email| mailed.contains(email)).then_some(()))
    })
    .await;
}

#[apply(both_databases!)]
async fn a_polite_stop_under_load_ends_well(database: Database) {
    let away = [("ASSENT_MAIL_URL", "smtp://127.0.0.1:1?tls=none")];
    let app = TestApp::start_with(database, &away).await;
    let url = secrecy::ExposeSecret::expose_secret(&app.core.settings.database_url).to_owned();
    let dir = app.stop().await;
    let data = dir.path().to_str().unwrap();
    let set = settings(data, &url, "smtp://127.0.0.1:1?tls=none");
    let mut served = Served::start(dir.path(), &set, &["serve"]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|sender| tokio::spawn(send_forms(served.base.clone(), 0, sender, stop.clone())))
        .collect();
    let db = open_db(&url).await;
    poll::until("signups under way", || async { (count(&db, SIGNUPS).await > 50).then_some(()) })
        .await;
    served.terminate();
    let mut acknowledged = 0;
    for sender in senders {
        acknowledged += sender.await.unwrap().len();
    }
    let status = served.ended().await;
    assert!(status.success(), "{status}");
    let stored = count(&db, SIGNUPS).await;
    assert!(stored >= i64::try_from(acknowledged).unwrap(), "{stored} of {acknowledged}");
    db.close().await;
}
