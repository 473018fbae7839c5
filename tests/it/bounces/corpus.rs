//! What mail servers send back, in the shape that each gives it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use assent::domain::bounce::BounceKind::{self, Complaint, Hard, Soft};
use assent::domain::link::LinkSecrets;
use assent::domain::return_path::ReturnPaths;
use assent::mail::returned::{self, MOST};
use proptest::prelude::*;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x0193_5b7a_7c00_7000_8000_0000_0000_00ff);

fn secrets() -> LinkSecrets {
    LinkSecrets::new([7; 32], &[])
}

fn return_path() -> String {
    ReturnPaths { secrets: secrets(), domain: "bounces.sample.example".to_owned() }.address(ID)
}

/// A message of the corpus about the mail that left with this envelope sender.
pub fn message(name: &str, return_path: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/bounces/corpus");
    let text = fs::read_to_string(directory.join(format!("{name}.eml"))).unwrap();
    text.replace("RETURN_PATH", return_path)
}

/// Kind and status of a message, and whether it leads to our mail.
fn said(message: &[u8]) -> Option<(BounceKind, String, bool)> {
    let returned = returned::read(message, None)?;
    let status = returned.bounce.status.map(|status| status.to_string()).unwrap_or_default();
    Some((returned.bounce.kind, status, returned.outbox_id(&secrets()) == Some(ID)))
}

#[test]
fn each_server_is_understood() {
    for (name, kind, status) in [
        ("postfix_unknown", Hard, "5.1.1"),
        ("postfix_no_such_domain", Hard, "5.4.4"),
        ("postfix_delayed", Soft, "4.4.1"),
        ("exim_unknown", Hard, "5.1.1"),
        ("exim_blocked", Soft, "5.7.1"),
        ("office365_unknown", Hard, "5.1.10"),
        ("exchange_full", Soft, "5.2.2"),
        ("gmail_unknown", Hard, "5.1.1"),
        ("sendmail_unknown", Hard, ""),
        ("sendmail_gave_up", Soft, "4.4.7"),
        ("two_mailboxes", Soft, "5.1.1"),
        ("arf_abuse", Complaint, ""),
        ("arf_redacted", Complaint, ""),
    ] {
        let expected = Some((kind, status.to_owned(), true));
        let message = message(name, &return_path());
        assert_eq!(said(message.as_bytes()), expected, "{name}");
        assert_eq!(said(message.replace('\n', "\r\n").as_bytes()), expected, "{name} with CRLF");
        let shouted = message.replace(&return_path(), &return_path().to_uppercase());
        assert_eq!(said(shouted.as_bytes()), expected, "{name} in capitals");
        let in_a_pipe = format!("From MAILER-DAEMON Mon Nov 23 09:00:02 2026\n{message}");
        assert_eq!(said(in_a_pipe.as_bytes()), expected, "{name} behind a line of mbox");
    }
}

#[test]
fn what_is_no_bounce_is_nothing() {
    for name in ["delivered", "qmail", "vacation", "read_receipt", "forwarded", "arf_not_spam"] {
        assert_eq!(said(message(name, &return_path()).as_bytes()), None, "{name}");
    }
    for bytes in
        [&b""[..], b"\n", b"\r\n\r\n", b"hello", b"\0\xff\0", b"Content-Type: multipart/report\n\n"]
    {
        assert_eq!(said(bytes), None, "{bytes:?}");
    }
}

#[test]
fn only_an_envelope_sender_of_ours_leads_to_a_mail() {
    // A recipient, a Message-ID and somebody else's address are not enough.
    let known = |message: &str| said(message.as_bytes()).map(|(.., known)| known);
    assert_eq!(known(&message("arf_all_redacted", &return_path())), Some(false));
    assert_eq!(known(&message("postfix_unknown", "reports@sample.example")), Some(false));
    let strange = LinkSecrets::new([8; 32], &[]);
    let forged = ReturnPaths { secrets: strange, domain: "bounces.sample.example".to_owned() };
    assert_eq!(known(&message("postfix_unknown", &forged.address(ID))), Some(false));
    // A bounce is sent to the envelope sender; what it returns proves nothing.
    let bare = message("postfix_unknown", "reports@sample.example");
    let inside =
        bare.replace("Return-Path: <reports@", &format!("Return-Path: <{}> <x@", return_path()));
    assert_eq!(known(&inside), Some(false));
    // The mail server may say whom it was for.
    let returned = returned::read(bare.as_bytes(), Some(&return_path())).unwrap();
    assert_eq!(returned.outbox_id(&secrets()), Some(ID));
}

