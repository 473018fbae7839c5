//! Reads what comes back about a mail of ours: a delivery status notification (RFC 3464) or a feedback
//! report (RFC 5965). Anybody may send anything here. So it is read flat: heads are parsed, and the parts
//! of the one outermost report are told apart; what lies deeper is not looked at, and nothing is decoded,
//! for the parts that programs read are never encoded (RFC 3464 §2.1, RFC 5965 §7.1).

use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};
use uuid::Uuid;

use crate::domain::bounce::{Bounce, BounceKind, EnhancedStatus};
use crate::domain::link::LinkSecrets;

/// How much of a message is read, in bytes. What a program is told stands at the front; the rest is the
/// mail returned.
pub const MOST: usize = 1024 * 1024;
/// No honest head is longer.
const LONGEST_HEAD: usize = 64 * 1024;
/// A report has three parts: for people, for programs, and what it is about.
const MOST_PARTS: usize = 8;

/// Where the recipient of the message itself stands, besides the envelope: written by Postfix and others
/// on delivery, by Exim, and by the sender.
const RECIPIENTS: [&str; 4] = ["X-Original-To", "Delivered-To", "Envelope-To", "To"];

/// What a message says about a mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// What it says.
    pub bounce: Bounce,
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

/// Reads one message as it was received, and the envelope recipient if it is known. `None` when it is
/// nothing for us: ordinary mail, an answer of a vacation responder, news of mail that arrived.
#[must_use]
pub fn read(message: &[u8], recipient: Option<&str>) -> Option<Returned> {
    let (head, body) = split(&message[..message.len().min(MOST)]);
    let head = parse(head)?;
    if !is(&head, "multipart", "report") {
        return None;
    }
    let parts = parts(body, head.content_type()?.attribute("boundary")?);
    let parts: Vec<(Message<'_>, &[u8])> = parts
        .into_iter()
        .filter_map(|part| {
            let (head, body) = split(part);
            Some((parse(head)?, body))
        })
        .collect();
    let part = |subtype| parts.iter().find(|(head, _)| is(head, "message", subtype));
    let mut addresses: Vec<String> = recipient.map(ToOwned::to_owned).into_iter().collect();
    addresses.extend(RECIPIENTS.iter().flat_map(|name| mailboxes(&head, name)));
    if let Some((_, status)) = part("delivery-status") {
        return Some(Returned { bounce: delivery(status)?, addresses });
    }
    let (_, feedback) = part("feedback-report")?;
    let feedback = parse(split(feedback).0)?;
    // RFC 5965 §7.3: what people report as unwanted or as a fraud. The others say that a program found
    // something, or the contrary (`not-spam`, RFC 6430).
    if !["abuse", "fraud"].contains(&word(&feedback, "Feedback-Type").as_str()) {
        return None;
    }
    addresses.extend(mailboxes(&feedback, "Original-Mail-From"));
    let originals = parts
        .iter()
        .filter(|(head, _)| is(head, "message", "rfc822") || is(head, "text", "rfc822-headers"));
    addresses.extend(
        originals
            .filter_map(|(_, original)| parse(split(original).0))
            .flat_map(|original| mailboxes(&original, "Return-Path")),
    );
    Some(Returned { bounce: Bounce { kind: BounceKind::Complaint, status: None }, addresses })
}

/// What a `message/delivery-status` says: groups of fields, one for each recipient (RFC 3464 §2.1). Our
/// mails have one; several are the mailboxes behind it, and it is dead only if all of them are.
fn delivery(status: &[u8]) -> Option<Bounce> {
    let mut failures: Vec<Bounce> = Vec::new();
    let mut arrived = false;
    let mut rest = status;
    while !rest.is_empty() {
        let (group, others) = split(rest);
        rest = others;
        let Some(group) = parse(group) else { continue };
        match word(&group, "Action").as_str() {
            "failed" => failures.push(failure(&group)),
            "delayed" => {
                let status = field(&group, "Status").and_then(enhanced);
                failures.push(Bounce { kind: BounceKind::Soft, status });
            }
            "delivered" | "relayed" | "expanded" => arrived = true,
            // The group about the message as a whole has no action.
            _ => {}
        }
    }
    let soft = failures.iter().find(|failure| failure.kind == BounceKind::Soft);
    let bounce = *soft.or(failures.first())?;
    Some(if arrived { Bounce { kind: BounceKind::Soft, ..bounce } } else { bounce })
}

/// What a group of fields with `Action: failed` says. A status that says nothing gives way to what the
/// other server answered (RFC 3464 §2.3.6).
fn failure(group: &Message<'_>) -> Bounce {
    let status = field(group, "Status").and_then(enhanced);
    let (code, told) = field(group, "Diagnostic-Code").and_then(answer).unzip();
    let status = status.filter(|status| !status.is_undefined()).or(told.flatten()).or(status);
    Bounce { kind: BounceKind::of_refusal(status, code), status }
}

/// An SMTP server's answer, `smtp; 550-5.1.1 There is no such mailbox`: its code, and the enhanced
/// status that may follow (RFC 2034 §4).
fn answer(diagnostic: &str) -> Option<(u16, Option<EnhancedStatus>)> {
    let (kind, text) = diagnostic.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("smtp") {
        return None;
    }
    let (code, text) = text.trim_start().split_at_checked(3)?;
    Some((code.parse().ok()?, enhanced(text.trim_start_matches([' ', '-', '#']))))
}

/// The enhanced status that a text begins with.
fn enhanced(text: &str) -> Option<EnhancedStatus> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
}

/// Head and body, parted by the first empty line.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    message.split_at(at)
}

/// The fields of a head; `None` when there are none.
fn parse(head: &[u8]) -> Option<Message<'_>> {
    let parser = MessageParser::new().header_content_type(HeaderName::ContentType);
    parser.parse_headers(head.get(..LONGEST_HEAD).unwrap_or(head))
}

/// The parts between the boundary lines (RFC 2046 §5.1.1); the last one may be cut short.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (next, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let (mut parts, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let marker = line.trim_ascii_end();
        let ends = marker == last.as_bytes();
        if ends || marker == next.as_bytes() {
            parts.extend(begin.map(|begin| &body[begin..at]));
            begin = Some(at + line.len()).filter(|_| !ends);
            if ends || parts.len() == MOST_PARTS {
                return parts;
            }
        }
        at += line.len();
    }
    parts.extend(begin.map(|begin| &body[begin..]));
    parts
}

fn is(head: &Message<'_>, ctype: &str, subtype: &str) -> bool {
    head.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case(ctype)
            && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case(subtype))
    })
}

fn fields<'m>(head: &'m Message<'_>, name: &'m str) -> impl Iterator<Item = &'m str> {
    let named = head.headers().iter().filter(move |field| field.name().eq_ignore_ascii_case(name));
    named.filter_map(|field| field.value().as_text())
}

fn field<'m>(head: &'m Message<'_>, name: &'m str) -> Option<&'m str> {
    fields(head, name).next()
}

/// The first word of a field, in lower case; a comment may follow it.
fn word(head: &Message<'_>, name: &str) -> String {
    let text = field(head, name).unwrap_or_default();
    let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next();
    word.unwrap_or_default().to_ascii_lowercase()
}

/// Whatever may be an address in these fields.
fn mailboxes(head: &Message<'_>, name: &str) -> Vec<String> {
    let words = fields(head, name)
        .flat_map(|text| text.split([' ', '\t', '\r', '\n', ',', ';', '<', '>', '"']));
    words.filter(|word| word.contains('@')).map(ToOwned::to_owned).collect()
}
