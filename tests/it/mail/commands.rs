//! The commands about mail: keys that sign, records to publish, a message to try the way out.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::poll;
use crate::support::postgres::free_port;
use crate::support::program::{run, run_well};
use crate::support::smtp::{SmtpSink, StartTlsServer, Tls};

const FROM: (&str, &str) = ("ASSENT_MAIL_FROM", "Press <reports@press.example>");

fn said(output: &std::process::Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn try_out(dir: &Path, url: &str, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let set = [&[FROM, ("ASSENT_MAIL_URL", url)], more].concat();
    let output = run(dir, &set, &["mail", "test", "ada@council.example"]);
    (output.status.code(), said(&output))
}

#[test]
fn a_new_key_is_private_and_its_record_can_be_published() {
    let dir = tempfile::tempdir().unwrap();
    for (algorithm, kind, length) in [("rsa", "rsa", 392), ("ed25519", "ed25519", 44)] {
        let file = format!("{algorithm}.pem");
        let new = ["dkim", "new", &file, "--selector", "2026a", "--algorithm", algorithm];
        let told = run_well(dir.path(), &[FROM], &new);
        let mode = dir.path().join(&file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let start = format!("2026a._domainkey.press.example. IN TXT \"v=DKIM1; k={kind}; p=");
        let record = told.lines().find(|line| line.starts_with(&start)).unwrap();
        let key = record[start.len()..].replace("\" \"", "");
        assert_eq!(key.trim_end_matches('"').len(), length, "{record}");

        // The record follows from the key, and `check` shows the same.
        let keys = format!("2026a:{file}");
        let relay = format!("smtp://127.0.0.1:{}?tls=none", free_port());
        let set = [FROM, ("ASSENT_MAIL_DKIM_KEYS", keys.as_str()), ("ASSENT_MAIL_URL", &relay)];
        let checked = said(&run(dir.path(), &set, &["check", "--no-dns"]));
        assert!(checked.contains(record), "{checked}");
        assert!(
            checked.contains("v=spf1 a:<the public name of this machine>")
                && checked.contains("v=DMARC1; p=none")
        );

        let again = run(dir.path(), &[FROM], &new);
        assert_eq!(again.status.code(), Some(1));
        assert!(said(&again).contains("name a new file"), "a key is never written over");
    }
}

#[test]
fn a_key_that_cannot_sign_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("none.pem"), "no key").unwrap();
    let weak = std::process::Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(dir.path().join("weak.pem"))
        .arg("1024")
        .output()
        .unwrap();
    assert!(weak.status.success());
    for (keys, why) in [
        ("a:missing.pem", "cannot be read"),
        ("a:none.pem", "holds no private key"),
        ("a:weak.pem", "2048 to 4096 bits"),
    ] {
        let set = [FROM, ("ASSENT_MAIL_DKIM_KEYS", keys)];
        let output = run(dir.path(), &set, &["check", "--no-dns"]);
        assert_eq!(output.status.code(), Some(1), "{keys}");
        assert!(said(&output).contains(why), "{}", said(&output));
    }
    let foreign =
        run(dir.path(), &[FROM, ("ASSENT_MAIL_DKIM_DOMAIN", "other.example")], &["check"]);
    assert!(said(&foreign).contains("write press.example"), "{}", said(&foreign));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trying_out_tells_each_step() {
    let dir = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(&[]);
    let (code, told) = try_out(dir.path(), &sink.url(), &[]);
    assert_eq!(code, Some(0), "{told}");
    for words in [
        "connected to 127.0.0.1",
        "our sender's address is accepted",
        "ada@council.example is accepted",
        "the message is accepted: 250",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let mails = poll::until("the message", || async {
        Some(sink.messages().await).filter(|messages| !messages.is_empty())
    })
    .await;
    let text = String::from_utf8(mails[0].clone()).unwrap();
    assert!(
        text.contains("Subject: A test message") && text.contains("Auto-Submitted: auto-generated")
    );

    let (code, told) =
        try_out(dir.path(), &format!("file:{}", dir.path().join("box").display()), &[]);
    assert!(code == Some(0) && told.contains("mail.url names no relay"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trying_out_says_what_went_wrong_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let refuses = SmtpSink::start(&["-f", "RCPT"]);
    let busy = SmtpSink::start(&["-r", "."]);
    let nobody = format!("smtp://127.0.0.1:{}?tls=none", free_port());
    let in_clear = refuses.url().replace("tls=none", "tls=required");
    for (url, words) in [
        (refuses.url(), "to the reader's address (“500 5.3.0 Error: command failed”)"),
        (busy.url(), "to the message (“450 4.3.0 Error: command failed”)"),
        (nobody, "Connection refused"),
        ("smtp://relay.invalid:25?tls=none".to_owned(), "the name relay.invalid does not resolve"),
        (in_clear, "does not offer STARTTLS"),
    ] {
        let (code, told) = try_out(dir.path(), &url, &[]);
        assert_eq!(code, Some(1), "{url}: {told}");
        assert!(told.contains(words), "{words}: {told}");
    }
    // Over TLS from the first byte, and signed in.
    let server = StartTlsServer::start(Tls::Implicit);
    let ca = server.ca_file();
    let url = server.url().replace("localhost:", "reports:secret@localhost:");
    let trust = [("SSL_CERT_FILE", ca.to_str().unwrap())];
    let (code, told) = try_out(dir.path(), &url, &trust);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("the way is encrypted") && told.contains("signed in as reports"),
        "{told}"
    );
    let (code, told) = try_out(dir.path(), &url, &[]);
    assert!(code == Some(1) && told.contains("UnknownIssuer"), "{told}");
}
