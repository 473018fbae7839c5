//! What a mail server writes for people. Some write nothing else: qmail, Exim and Gmail before they had reports, old
//! Exchange, and many a filter.

use mail_parser::Message;

use super::fields::Fields;
use super::ignored::Ignored;
use super::mime::{Letter, field, fields};
use super::told::{About, Told};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::news::{Fate, Report};
use crate::domain::mail::bounce::verdict::{Judged, Verdict};

/// Who sends reports: what stands in `From`, in lower case.
const DAEMONS: [&str; 3] = ["mailer-daemon", "mailerdaemon", "mail delivery s"];
/// Who sends reports among other mail.
const POSTMASTERS: [&str; 2] = ["postmaster", "post_master"];

/// How subjects of automatic replies begin, in lower case.
const REPLIES: [&str; 12] = [
    "auto:",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic reply",
    "auto response",
    "auto-response",
    "automatic response",
    "out of office",
    "out of the office",
    "vacation",
    "away",
];

/// Some of this stands in whatever tells of a mail that did not arrive, in lower case.
const UNDELIVERED: [&str; 11] = [
    "deliver",
    "failure",
    "failed",
    "failing",
    "returned mail",
    "bounce",
    "not reach",
    "rejected",
    "refused",
    "unable to",
    "error",
];

/// Whether a mail server wrote this. An automatic reply of a person's has other senders, and one of a postmaster's
/// says that it is one (RFC 3834 §5).
pub(super) fn is_from_daemon(head: &Message<'_>) -> bool {
    let from = fields(head, "From").collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let named = |names: &[&str]| names.iter().any(|name| from.contains(name));
    field(head, "X-Failed-Recipients").is_some()
        || named(&DAEMONS)
        || from.trim() == "<>"
        || (named(&POSTMASTERS) && !is_reply(head))
}

/// Whether a mail server may have written this: it wants no answer.
pub(super) fn wants_no_answer(head: &Message<'_>) -> bool {
    is_from_daemon(head)
        || (field(head, "Return-Path").is_some_and(|path| path.trim() == "<>") && !is_reply(head))
}

/// Whether it says that it is an automatic reply (RFC 3834 §5), as reports of Exim's and of Google's do too.
fn is_reply(head: &Message<'_>) -> bool {
    fields(head, "Auto-Submitted").any(|text| text.to_ascii_lowercase().contains("auto-replied"))
}

/// Why a message that no mail server wrote is nothing for us.
pub(super) fn ordinary(head: &Message<'_>) -> Ignored {
    let says_no = |text: &str| text.trim().eq_ignore_ascii_case("no");
    let automatic = fields(head, "Auto-Submitted").any(|text| !says_no(text))
        || ["X-Autoreply", "X-Autorespond"].iter().any(|name| field(head, name).is_some())
        || is_replys_subject(head);
    if automatic { Ignored::AutoReply } else { Ignored::Ordinary }
}

fn is_replys_subject(head: &Message<'_>) -> bool {
    let subject = subject(head);
    REPLIES.iter().any(|begin| subject.starts_with(begin))
}

fn subject(head: &Message<'_>) -> String {
    field(head, "Subject").unwrap_or_default().trim().to_lowercase()
}

/// Reads a message without fields that programs read.
pub(super) fn report(letter: &Letter<'_>, told: &Told) -> Result<Report, Ignored> {
    if !is_from_daemon(&letter.head) {
        return Err(ordinary(&letter.head));
    }
    if is_replys_subject(&letter.head) {
        return Err(Ignored::AutoReply);
    }
    // Some have the fields in their text.
    let mut fields = Fields::read(told.text.as_bytes());
    fields.failures.retain(|(fate, _)| fate.recipient.is_some());
    if !fields.failures.is_empty() {
        return Ok(fields.report(told));
    }
    let said = told.text.to_lowercase() + &subject(&letter.head);
    if !UNDELIVERED.iter().any(|word| said.contains(word)) {
        return Err(Ignored::Silent);
    }
    let fate = |recipient: &EmailAddress| {
        let judged = told.about(recipient).map(About::judged);
        let Judged { verdict, status } =
            judged.unwrap_or(Judged { verdict: Verdict::SomethingElse, status: None });
        Fate { recipient: Some(recipient.clone()), verdict, status }
    };
    Ok(Report { fates: told.addresses().map(fate).collect(), softened: false })
}
