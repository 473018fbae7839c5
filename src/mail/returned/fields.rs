//! What a report says in fields that programs read (RFC 3464 §2, RFC 6533 §3).

use mail_parser::Message;

use super::mime::{field, parse, word};
use super::told::Told;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::EnhancedStatus;
use crate::domain::mail::bounce::news::{Fate, Report};
use crate::domain::mail::bounce::verdict::{Answer, Verdict, says_plainly};

/// How many recipients are read: our mails have one, and whoever stands behind it.
const MOST_RECIPIENTS: usize = 64;

/// The fields of a report.
#[derive(Default)]
pub(super) struct Fields {
    /// Each recipient to whom the mail did not arrive, and whether another server's words stand beside.
    pub(super) failures: Vec<(Fate, bool)>,
    /// Whether somebody got it.
    pub(super) arrived: bool,
}

impl Fields {
    /// Reads groups of fields, one for each recipient (RFC 3464 §2.1). The group about the message as a whole has
    /// no action.
    pub(super) fn read(status: &[u8]) -> Self {
        let mut fields = Self::default();
        for group in groups(status) {
            let Some(group) = parse(group) else { continue };
            match word(&group, "Action").as_str() {
                "failed" if fields.failures.len() < MOST_RECIPIENTS => {
                    fields.failures.push(failure(&group));
                }
                "delayed" if fields.failures.len() < MOST_RECIPIENTS => {
                    let verdict = Verdict::SomethingElse;
                    let status = field(&group, "Status").and_then(enhanced);
                    fields
                        .failures
                        .push((Fate { recipient: recipient(&group), verdict, status }, true));
                }
                // Postfix says "deliverable" where it was asked only.
                "delivered" | "relayed" | "expanded" | "deliverable" => fields.arrived = true,
                _ => {}
            }
        }
        fields
    }

    /// What they say; where they leave it open, the text beside them may tell. Several recipients are the mailboxes
    /// behind the one that was mailed, which is dead only if all of them are.
    pub(super) fn report(self, told: &Told) -> Report {
        let softened = self.arrived;
        let weighed = |(fate, quoted)| weighed(fate, quoted, told);
        let fates: Vec<Fate> = self.failures.into_iter().map(weighed).collect();
        let softened = softened || fates.iter().any(|fate| fate.verdict != Verdict::Gone);
        Report { fates, softened }
    }
}

/// A fate that its fields leave open, by what is written for people about the same address. Beside another server's
/// own words only a plain sentence counts: Sendmail adds "User unknown" to any refusal.
fn weighed(fate: Fate, quoted: bool, told: &Told) -> Fate {
    let about = fate.recipient.as_ref().and_then(|recipient| told.about(recipient));
    let Some(about) = about.filter(|_| fate.verdict == Verdict::Unclear) else { return fate };
    if quoted {
        let verdict = if says_plainly(about.text) { Verdict::Gone } else { fate.verdict };
        return Fate { verdict, ..fate };
    }
    let judged = about.judged();
    let status = fate.status.filter(|status| !status.is_undefined()).or(judged.status);
    Fate { verdict: judged.verdict, status: status.or(fate.status), ..fate }
}

/// What a group of fields with `Action: failed` says, and whether another server's words stand in it. A status that
/// says nothing gives way to what the other server answered (RFC 3464 §2.3.6).
fn failure(group: &Message<'_>) -> (Fate, bool) {
    let recipient = recipient(group);
    let status = field(group, "Status").and_then(enhanced);
    let diagnostic = field(group, "Diagnostic-Code").unwrap_or_default();
    let (kind, words) = diagnostic.split_once(';').unwrap_or(("", diagnostic));
    let heard = kind.trim().eq_ignore_ascii_case("smtp");
    let domain = recipient.as_ref().map(EmailAddress::domain);
    let judged = Answer { status, words, heard, domain }.judged();
    let defined = status.filter(|status| !status.is_undefined());
    let fate =
        Fate { verdict: judged.verdict, status: defined.or(judged.status).or(status), recipient };
    (fate, !words.trim().is_empty())
}

