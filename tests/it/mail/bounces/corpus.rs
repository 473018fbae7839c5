//! What mail servers send back, in the shape that each gives it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::mail::bounce::BounceKind::{self, Complaint, Hard, Soft};
use assent::domain::mail::return_path::ReturnPaths;
use assent::domain::signup::link::LinkSecrets;
use assent::mail::returned::{self, Ignored, MOST, Returned};
use proptest::prelude::*;
use uuid::Uuid;

use crate::mail::bounces::ADA;

const ID: Uuid = Uuid::from_u128(0x0193_5b7a_7c00_7000_8000_0000_0000_00ff);

fn secrets() -> LinkSecrets {
    LinkSecrets::new([7; 32], &[])
}

/// The envelope sender that the mail of these messages left with.
pub fn return_path() -> String {
    ReturnPaths { secrets: secrets(), domain: "bounces.sample.example".to_owned() }.address(ID)
}

/// A message of the corpus about the mail to Ada that left with this envelope sender.
pub fn message(name: &str, return_path: &str) -> String {
    message_about(name, return_path, ADA)
}

/// The same about a mail to somebody else.
pub fn message_about(name: &str, return_path: &str, recipient: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/mail/bounces/corpus");
    let text = fs::read_to_string(directory.join(format!("{name}.eml"))).unwrap();
    let (_, domain) = recipient.split_once('@').unwrap();
    let text = text.replace("RETURN_PATH", return_path).replace("DOMAIN_OF_IT", domain);
    text.replace("RECIPIENT", recipient)
}

/// Whether what was read leads to the mail that left with [`return_path`].
pub fn leads_to_its_mail(returned: &Returned) -> bool {
    returned.outbox_id(&secrets()) == Some(ID)
}

/// Kind and status of a message about a mail to Ada, and whether it leads to that mail.
fn said(message: &[u8]) -> Option<(BounceKind, String, bool)> {
    said_of(ADA, message).ok()
}

