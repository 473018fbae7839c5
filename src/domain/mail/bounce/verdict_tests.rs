//! What servers answer, and what that says: each line as some server writes it.

use proptest::prelude::*;

use crate::domain::mail::bounce::verdict::Verdict::{self, Gone, SomethingElse, Unclear};
use crate::domain::mail::bounce::verdict::{Answer, says_plainly};
use crate::domain::mail::bounce::{BounceKind, EnhancedStatus};

fn status(text: &str) -> Option<EnhancedStatus> {
    text.parse().ok()
}

/// What another server's answer about ada@b.example says, beside this status.
fn heard(beside: &str, words: &str) -> Verdict {
    let answer = Answer { status: status(beside), words, heard: true, domain: Some("b.example") };
    answer.judged().verdict
}

/// What the server that reports it says itself.
fn own(beside: &str, words: &str) -> Verdict {
    let answer = Answer { status: status(beside), words, heard: false, domain: Some("b.example") };
    answer.judged().verdict
}

#[test]
fn a_mailbox_that_is_not_there() {
    for (beside, words) in [
        ("5.1.1", "550 5.1.1 <ada@b.example>: Recipient address rejected: User unknown in table"),
        ("5.1.1", "550 5.1.1 <ada@b.example>... User unknown"),
        (
            "5.0.0",
            "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser x - gsmtp",
        ),
        (
            "",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        ),
        ("5.1.1", "550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found"),
        // Microsoft 365 and Outlook.com.
        (
            "5.4.1",
            "550 5.4.1 <ada@b.example>: Recipient address rejected: Access denied. AS(201806281) [AM0EUR02FT012.eop-EUR02.prod.protection.outlook.com]",
        ),
        ("5.4.1", "550 5.4.1 [ada@b.example]: Recipient address rejected: Access denied"),
        (
            "",
            "550 5.4.1 All recipient addresses rejected : Access denied [AM0EUR02.prod.protection.outlook.com]",
        ),
        (
            "",
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [AM0.eop-EUR02.prod.protection.outlook.com 2026-11-23T09:00:00.000Z 08DC]",
        ),
        // Yahoo.
        (
            "5.0.0",
            "554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.com) [0] - mta1.mail.ne1.yahoo.com",
        ),
        (
            "5.0.0",
            "554 delivery error: dd This user doesn\u{2019}t have a yahoo.com account (ada@yahoo.com) [-9]",
        ),
        (
            "5.0.0",
            "554 delivery error: dd Sorry, your message to ada@b.example cannot be delivered. This mailbox does not exist.",
        ),
        ("5.0.0", "552 1 Requested mail action aborted, mailbox not found"),
        ("5.0.0", "550 No such user here"),
        ("5.3.0", "550 5.3.0 <ada@b.example>... No such user here"),
        ("5.0.0", "550 #5.1.0 Address rejected, user unknown"),
        ("5.1.1", "550 5.1.1 Not our customer"),
        ("5.1.6", "551 not our customer"),
        ("5.1.1", "550 Requested action not taken: mailbox unavailable"),
        // qmail's patches end so.
        ("", "553 sorry, no mailbox here by that name (#5.7.1)"),
        ("", "550 sorry, no mailbox here by that name (#5.1.1 - chkusr)"),
        (
            "5.2.1",
            "550 5.2.1 The email account that you tried to reach is disabled. https://support.google.com/mail/?p=DisabledUser x - gsmtp",
        ),
        ("5.2.1", "550 5.2.1 <ada@b.example>... User Unknown"),
        ("5.1.2", "550 Host unknown"),
        ("", "550 5.1.2 <ada@b.example>... Host unknown (Name server: b.example: host not found)"),
        ("", "550 Unrouteable address"),
        ("", "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [x.uk1]"),
        ("", "550 5.1.1 unknown or illegal alias: ada@b.example"),
        ("", "501 5.1.3 Bad recipient address syntax"),
        (
            "",
            "556 5.1.10 <ada@b.example>: Recipient address rejected: Domain b.example does not accept mail (nullMX)",
        ),
        ("5.1.1", ""),
    ] {
        assert_eq!(heard(beside, words), Gone, "{beside} {words}");
    }
    for (beside, words) in [
        ("5.1.1", "unknown user: \"ada\""),
        ("5.1.1", ""),
        ("5.4.4", ""),
        ("5.1.0", "Domain b.example does not accept mail (nullMX)"),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=b.example type=MX: Host not found",
        ),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=B.example type=A: Host found but no data record of requested type",
        ),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=b.example type=AAAA: Host not found",
        ),
    ] {
        assert_eq!(own(beside, words), Gone, "{beside} {words}");
    }
}