/// Whom a group is about: whom the mail went to in the end, or where that is left out, whom it was sent to. Nobody
/// whom this program knows where Sendmail says that it went on from there to another address.
fn recipient(group: &Message<'_>) -> Option<EmailAddress> {
    let named = field(group, "Final-Recipient").or_else(|| field(group, "Original-Recipient"));
    let named = address(named?)?;
    match field(group, "X-Actual-Recipient").map(address) {
        Some(actual) => actual.filter(|actual| actual.normalised() == named.normalised()),
        None => Some(named),
    }
}

/// The address in `rfc822; ada@b.example` or `utf-8; ada@b\x{FC}cher.example`, if this program mails such ones.
fn address(text: &str) -> Option<EmailAddress> {
    let (_, address) = text.split_once(';').unwrap_or(("", text));
    let address = address.split('(').next().unwrap_or_default();
    let address = address.trim().trim_start_matches('<').trim_end_matches('>');
    EmailAddress::parse(&unescaped(address)).ok()
}

/// Letters beyond ASCII as RFC 6533 §3 lets them travel: `\x{FC}`.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split("\\x{");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let letter = piece.split_once('}').and_then(|(number, rest)| {
            Some((char::from_u32(u32::from_str_radix(number, 16).ok()?)?, rest))
        });
        if let Some((letter, rest)) = letter {
            plain.push(letter);
            plain.push_str(rest);
        } else {
            plain.push_str("\\x{");
            plain.push_str(piece);
        }
    }
    plain
}

/// The enhanced status that a text begins with.
fn enhanced(text: &str) -> Option<EnhancedStatus> {
    text.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
}

/// Groups of lines, parted by lines with nothing on them.
fn groups(text: &[u8]) -> Vec<&[u8]> {
    let (mut groups, mut begin, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() {
            groups.push(&text[begin..at]);
            begin = at;
        }
    }
    groups.push(&text[begin..]);
    groups.retain(|group| !group.trim_ascii().is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> String {
        address(text).map(|address| address.to_string()).unwrap_or_default()
    }

    #[test]
    fn recipients_are_read_as_servers_write_them() {
        for (text, expected) in [
            ("rfc822;ada@b.example", "ada@b.example"),
            ("RFC822; <Ada@B.example>", "Ada@b.example"),
            ("rfc822; ada@b.example (Ada)", "ada@b.example"),
            ("ada@b.example", "ada@b.example"),
            ("utf-8; ada@b\\x{FC}cher.example", "ada@xn--bcher-kva.example"),
            ("utf-8; ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("utf-8; \\x{e4}da@b.example", ""),
            ("utf-8; ada@b\\x{110000}.example", ""),
            ("utf-8; ada@b\\x{", ""),
            ("rfc822;|/usr/bin/program", ""),
            ("rfc822;\"a..b\"@b.example", ""),
            ("x400; /C=GB/S=Ada", ""),
            ("", ""),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }

    #[test]
    fn a_mail_that_went_on_tells_nothing_of_whom_it_came_by() {
        let group = |actual: &str| format!("Final-Recipient: rfc822; ada@b.example\n{actual}\n");
        for (actual, expected) in [
            ("", Some("ada@b.example")),
            ("X-Actual-Recipient: rfc822; ADA@b.example\n", Some("ada@b.example")),
            ("X-Actual-Recipient: rfc822; bob@c.example\n", None),
            ("X-Actual-Recipient: x-unix; |/usr/bin/program\n", None),
        ] {
            let group = group(actual);
            let named = recipient(&parse(group.as_bytes()).unwrap());
            let named = named.as_ref().map(EmailAddress::normalised);
            assert_eq!(named.as_deref(), expected, "{actual}");
        }
        let group = b"Original-Recipient: <ada@b.example>\nAction: failed\n\n";
        let named = recipient(&parse(group).unwrap());
        assert_eq!(named.as_ref().map(EmailAddress::as_str), Some("ada@b.example"));
    }
}
