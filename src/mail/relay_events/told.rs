//! What a relay says of a delivery, judged as a mail server's report is: what it calls hard counts only where status
//! and words say so too, and what it calls passing never does.

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::EnhancedStatus;
use crate::domain::mail::bounce::news::{Fate, News, Report};
use crate::domain::mail::bounce::verdict::{Answer, Verdict};

/// What became of the mail to one recipient, as the relay says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    /// Who that is.
    pub recipient: &'a str,
    /// The status, if it names one.
    pub status: &'a str,
    /// What the recipient's server answered; never the relay's own words for a kind of bounce.
    pub words: &'a str,
    /// Whether the recipient's server refused it for good. A relay that did not ask, for a list of its own says no,
    /// knows nothing new.
    pub is_final: bool,
}

impl Told<'_> {
    pub(super) fn fate(self) -> Fate {
        let recipient = EmailAddress::parse(bare(self.recipient)).ok();
        let status: Option<EnhancedStatus> = self.status.trim().parse().ok();
        // `smtp; 550 5.1.1 …`, as in a report (RFC 3464 §2.3.6).
        let words = match self.words.split_once(';') {
            Some((kind, words)) if kind.trim().eq_ignore_ascii_case("smtp") => words,
            _ => self.words,
        };
        let domain = recipient.as_ref().map(EmailAddress::domain);
        let judged = Answer { status, words, heard: true, domain }.judged();
        let verdict = if self.is_final { judged.verdict } else { Verdict::SomethingElse };
        let defined = status.filter(|status| !status.is_undefined());
        Fate { recipient, verdict, status: defined.or(judged.status).or(status) }
    }
}

/// An address without a name or brackets around it.
pub(super) fn bare(address: &str) -> &str {
    let inner = address.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(address, |(inner, _)| inner).trim()
}

/// One text of an event; empty where it has none.
pub(super) fn text<'a>(event: &'a serde_json::Value, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}

/// That a mail did not arrive, of these.
pub(super) fn undelivered(fates: Vec<Fate>) -> News {
    News::Undelivered(Report { fates, softened: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(status: &str, words: &str, is_final: bool) -> (Verdict, String) {
        let fate = Told { recipient: "ada@b.example", status, words, is_final }.fate();
        (fate.verdict, fate.status.map(|status| status.to_string()).unwrap_or_default())
    }

    #[test]
    fn what_is_called_hard_counts_where_status_and_words_agree() {
        use Verdict::{Gone, SomethingElse, Unclear};
        for (status, words, is_final, verdict, told) in [
            ("5.1.1", "smtp; 550 5.1.1 user unknown", true, Gone, "5.1.1"),
            ("5.1.1", "", true, Gone, "5.1.1"),
            ("", "550 5.1.1 No such user", true, Gone, "5.1.1"),
            ("5.0.0", "500 unknown recipient", true, Gone, "5.0.0"),
            ("5.1.1", "smtp; 550 5.1.1 user unknown", false, SomethingElse, "5.1.1"),
            ("5.7.1", "smtp; 550 5.7.1 message refused", true, SomethingElse, "5.7.1"),
            ("5.1.1", "550 5.7.1 IP address blacklisted", true, SomethingElse, "5.1.1"),
            ("5.0.0", "550 Requested action not taken", true, Unclear, "5.0.0"),
            ("", "", true, Unclear, ""),
            ("nonsense", "nonsense", true, Unclear, ""),
        ] {
            assert_eq!(
                fate(status, words, is_final),
                (verdict, told.to_owned()),
                "{status} {words}"
            );
        }
    }

    #[test]
    fn an_address_stands_alone_or_in_brackets() {
        for text in
            ["ada@b.example", " <ada@b.example> ", "Ada <ada@b.example>", "\"<\" <ada@b.example>"]
        {
            assert_eq!(bare(text), "ada@b.example", "{text}");
        }
    }
}