#[test]
fn something_else_than_a_mailbox_that_is_not_there() {
    for (beside, words) in [
        // A code alone, with words about policy.
        (
            "",
            "550 DMARC check failed. http://service.mail.qq.com/cgi-bin/help?subtype=1&&no=1001508",
        ),
        ("5.1.1", "550 Denied by policy"),
        ("5.1.1", "550 Bad SPF records for [b.example:192.0.2.1], see http://spf.example/"),
        (
            "",
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
        ),
        ("5.1.3", "553 http://www.spamhaus.org/query/bl?ip=192.0.2.222"),
        ("", "550 relay not permitted"),
        ("5.1.1", "550 We do not accept mail from your network"),
        ("", "550 Ip frequency limited [x Blocked IP 192.0.2.22]"),
        (
            "",
            "550-Requested action not taken: mailbox unavailable 550 Sender address is not allowed.",
        ),
        // A status that the answer contradicts.
        ("5.1.1", "550 5.7.1 IP address blacklisted by recipient"),
        ("5.1.1", "552 5.2.2 Over quota"),
        ("5.1.1", "450 <ada@b.example>: user unknown"),
        ("", "552 sorry, mailbox ada@b.example is over quota temporarily (#5.1.1)"),
        ("5.7.1", "550 5.7.1 <ada@b.example>: Recipient address rejected: User unknown"),
        ("4.0.0", "DNS type 'mx' lookup of b.example responded with code NXDOMAIN"),
        // 5.1.x, 5.2.1 and 5.4.4 for policy, rates and name servers.
        ("5.1.8", "553 5.1.8 <a@c.example>... Domain of sender address a@c.example does not exist"),
        ("5.1.0", "550 5.1.0 <a@c.example> sender rejected : invalid sender domain"),
        ("5.1.0", "550 5.1.0 Authentication required"),
        ("5.1.1", "550 5.1.1 recipient rate exceeded"),
        ("5.1.1", "550 5.1.1 Too many invalid recipients"),
        ("5.1.1", "550 5.1.1 Recipient unknown or relaying denied"),
        ("5.1.1", "550 5.1.1 Mailbox full"),
        ("5.1.1", "550 5.1.1 Greylisted, please try again later"),
        (
            "5.2.1",
            "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
        ),
        ("5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail too quickly."),
        ("5.2.1", "550 5.2.1 Mailbox temporarily disabled"),
        ("5.2.1", "554 5.2.1 Mailbox suspended for non payment"),
        ("5.1.2", "550 5.1.2 unable to resolve: DNS lookup failure"),
        ("5.4.4", "550 5.4.4 nameserver timed out"),
        // A mail server is missing, not the domain.
        (
            "",
            "550 5.1.2 <ada@b.example>... Host unknown (Name server: mx1.b.example: host not found)",
        ),
        // The sender was looked for.
        (
            "",
            "550-Verification failed for <x@c.example> 550-Response: 550 No such user 550 Sender verify failed",
        ),
        ("", "550 Return address does not exist"),
        ("", "550 Unroutable sender address"),
        // The mailbox is there.
        ("", "550 5.7.13 User account disabled"),
        ("", "550 Mailbox is frozen. See http://mail.i.ua/err/3/"),
        ("", "550 Account is locked"),
        ("", "550 The group may not exist, or you may not have permission to post"),
    ] {
        assert_eq!(heard(beside, words), SomethingElse, "{beside} {words}");
    }
    for (beside, words) in [
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=mx1.b.example type=A: Host not found",
        ),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=b.example type=AAAA: Host found but no data record of requested type",
        ),
        (
            "4.4.3",
            "Host or domain name not found. Name service error for name=b.example type=MX: Host not found, try again",
        ),
        (
            "5.4.3",
            "Name service error for name=b.example type=MX: Malformed or unexpected name server reply",
        ),
        ("5.4.6", "mail for b.example loops back to myself"),
        ("5.4.4", "mail for b.example loops back to myself"),
        ("5.7.13", ""),
    ] {
        assert_eq!(own(beside, words), SomethingElse, "{beside} {words}");
    }
}

