//! What the program logs names nobody.

use std::process::Stdio;

use macro_rules_attribute::apply;

use crate::cli::{client, get, post};
use crate::support::app::{Database, form};
use crate::support::inbox::Mail;
use crate::support::operator::Desk;
use crate::support::program::command;
use crate::support::{both_databases, poll, postgres};

#[apply(both_databases!)]
async fn the_log_names_nobody(database: Database) {
    let desk = Desk::stocked(database).await;
    let listen = format!("127.0.0.1:{}", postgres::free_port());
    let base = format!("http://{listen}");
    let log = desk.path("log");
    let mut child = command(desk.dir.path(), &desk.set(&[]), &["serve"])
        .env("ASSENT_LISTEN", &listen)
        .env("ASSENT_BASE_URL", &base)
        .env("RUST_LOG", "debug")
        .env("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    poll::until("the program to answer", || async {
        let ready = client().get(format!("{base}/readyz")).send().await.ok()?;
        ready.status().is_success().then_some(())
    })
    .await;
    let page = format!("{base}/reports/first");
    let typed = "&name=Quentin+Zebrowski&organisation=Northmoor+Council&job_title=Archivist&newsletter=weekly";
    assert_eq!(post(&page, form("Quiet.Reader@northmoor.example", typed)).await.status, 303);
    let first = desk.mail(0).await;
    let link = first.link("/confirm/");
    assert_eq!(get(&link).await.status, 200);
    let asked = post(&page, form("quiet.reader@NORTHMOOR.example", "")).await;
    let again =
        client().post(format!("{base}/check-your-inbox/resend")).header("cookie", asked.cookie());
    assert_eq!(again.send().await.unwrap().status(), 303);
    for refused in [
        "quiet.reader@localhost",
        "Quiet.Reader <reader@northmoor.example>",
        "quiet.reader\0@northmoor.example",
    ] {
        assert_eq!(post(&page, form(refused, typed)).await.status, 422);
    }
    let confirmed = post(&link, String::new()).await;
    let download = confirmed.location().to_owned();
    for path in [
        download.clone(),
        format!("{download}/file"),
        format!("{download}x"),
        format!("{download}/file/x"),
    ] {
        get(&format!("{base}{path}")).await;
    }
    assert_eq!(post(&format!("{link}/not-me"), String::new()).await.status, 410);
    assert_eq!(post(&format!("{base}{download}/fresh"), String::new()).await.status, 303);
    let mails = poll::until("every mail", || async {
        let mails = desk.mails();
        mails.iter().any(|mail| mail.text.contains("Here is your link")).then_some(mails)
    })
    .await;

    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0), "SIGTERM is a clean end");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("/confirm/{token}") && log.contains("DEBUG"), "something was logged");
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let mut secrets =
        vec![token(&link), token(&download), asked.cookie().split_once('=').unwrap().1.to_owned()];
    secrets.extend(
        mails
            .iter()
            .flat_map(Mail::links)
            .filter(|link| link.contains("/downloads/"))
            .map(|link| token(&link)),
    );
    for secret in [
        "northmoor.example",
        "quiet.reader",
        "quiet%2ereader",
        "zebrowski",
        "northmoor council",
        "archivist",
    ] {
        secrets.push(secret.to_owned());
    }
    let lower = log.to_lowercase();
    for secret in secrets {
        let hit = lower.lines().find(|line| line.contains(&secret.to_lowercase()));
        assert_eq!(hit, None, "{secret} is in the log");
    }
    let keys = std::fs::read_to_string(desk.path("data/secret.key")).unwrap();
    assert!(!log.contains(keys.trim()));
    assert!(!log.contains('\u{1b}'), "colours are for terminals");
}
