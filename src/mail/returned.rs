//! Reads what comes back about a mail of ours: reports (RFC 3464, RFC 6533), complaints (RFC 5965, and Outlook.com's
//! older ones), and what mail servers write for people alone.

mod fields;
mod ignored;
mod mime;
mod plain;
mod told;

use mail_parser::Message;
use uuid::Uuid;

pub use self::ignored::Ignored;

use self::fields::Fields;
use self::mime::{Letter, field, mailboxes, parse, split, word};
use self::plain::wants_no_answer;
use self::told::Told;
use crate::domain::mail::bounce::news::News;
use crate::domain::signup::link::LinkSecrets;

/// How much of a message is read, in bytes. What a program is told stands at the front; the rest is the
/// mail returned.
pub const MOST: usize = 1024 * 1024;

/// Where the recipient of the message itself stands, besides the envelope: written by Postfix and others
/// on delivery, by Exim, and by the sender.
const RECIPIENTS: [&str; 4] = ["X-Original-To", "Delivered-To", "Envelope-To", "To"];

/// Where the envelope sender of a mail that was complained of may stand in its head.
const SENDERS: [&str; 3] = ["Return-Path", "Authentication-Results", "Received-SPF"];

/// What programs are told of a delivery.
const STATUS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];
/// A mail within a message.
const MAILS: [&str; 2] = ["message/rfc822", "message/global"];
/// The mail complained of, or its head.
const ORIGINALS: [&str; 4] =
    ["message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"];

/// What a message says about a mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// What it says.
    pub news: News,
    /// Every address in which our envelope sender may stand.
    addresses: Vec<String>,
}

impl Returned {
    /// The mail it is about, known by an envelope sender of ours and by nothing else: recipient and
    /// Message-ID in a report are anybody's to write. `None` when no such address stands in it.
    #[must_use]
    pub fn outbox_id(&self, secrets: &LinkSecrets) -> Option<Uuid> {
        self.addresses.iter().find_map(|address| secrets.open_return_path(address))
    }
}

/// Reads one message as it was received, and the envelope recipient if it is known.
///
/// # Errors
/// When it is nothing for us: why.
pub fn read(message: &[u8], recipient: Option<&str>) -> Result<Returned, Ignored> {
    let letter = Letter::parse(&message[..message.len().min(MOST)]).ok_or(Ignored::Ordinary)?;
    let mut addresses: Vec<String> = recipient.map(ToOwned::to_owned).into_iter().collect();
    addresses.extend(recipients(&letter.head));
    let news = match for_programs(&letter, &mut addresses) {
        Some(news) => news,
        None => match wrapped(&letter, &mut addresses) {
            Some(news) => news,
            None => plain::report(&letter, &Told::from_letter(&letter)).map(News::Undelivered),
        },
    };
    news.map(|news| Returned { news, addresses })
}

fn recipients(head: &Message<'_>) -> impl Iterator<Item = String> {
    RECIPIENTS.iter().flat_map(|name| mailboxes(head, name))
}

/// What is written for programs; `None` when nothing is.
fn for_programs(letter: &Letter<'_>, addresses: &mut Vec<String>) -> Option<Result<News, Ignored>> {
    // OpenSMTPD's reports do not call themselves so; a person's mail with such a part in it is none.
    if letter.is_report() || wants_no_answer(&letter.head) {
        for status in letter.of_kind(&STATUS) {
            let fields = Fields::read(&status.decoded());
            if !fields.failures.is_empty() {
                return Some(Ok(News::Undelivered(fields.report(&Told::from_letter(letter)))));
            }
            if fields.arrived {
                return Some(Err(Ignored::Arrived));
            }
        }
    }
    if let Some(feedback) = letter.of_kind(&["message/feedback-report"]).next() {
        return Some(complaint(&feedback.decoded(), letter, addresses));
    }
    if is_outlooks(letter, addresses) {
        return Some(Ok(News::Complaint));
    }
    let mut receipts = letter.of_kind(&["message/disposition-notification"]);
    receipts.next().map(|_| Err(Ignored::Receipt))
}

/// A report that a gateway put into a message of its own; `None` when there is none. What a person forwards is not
/// looked into, and neither is what lies deeper.
fn wrapped(letter: &Letter<'_>, addresses: &mut Vec<String>) -> Option<Result<News, Ignored>> {
    if letter.is_report() || !wants_no_answer(&letter.head) {
        return None;
    }
    letter.of_kind(&MAILS).find_map(|mail| {
        let mail = mail.decoded();
        let inner = Letter::parse(&mail).filter(Letter::is_report)?;
        let news = for_programs(&inner, addresses)?;
        addresses.extend(recipients(&inner.head));
        Some(news)
    })
}

/// RFC 5965 §7.3: what people report as unwanted or as a fraud. The others say that a program found something, or the
/// contrary (`not-spam`, RFC 6430).
fn complaint(
    feedback: &[u8],
    letter: &Letter<'_>,
    addresses: &mut Vec<String>,
) -> Result<News, Ignored> {
    let feedback = parse(split(feedback).0).ok_or(Ignored::OtherFeedback)?;
    if !["abuse", "fraud"].contains(&word(&feedback, "Feedback-Type").as_str()) {
        return Err(Ignored::OtherFeedback);
    }
    addresses.extend(mailboxes(&feedback, "Original-Mail-From"));
    for original in letter.of_kind(&ORIGINALS) {
        let original = original.decoded();
        if let Some(head) = parse(split(&original).0) {
            addresses.extend(senders(&head));
        }
    }
    Ok(News::Complaint)
}

/// Whether it is a complaint as Outlook.com sent them before it had RFC 5965: the mail with a field of its own, as it
/// is or as a part.
fn is_outlooks(letter: &Letter<'_>, addresses: &mut Vec<String>) -> bool {
    const THEIRS: &str = "X-HmXmrOriginalRecipient";
    let mut found = field(&letter.head, THEIRS).is_some();
    if found {
        addresses.extend(senders(&letter.head));
    }
    for original in letter.of_kind(&ORIGINALS) {
        let original = original.decoded();
        let head = parse(split(&original).0).filter(|head| field(head, THEIRS).is_some());
        if let Some(head) = head {
            addresses.extend(senders(&head));
            found = true;
        }
    }
    found
}

fn senders(head: &Message<'_>) -> impl Iterator<Item = String> {
    SENDERS.iter().flat_map(|name| mailboxes(head, name))
}