#[test]
fn what_says_neither_is_unclear() {
    for (beside, words) in [
        ("", ""),
        ("5.0.0", ""),
        ("", "550"),
        ("", "550 Requested action not taken: mailbox unavailable"),
        ("5.1.1", "550 Rejected"),
        ("5.0.0", "550 #5.1.0 Address rejected."),
        ("5.3.0", "554 5.3.0 Mailer error"),
        ("5.0.0", "554 delivery error: dd This account has been disabled or discontinued [#102]"),
        ("", "551 not our customer"),
        ("", "No mx record found for domain=b.example"),
    ] {
        assert_eq!(heard(beside, words), Unclear, "{beside} {words}");
    }
}

#[test]
fn addresses_links_and_hosts_say_nothing() {
    for words in [
        "550 <user-unknown@b.example> refused",
        "550 see https://b.example/no-such-user",
        "550 user.unknown.b.example said no",
    ] {
        assert_eq!(heard("", words), Unclear, "{words}");
    }
    let words = "550 5.1.1 <spam@b.example> User unknown, says mx.spam-policy.b.example, see https://b.example/policy";
    assert_eq!(heard("", words), Gone);
}

#[test]
fn the_status_that_agrees_is_told() {
    let told = |words| {
        let answer = Answer { status: None, words, heard: true, domain: None };
        answer.judged().status.map(|status| status.to_string())
    };
    assert_eq!(told("550-5.1.1 No such user (#5.2.2) 5.2.2"), Some("5.1.1".to_owned()));
    assert_eq!(told("sorry, no mailbox here by that name (#5.1.1)"), Some("5.1.1".to_owned()));
    assert_eq!(told("sorry, no mailbox here by that name (#5.7.1)"), None);
    assert_eq!(told("552 5.2.2 full"), Some("5.2.2".to_owned()));
    assert_eq!(told("sent by Program 2.11.3 of 192.0.2.1"), None);
}

#[test]
fn at_the_door_a_status_about_the_mailbox_counts_and_nothing_beside_it() {
    for (code, words, kind) in [
        ("5.1.1", "550 5.1.1 <ada@b.example>: user unknown", BounceKind::Hard),
        ("5.1.1", "550 5.1.1", BounceKind::Hard),
        ("5.1.1", "", BounceKind::Hard),
        ("5.2.1", "550 5.2.1 disabled", BounceKind::Hard),
        ("5.1.1", "550 5.1.1 blocked by policy", BounceKind::Soft),
        ("5.1.1", "550 5.1.1 relay access denied", BounceKind::Soft),
        ("5.2.1", "550 5.2.1 sending too quickly", BounceKind::Soft),
        ("5.1.0", "550 5.1.0 user unknown", BounceKind::Soft),
        ("5.1.8", "550 5.1.8 user unknown", BounceKind::Soft),
        ("5.4.4", "550 5.4.4 host unknown", BounceKind::Soft),
        ("5.0.0", "550 5.0.0 user unknown", BounceKind::Soft),
        ("5.7.1", "550 5.7.1 user unknown", BounceKind::Soft),
        ("", "550 user unknown", BounceKind::Soft),
    ] {
        assert_eq!(BounceKind::at_the_door(status(code), words), kind, "{words}");
    }
}

#[test]
fn what_a_relay_calls_hard_is_so_unless_its_status_says_something_else() {
    use BounceKind::{Complaint, Hard, Soft};
    for (said, code, kind) in [
        (Hard, "5.1.1", Hard),
        (Hard, "5.0.0", Hard),
        (Hard, "", Hard),
        (Hard, "5.7.1", Soft),
        (Hard, "4.2.2", Soft),
        (Soft, "5.1.1", Soft),
        (Complaint, "5.7.1", Complaint),
    ] {
        assert_eq!(said.told(status(code)), kind, "{said:?} {code}");
    }
}

#[test]
fn people_are_told_plainly() {
    assert!(says_plainly("** Address not found **\nYour message wasn't delivered"));
    assert!(says_plainly("ada wasn't found at b.example"));
    assert!(!says_plainly("550 5.1.1 <ada@b.example>... User unknown"));
    assert!(!says_plainly("the address couldn't be found, or is unable to receive mail."));
}

proptest! {
    #[test]
    fn any_words_are_answered(words in "\\PC{0,80}") {
        let _ = heard("", &words);
    }

    #[test]
    fn nothing_that_passes_is_ever_gone(words in "(\\PC{0,20} )?", gone in "(no such user|5\\.1\\.1|mailbox not found)") {
        prop_assert_ne!(heard("", &format!("450 {words}{gone}")), Gone);
        prop_assert_ne!(heard("4.4.7", &format!("{words}{gone}")), Gone);
        prop_assert_ne!(heard("5.7.1", &format!("{words}{gone}")), Gone);
    }
}