fn said_of(mailed: &str, message: &[u8]) -> Result<(BounceKind, String, bool), Ignored> {
    let returned = returned::read(message, None)?;
    let mailed = EmailAddress::parse(mailed).unwrap().normalised();
    let bounce = returned.news.about(|address| address.normalised() == mailed);
    let status = bounce.status.map(|status| status.to_string()).unwrap_or_default();
    Ok((bounce.kind, status, leads_to_its_mail(&returned)))
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
        ("outlook_complaint", Complaint, ""),
        ("outlook_complaint_as_is", Complaint, ""),
        // Without calling itself a report, in the other form, encoded, wrapped by a gateway.
        ("opensmtpd_unknown", Hard, "5.1.1"),
        ("global_unknown", Hard, "5.1.1"),
        ("encoded_unknown", Hard, "5.1.1"),
        ("wrapped_unknown", Hard, "5.1.1"),
        // In plain words alone.
        ("qmail", Hard, "5.1.1"),
        ("exim_plain", Hard, ""),
        ("exim_plain_blocked", Soft, ""),
        ("exim_plain_forwarded", Soft, ""),
        ("gmail_plain", Hard, "5.1.1"),
        ("exchange2003", Hard, ""),
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
fn what_is_no_bounce_is_nothing_and_says_why() {
    for (name, why) in [
        ("delivered", Ignored::Arrived),
        ("vacation", Ignored::AutoReply),
        ("postmaster_away", Ignored::AutoReply),
        ("left_the_company", Ignored::Ordinary),
        ("read_receipt", Ignored::Receipt),
        ("forwarded", Ignored::Ordinary),
        ("arf_not_spam", Ignored::OtherFeedback),
        ("quota_warning", Ignored::Silent),
    ] {
        let message = message(name, &return_path());
        assert_eq!(said_of(ADA, message.as_bytes()), Err(why), "{name}");
        let with_crlf = message.replace('\n', "\r\n");
        assert_eq!(said_of(ADA, with_crlf.as_bytes()), Err(why), "{name} with CRLF");
    }
    for bytes in
        [&b""[..], b"\n", b"\r\n\r\n", b"hello", b"\0\xff\0", b"Content-Type: multipart/report\n\n"]
    {
        assert_eq!(said_of(ADA, bytes), Err(Ignored::Ordinary), "{bytes:?}");
    }
}

#[test]
fn a_report_about_another_address_never_ends_the_one_mailed() {
    for name in [
        "postfix_unknown",
        "postfix_no_such_domain",
        "exim_unknown",
        "office365_unknown",
        "gmail_unknown",
        "sendmail_unknown",
        "opensmtpd_unknown",
        "global_unknown",
        "encoded_unknown",
        "wrapped_unknown",
        "qmail",
        "exim_plain",
        "gmail_plain",
        "exchange2003",
    ] {
        let of_bob = message_about(name, &return_path(), "bob@c.example");
        let (kind, _, known) = said(of_bob.as_bytes()).unwrap();
        assert_eq!((kind, known), (Soft, true), "{name}");
        let (kind, ..) = said_of("Bob@C.example", of_bob.as_bytes()).unwrap();
        assert_eq!(kind, Hard, "{name}, whatever the case");
    }
    // With letters beyond ASCII in its domain, however they travel.
    for recipient in ["ada@bücher.example", "ada@b\\x{FC}cher.example", "ada@xn--bcher-kva.example"]
    {
        let message = message_about("global_unknown", &return_path(), recipient);
        let said = said_of("ada@bücher.example", message.as_bytes()).unwrap();
        assert_eq!(said.0, Hard, "{recipient}");
    }
}

#[test]
fn what_lies_deeper_than_one_message_is_not_looked_into() {
    let wrapped = message("wrapped_unknown", &return_path());
    let twice = format!(
        "From: MAILER-DAEMON@mx.sample.example\nTo: {}\nContent-Type: multipart/mixed; boundary=T\n\n\
         --T\nContent-Type: message/rfc822\n\n{wrapped}\n--T--\n",
        return_path()
    );
    assert_ne!(said(twice.as_bytes()).map(|(kind, ..)| kind), Some(Hard));
    // What a report returns may be a report itself, about something else.
    let outer = message("exchange_full", &return_path());
    let inner = message("postfix_unknown", &return_path());
    let returned = format!("Content-Type: message/rfc822\n\n{inner}\n");
    let (report, _) = outer.rsplit_once("--9B095B5A").unwrap();
    let both = format!(
        "{report}--9B095B5ADSN=_01DB3D8E00000000EX01\n{returned}--9B095B5ADSN=_01DB3D8E00000000EX01--\n"
    );
    assert_eq!(said(both.as_bytes()), Some((Soft, "5.2.2".to_owned(), true)));
}

#[test]
fn an_automatic_reply_is_never_hard() {
    let base = message("qmail", &return_path());
    for (from, extra) in [
        ("From: Ada Byron <ada@b.example>", "Auto-Submitted: auto-replied\n"),
        ("From: Ada Byron <ada@b.example>", "Auto-Submitted: auto-generated\n"),
        ("From: Ada Byron <ada@b.example>", "X-Autoreply: yes\n"),
        ("From: Ada Byron <ada@b.example>", ""),
        ("From: postmaster@b.example", "Auto-Submitted: auto-replied (vacation)\n"),
        ("From: MAILER-DAEMON@b.example", "Subject: Automatic reply: failure notice\n"),
    ] {
        let reply = base.replace("From: MAILER-DAEMON@mail.b.example", from);
        let reply = if extra.starts_with("Subject") {
            reply.replace("Subject: failure notice\n", extra)
        } else {
            format!("{extra}{reply}")
        };
        assert_eq!(said(reply.as_bytes()), None, "{from} {extra}");
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
    // People are told first.
    let whole = message("postfix_unknown", &return_path());
    let decided = whole.find("550 5.1.1").unwrap() + "550 5.1.1".len();
    for end in 0..whole.len() {
        let read = said(&whole.as_bytes()[..end]);
        if end >= decided {
            assert_eq!(read, Some((Hard, "5.1.1".to_owned(), true)), "{end}");
        } else {
            assert_ne!(read.map(|(kind, ..)| kind), Some(Hard), "{end}");
        }
    }
}

/// Parts within parts, each with a long body.
fn deep() -> String {
    let begin = "From: MAILER-DAEMON@b.test\nContent-Type: multipart/mixed; boundary=b0\n\n";
    let part = |n| format!("--b{n}\nContent-Type: multipart/mixed; boundary=b{}\n\n", n + 1);
    let parts: Vec<String> = (0..64).map(part).collect();
    format!("{begin}{}{}", parts.concat(), "x\n".repeat(MOST / 2))
}

/// A report with an address of its own on each line.
fn many_addresses() -> String {
    let lines: Vec<String> = (0..60_000).map(|n| format!("a{n}@b{n}.test failed\n")).collect();
    format!("From: MAILER-DAEMON@b.test\n\n{}", lines.concat())
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
        ("parts in parts", deep()),
        ("addresses", repeated("From: MAILER-DAEMON@b.test\n\nfailed:\n", "a@b.test c@d.test\n")),
        ("other addresses", many_addresses()),
        ("words", repeated("From: MAILER-DAEMON@b.test\n\na@b.test failed ", "user unknown ")),
        (
            "base64",
            repeated(
                "From: MAILER-DAEMON@b.test\nContent-Transfer-Encoding: base64\n\n",
                "YUBiLnRlc3Qg\n",
            ),
        ),
        (
            "tags",
            repeated("From: MAILER-DAEMON@b.test\nContent-Type: text/html\n\n", "<p>&amp;<!-- "),
        ),
        (
            "mails that wrap nothing",
            repeated(
                "From: MAILER-DAEMON@b.test\nContent-Type: multipart/mixed; boundary=b\n\n",
                "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n",
            ),
        ),
    ] {
        let begin = Instant::now();
        let read = returned::read(text.as_bytes(), None);
        let known = read.ok().and_then(|returned| returned.outbox_id(&secrets()));
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
        let returned = returned::read(text.as_bytes(), Some(&recipient)).ok();
        prop_assert_eq!(returned.and_then(|returned| returned.outbox_id(&secrets())), None);
    }
}
