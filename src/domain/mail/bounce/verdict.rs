//! What an answer says of a mailbox. That it is not there must be said, by a status or in words, and nothing beside
//! it may say that something else is the matter: a mail too many to a mailbox that is gone harms nobody, but whoever
//! is taken for gone and lives hears nothing any more.

use crate::domain::mail::bounce::phrases::{
    GONE, LISTS, MAILBOXES, MISSING, NOT_IN_DIRECTORY, OR_UNABLE, RECIPIENT, SOMETHING_ELSE,
    TO_PEOPLE, UNAVAILABLE, UNROUTABLE, WHOLE,
};
use crate::domain::mail::bounce::{BounceKind, EnhancedStatus};

/// How much of an answer is heard, in characters. Whoever has more to say is no mail server.
const MOST: usize = 8 * 1024;

/// Says nothing of the mailbox: of the server that answered (RFC 3463 §3.5), but for Microsoft 365.
const NO_ANSWER: EnhancedStatus = EnhancedStatus { class: 5, subject: 4, detail: 1 };
/// Says nothing but that the protocol was not followed (§3.6), but for Outlook.com.
const PROTOCOL: EnhancedStatus = EnhancedStatus { class: 5, subject: 5, detail: 0 };
/// Not authorised (§3.8); where it stands in brackets behind the words, qmail's patches mean anything by it.
const NOT_AUTHORISED: EnhancedStatus = EnhancedStatus { class: 5, subject: 7, detail: 1 };

/// What an answer says of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The mailbox is not there, or its domain is not.
    Gone,
    /// Something else is the matter: the mailbox may well be there.
    SomethingElse,
    /// It says neither.
    Unclear,
}

/// What was answered about one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status beside it, if one stands there.
    pub status: Option<EnhancedStatus>,
    /// Its words, code and status among them.
    pub words: &'a str,
    /// Whether another server said so to the one that reports it: the status beside it may then be made from its
    /// code alone, as Sendmail does, and is worth no more.
    pub heard: bool,
    /// The domain of the recipient, by which a domain that is not found is told from a mail server that is not.
    pub domain: Option<&'a str>,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether the mailbox is there.
    pub verdict: Verdict,
    /// Why, by the first status among its words that is not at odds with it.
    pub status: Option<EnhancedStatus>,
}

impl Answer<'_> {
    /// What it says.
    #[must_use]
    pub fn judged(self) -> Judged {
        let said = Said::parse(self.words);
        let in_words = said.is_gone();
        let verdict = self.verdict(&said, in_words);
        let agrees = |status: &&EnhancedStatus| {
            !(verdict == Verdict::Gone && status.is_something_else() && **status != NO_ANSWER)
        };
        let statuses = said.statuses.iter().chain(said.bracketed.iter());
        Judged { verdict, status: statuses.copied().find(|status| agrees(&status)) }
    }

    fn verdict(self, said: &Said, in_words: bool) -> Verdict {
        let mut statuses: Vec<EnhancedStatus> = self.status.into_iter().collect();
        statuses.extend(&said.statuses);
        let has = |status| statuses.contains(&status);
        let not_in_directory = has(NO_ANSWER) && said.has_any(&NOT_IN_DIRECTORY);
        let unavailable = has(PROTOCOL) && said.has_any(&[UNAVAILABLE]);
        let gone = in_words || not_in_directory || unavailable;

        let at_odds = |status: &EnhancedStatus| {
            status.is_something_else() && !(not_in_directory && *status == NO_ANSWER)
        };
        let in_brackets =
            |status: &EnhancedStatus| at_odds(status) && !(gone && *status == NOT_AUTHORISED);
        if said.passes
            || said.listed
            || statuses.iter().any(at_odds)
            || said.bracketed.iter().any(in_brackets)
            || said.is_something_else(not_in_directory)
            || self.domain.is_some_and(|domain| said.names_another(domain))
        {
            return Verdict::SomethingElse;
        }
        let by_its_own = || said.statuses.iter().chain(&said.bracketed).any(|s| s.is_gone());
        let beside = || {
            self.status.is_some_and(EnhancedStatus::is_gone)
                && (!self.heard || said.is_silent() || said.has_any(&RECIPIENT))
        };
        if gone || by_its_own() || beside() { Verdict::Gone } else { Verdict::Unclear }
    }
}

/// Whether a text written for people says in so many words that the address was not found, and no "or".
#[must_use]
pub fn says_plainly(text: &str) -> bool {
    let said = Said::parse(text);
    said.has_any(&TO_PEOPLE) && !said.has_any(&[OR_UNABLE])
}

impl BounceKind {
    /// What a refusal by our own relay says, by its status and its words. There a code alone, or words without a
    /// status about the mailbox, may as well mean that the relay does not know us; so only both together count as
    /// hard.
    #[must_use]
    pub fn at_the_door(status: Option<EnhancedStatus>, words: &str) -> Self {
        let numbers = status.map(|status| (status.class, status.subject, status.detail));
        let named = matches!(numbers, Some((5, 1, 1..=3 | 6 | 10) | (5, 2, 1)));
        let answer = Answer { status, words, heard: false, domain: None };
        if named && answer.judged().verdict == Verdict::Gone { Self::Hard } else { Self::Soft }
    }