#[test]
fn a_message_cut_short_says_what_is_left() {
    let whole = message("postfix_unknown", &return_path());
    let decided = whole.find("Status: 5.1.1").unwrap() + "Status: 5.1.1".len();
    for end in 0..whole.len() {
        let read = said(&whole.as_bytes()[..end]);
        if end >= decided {
            assert_eq!(read, Some((Hard, "5.1.1".to_owned(), true)), "{end}");
        } else {
            assert_ne!(read.map(|(kind, ..)| kind), Some(Hard), "{end}");
        }
    }
}

#[test]
fn a_hostile_message_is_soon_done_with() {
    let repeated = |begin: &str, again: &str| {
        let mut text = begin.to_owned();
        while text.len() < 2 * MOST {
            text += again;
        }
        text
    };
    let report = "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n";
    for (what, text) in [
        ("messages in messages", repeated("", "Content-Type: message/rfc822\n\n")),
        ("reports in reports", repeated("", "Content-Type: multipart/report; boundary=b\n\n--b\n")),
        ("parts without end", repeated("", "Content-Type: multipart/mixed; boundary=c\n\n--b\n")),
        ("boundaries alone", repeated(report, "--b\n")),
        ("groups alone", repeated(report, "a:b\n\n")),
        ("failures alone", repeated(report, "Action: failed\nStatus: 5.1.1\n\n")),
        ("one long line", repeated("To: ", "a@b.test, ")),
        (
            "tokens",
            repeated(
                "Content-Type: multipart/report; boundary=b\nTo: ",
                &format!("bounces+{}@b.test, ", "a".repeat(52)),
            ),
        ),
        ("attributes", repeated("Content-Type: multipart/report", "; boundary*1=b")),
        ("other attributes", repeated("Content-Type: multipart/report", "; a*0*=utf-8'en'%41")),
        ("comments", repeated("Content-Type: multipart/report", "(")),
        ("quotes", repeated("Content-Type: multipart/report; boundary=\"", "\\\"")),
        (
            "encoded words",
            repeated("Content-Type: multipart/report; boundary=\"", "=?utf-8?b?YQ==?= "),
        ),
        ("folds", repeated("Content-Type: multipart/report;\n", " \n")),
        ("empty lines", repeated("", "\n")),
        ("colons", repeated("", ":")),
        ("zeros", repeated("", "\0")),
    ] {
        let begin = Instant::now();
        let read = returned::read(text.as_bytes(), None);
        let known = read.and_then(|returned| returned.outbox_id(&secrets()));
        let took = begin.elapsed();
        assert_eq!(known, None, "{what}");
        assert!(took < Duration::from_secs(2), "{what} took {took:?}");
    }
}

/// Text that looks like the inside of a report.
fn reportish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Content-Type: multipart/report; boundary=b\n".to_owned()),
        Just("Content-Type: message/delivery-status\n".to_owned()),
        Just("Content-Type: message/feedback-report\n".to_owned()),
        Just("Content-Type: message/rfc822\n".to_owned()),
        Just("--b\n".to_owned()),
        Just("--b--\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("Action: failed\n".to_owned()),
        Just("Feedback-Type: abuse\n".to_owned()),
        "Status: [245]?\\.?[0-9]{0,4}\\.?\\PC{0,3}\n",
        "Diagnostic-Code: (smtp|x)?;? ?\\PC{0,8}\n",
        "To: \\PC{0,20}\n",
        "[A-Za-z-]{1,12}:\\PC{0,12}\n",
        "\\PC{0,20}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        prop_assert!(said(&bytes).is_none_or(|(.., known)| !known));
    }

    #[test]
    fn anything_like_a_report_is_answered(text in reportish(), recipient in "\\PC{0,30}") {
        let returned = returned::read(text.as_bytes(), Some(&recipient));
        prop_assert_eq!(returned.and_then(|returned| returned.outbox_id(&secrets())), None);
    }
}
