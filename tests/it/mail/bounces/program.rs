//! `assent bounce`, as a mail server calls it.

use std::io::Write;
use std::process::{Output, Stdio};

use assent::domain::mail::return_path::ReturnPaths;
use assent::domain::signup::link::LinkSecrets;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::mail::bounces::{ADA, message, return_path, start, state};
use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::both_databases;
use crate::support::postgres::free_port;
use crate::support::program::{command, run_well};

/// Hands a message over, as `pipe` does.
fn pipe(app: &TestApp, set: &[(&str, &str)], arguments: &[&str], message: &str) -> Output {
    let url = app.core.settings.database_url.expose_secret();
    let data = app.dir.path().to_str().unwrap();
    let own = [("ASSENT_DATA_DIR", data), ("ASSENT_DATABASE_URL", url)];
    let set = [SETTINGS.as_slice(), &own, set].concat();
    let mut command = command(app.dir.path(), &set, &[&["bounce"], arguments].concat());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that was called wrongly does not wait for it.
    let taken = child.stdin.take().unwrap().write_all(message.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(taken.is_ok() || output.status.code() == Some(2), "it was not taken whole");
    output
}

/// The one line it printed, and its exit code.
fn said(output: &Output) -> (String, Option<i32>) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.lines().count() <= 1, "{text}");
    (text.trim().to_owned(), output.status.code())
}

#[apply(both_databases!)]
async fn a_mail_server_hands_over_what_came_back(database: Database) {
    let app = start(database).await;
    let mail = app.ask_and_read(ADA, "").await;
    let other = app.ask_and_read("bob@b.example", "").await;
    let (path, other) = (return_path(&app, &mail), return_path(&app, &other));
    let forged =
        ReturnPaths { secrets: LinkSecrets::new([9; 32], &[]), domain: "b.example".to_owned() }
            .address(Uuid::nil());
    let gone =
        ReturnPaths { secrets: app.core.links.secrets.clone(), domain: "b.example".to_owned() }
            .address(Uuid::nil());
    let before = state(&app).await;
    for (name, from, recipient, words) in [
        ("vacation", &path, Some(&path), "ignored: an automatic reply (RFC 3834)"),
        ("forwarded", &path, None, "ignored: neither a bounce nor a complaint"),
        ("delivered", &path, None, "ignored: news of a mail that arrived"),
        ("qmail", &forged, None, "ignored: no envelope sender of ours is in it"),
        ("postfix_unknown", &forged, Some(&forged), "ignored: no envelope sender of ours is in it"),
        (
            "postfix_unknown",
            &gone,
            None,
            "ignored: the mail it is about was purged or erased meanwhile",
        ),
    ] {
        let output =
            pipe(&app, &[], recipient.map(String::as_str).as_slice(), &message(name, from));
        assert_eq!(said(&output), (words.to_owned(), Some(0)), "{name}");
    }
    assert_eq!(said(&pipe(&app, &[], &[], "")).1, Some(0));
    assert_eq!(state(&app).await, before);

    let hard = "recorded: no such mailbox; it won't be mailed again (5.1.1)";
    let shouted = path.to_uppercase();
    // The envelope alone is enough, and once more says the same.
    for (from, recipient) in [("someone@b.example", Some(&shouted)), (path.as_str(), None)] {
        let output = pipe(
            &app,
            &[],
            recipient.map(String::as_str).as_slice(),
            &message("exim_unknown", from),
        );
        assert_eq!(said(&output), (hard.to_owned(), Some(0)));
    }
    let soft = pipe(&app, &[], &[&other], &message("exchange_full", &other));
    assert_eq!(said(&soft), ("recorded: not delivered; counted (5.2.2)".to_owned(), Some(0)));
    // A mail server that returns a whole attachment is heard to its end.
    let long = message("arf_abuse", &other) + &"x".repeat(5 << 20);
    assert_eq!(
        said(&pipe(&app, &[], &[], &long)),
        ("recorded: reported as unwanted, so nothing more is sent".to_owned(), Some(0))
    );
    assert_eq!(state(&app).await, [before[0] + 3, before[1] + 2, before[2], before[3]]);

    // Away: once more later. Called wrongly: 2, as ever.
    let away = format!("postgres://assent@127.0.0.1:{}/assent", free_port());
    let later =
        pipe(&app, &[("ASSENT_DATABASE_URL", &away)], &[&path], &message("exim_unknown", &path));
    assert_eq!(said(&later), (String::new(), Some(75)));
    assert_eq!(String::from_utf8_lossy(&later.stderr).trim().lines().count(), 1);
    assert_eq!(pipe(&app, &[], &["a@b.example", "c@d.example"], "").status.code(), Some(2));
}

#[test]
fn its_help_teaches_the_mail_server() {
    let dir = tempfile::tempdir().unwrap();
    let help = run_well(dir.path(), &[], &["bounce", "--help"]);
    for word in [
        "mail.bounce_domain",
        "transport_maps",
        "${recipient}",
        "recipient_delimiter = +",
        "chown assent /etc/assent/aliases",
        "texthash:/etc/assent/aliases",
        "Exim",
        "envelope_to_add",
        "/api/v1/bounces",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