    /// What a relay that reads bounces itself says: what it calls hard is soft where its status says that
    /// something else is the matter.
    #[must_use]
    pub fn told(self, status: Option<EnhancedStatus>) -> Self {
        match self {
            Self::Hard if status.is_some_and(EnhancedStatus::is_something_else) => Self::Soft,
            _ => self,
        }
    }
}

/// An answer, taken apart: words, statuses, codes, and names.
struct Said {
    /// Its words as `words` describes them, without addresses, links and names of hosts.
    words: String,
    /// The statuses in it, but for those in brackets.
    statuses: Vec<EnhancedStatus>,
    /// Those in brackets, `(#5.1.1)`.
    bracketed: Vec<EnhancedStatus>,
    /// Whether a code in it says to come back later (4xx).
    passes: bool,
    /// Whether a link in it leads to a list of senders.
    listed: bool,
    /// What was looked up: `name=b.example`, `Name server: b.example`.
    names: Vec<String>,
}

impl Said {
    fn parse(text: &str) -> Self {
        let text: String = text.chars().take(MOST).collect();
        let text = text.to_lowercase().replace('\u{2019}', "'").replace(';', " ");
        let mut said = Self {
            words: " ".to_owned(),
            statuses: vec![],
            bracketed: vec![],
            passes: false,
            listed: false,
            names: vec![],
        };
        let mut before = ["", ""];
        for token in text.split_whitespace() {
            let named = before == ["name", "server:"];
            before = [before[1], token.trim_start_matches('(')];
            if let Some(name) = token.strip_prefix("name=").or(named.then_some(token)) {
                said.names.push(name.trim_matches(MARKS).to_owned());
            } else {
                said.hear(token);
            }
        }
        said
    }

    fn hear(&mut self, token: &str) {
        if token.contains("://") || token.trim_matches(MARKS).starts_with("www.") {
            self.listed |= LISTS.iter().any(|list| token.contains(list));
            return;
        }
        if token.contains('@') {
            return;
        }
        let bare = token.trim_start_matches(['(', '#', '<', '[']);
        let bare = bare.trim_end_matches([')', ']', '>', ':', '.', ',']);
        let (code, bare) = code(bare);
        self.passes |= code.is_some_and(|class| class == b'4');
        if bare.is_empty() {
            return;
        }
        if let Ok(status) = bare.trim_start_matches('#').parse::<EnhancedStatus>() {
            // A text is no report of success; 2.x.x in it is the version of some program.
            if status.class != 2 {
                let of =
                    if token.starts_with("(#") { &mut self.bracketed } else { &mut self.statuses };
                of.push(status);
            }
            return;
        }
        if is_host(bare) {
            return;
        }
        for word in bare.replace('\'', "").split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                self.words.push_str(word);
                self.words.push(' ');
            }
        }
    }

    fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.words.contains(phrase))
    }

    /// Whether its words say that the mailbox or its domain is not there.
    fn is_gone(&self) -> bool {
        self.has_any(&GONE)
            || self.has_any(&WHOLE)
            || self.has_any(&UNROUTABLE)
            || MAILBOXES.iter().any(|mailbox| {
                self.words.contains(mailbox)
                    && MISSING.iter().any(|way| self.words.contains(&way.replace("{}", mailbox)))
            })
    }

    /// Whether its words are about anything else.
    fn is_something_else(&self, not_in_directory: bool) -> bool {
        let mut words = self.words.clone();
        for phrase in WHOLE.iter().chain(NOT_IN_DIRECTORY.iter().filter(|_| not_in_directory)) {
            words = words.replace(phrase, " | ");
        }
        SOMETHING_ELSE.iter().any(|phrase| words.contains(phrase))
    }

    /// Whether something was looked up, and never this domain: a mail server of it is missing, or our own relay is
    /// set up badly.
    fn names_another(&self, domain: &str) -> bool {
        !self.names.is_empty() && !self.names.iter().any(|name| name.eq_ignore_ascii_case(domain))
    }

    /// Whether it has no words of its own, numbers aside.
    fn is_silent(&self) -> bool {
        !self.words.contains(char::is_alphabetic)
    }
}

/// What stands around words.
const MARKS: [char; 17] =
    ['<', '>', '(', ')', '[', ']', '{', '}', '"', '\'', ',', '.', ';', ':', '!', '?', '*'];

/// The class of an SMTP code at the beginning, as a digit, and what follows the code.
fn code(token: &str) -> (Option<u8>, &str) {
    let Some((code, rest)) = token.split_at_checked(3) else { return (None, token) };
    let is_code = code.starts_with(['2', '4', '5']) && code.bytes().all(|b| b.is_ascii_digit());
    if !is_code || !(rest.is_empty() || rest.starts_with('-')) {
        return (None, token);
    }
    (code.bytes().next(), rest.trim_start_matches('-'))
}

/// Whether it looks like the name or number of a host, which says nothing.
fn is_host(token: &str) -> bool {
    let part = |c: char| {
        c.is_ascii_alphanumeric() || ['.', '-', '_', ':', '(', ')', '[', ']'].contains(&c)
    };
    token.matches('.').count() >= 2 && token.chars().all(part)
}
