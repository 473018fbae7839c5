//! Which addresses a report's form takes, besides being addresses at all.

use std::fmt;
use std::str::FromStr;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::mail_domain::{DomainList, MailDomain, is_free_mail, is_of};

/// What is done about an address that a rule is against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The form is taken, and its reader is told what is asked for.
    Warn,
    /// The form is not taken.
    Refuse,
}

/// A rule that names domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRule {
    /// What follows.
    pub answer: Answer,
    /// The domains, each with what is below it: in the order in which they were named, each once, at least one.
    pub domains: Vec<MailDomain>,
}

/// The rules of one report; none of them holds at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRules {
    /// About addresses of free mail services.
    pub work: Option<Answer>,
    /// About addresses that are thrown away, at domains of a file of the operator's.
    pub disposable: Option<Answer>,
    /// About all addresses but those at these domains. At these, no other rule holds but the next.
    pub allowed: Option<DomainRule>,
    /// About addresses at these domains.
    pub refused: Option<DomainRule>,
}

/// What a rule has against an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// It is at none of the domains allowed.
    Elsewhere,
    /// It is at a domain that is refused.
    Unwanted,
    /// It is of a free mail service.
    FreeMail,
    /// It is thrown away after.
    Disposable,
}

/// A text that says no such rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAddressRule {
    /// No answer.
    #[error("write `off`, `warn` or `refuse`")]
    Answer,
    /// No domains.
    #[error(
        "name domains, such as gov.uk,nhs.uk, with `warn:` before them where others are only told"
    )]
    Domains,
    /// One is none.
    #[error("{0}")]
    Domain(String),
    /// More than anybody keeps in order.
    #[error("name at most {MOST} domains")]
    TooMany,
    /// The rules of a report are written otherwise.
    #[error("it is no rule for addresses")]
    Otherwise,
}

/// How many domains a rule may name.
const MOST: usize = 200;

/// How many of them a sentence names.
const SAID: usize = 5;

impl Answer {
    /// It as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

impl FromStr for Answer {
    type Err = NoAddressRule;

    fn from_str(text: &str) -> Result<Self, NoAddressRule> {
        match text {
            "warn" => Ok(Self::Warn),
            "refuse" => Ok(Self::Refuse),
            _ => Err(NoAddressRule::Answer),
        }
    }
}

/// Reads an answer, or `off` for none.
///
/// # Errors
/// Says what to write instead.
pub fn read_answer(text: &str) -> Result<Option<Answer>, NoAddressRule> {
    if text == "off" { Ok(None) } else { text.parse().map(Some) }
}

impl DomainRule {
    /// Reads domains, however they are set apart; none where none is named.
    ///
    /// # Errors
    /// Says which is none, or that they are too many.
    pub fn read(answer: Answer, text: &str) -> Result<Option<Self>, NoAddressRule> {
        let apart = |c: char| c == ',' || c == ';' || c.is_whitespace();
        let mut domains: Vec<MailDomain> = Vec::new();
        for name in text.split(apart).filter(|name| !name.is_empty()) {
            let domain = name
                .parse::<MailDomain>()
                .map_err(|error| NoAddressRule::Domain(error.to_string()))?;
            if !domains.contains(&domain) {
                domains.push(domain);
            }
            if domains.len() > MOST {
                return Err(NoAddressRule::TooMany);
            }
        }
        Ok((!domains.is_empty()).then_some(Self { answer, domains }))
    }

    /// The domains, set apart by this.
    #[must_use]
    pub fn names(&self, apart: &str) -> String {
        self.domains.iter().map(MailDomain::as_str).collect::<Vec<_>>().join(apart)
    }

    /// The domains in a sentence: all of a few.
    fn spoken(&self) -> String {
        let (said, more) = self.domains.split_at(self.domains.len().min(SAID));
        let mut said: Vec<&str> = said.iter().map(MailDomain::as_str).collect();
        let others = match more.len() {
            0 => said.pop().unwrap_or_default().to_owned(),
            1 => "one more".to_owned(),
            more => format!("{more} more"),
        };
        if said.is_empty() { others } else { format!("{} or {others}", said.join(", ")) }
    }
}

/// `gov.uk,nhs.uk`, or `warn:gov.uk,nhs.uk`.
impl FromStr for DomainRule {
    type Err = NoAddressRule;

    fn from_str(text: &str) -> Result<Self, NoAddressRule> {
        let (answer, names) = match text.split_once(':') {
            Some((answer, names)) => (answer.parse()?, names),
            None => (Answer::Refuse, text),
        };
        Self::read(answer, names)?.ok_or(NoAddressRule::Domains)
    }
}

impl fmt::Display for DomainRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.answer.as_str(), self.names(","))
    }
}

impl AddressRules {
    /// What the strictest rule has against an address, and what follows.
    #[must_use]
    pub fn against(
        &self,
        email: &EmailAddress,
        disposable: &DomainList,
    ) -> Option<(Answer, Against)> {
        let domain = email.domain();
        let listed = |rule: &&DomainRule| is_of(domain, &rule.domains);
        let unwanted = self.refused.as_ref().filter(listed);
        let elsewhere = self.allowed.as_ref().filter(|rule| !listed(rule));
        let is_allowed = self.allowed.is_some() && elsewhere.is_none();
        let holds = |rule: Option<Answer>, meets: bool| rule.filter(|_| meets && !is_allowed);
        let met = [
            (unwanted.map(|rule| rule.answer), Against::Unwanted),
            (elsewhere.map(|rule| rule.answer), Against::Elsewhere),
            (holds(self.work, is_free_mail(domain)), Against::FreeMail),
            (holds(self.disposable, disposable.holds(domain)), Against::Disposable),
        ];
        let met = |wanted: Answer| {
            met.iter().find(|(answer, _)| *answer == Some(wanted)).map(|(_, what)| (wanted, *what))
        };
        met(Answer::Refuse).or_else(|| met(Answer::Warn))
    }

    /// What is said at the field before anything is typed; empty where there is nothing to say.
    #[must_use]
    pub fn hint(&self, knows_disposable: bool) -> String {
        let mut said = Vec::new();
        match &self.allowed {
            Some(rule) if rule.answer == Answer::Refuse => {
                said.push(format!("Use an address at {}.", rule.spoken()));
            }
            Some(rule) => {
                said.push(format!("Use an address at {} if you have one.", rule.spoken()));
            }
            None => {}
        }
        // Whoever must be at one of these domains needs not be told what else is not taken.
        if self.allowed.as_ref().is_none_or(|rule| rule.answer == Answer::Warn) {
            match self.work {
                Some(Answer::Refuse) => said.push("Use your work address.".to_owned()),
                Some(Answer::Warn) => {
                    said.push("Use your work address if you have one.".to_owned());
                }
                None => {}
            }
            match self.disposable.filter(|_| knows_disposable) {
                Some(Answer::Refuse) => {
                    said.push("Throw-away addresses are not taken.".to_owned());
                }
                Some(Answer::Warn) => said.push("Use an address that you keep.".to_owned()),
                None => {}
            }
        }
        if self.refused.as_ref().is_some_and(|rule| rule.answer == Answer::Refuse) {
            said.push("Addresses at some domains are not taken.".to_owned());
        }
        said.join(" ")
    }

    /// What to do about an address that is refused.
    #[must_use]
    pub fn refusal(&self, against: Against, email: &EmailAddress) -> String {
        let instead = match against {
            Against::Elsewhere => {
                format!(
                    "Use an address at {}",
                    self.allowed.as_ref().map(DomainRule::spoken).unwrap_or_default()
                )
            }
            Against::Unwanted => "Use an address at another domain".to_owned(),
            Against::FreeMail => "Use your work address".to_owned(),
            Against::Disposable => "Use an address that you keep".to_owned(),
        };
        format!("{instead}: we do not send this report to {}", email.domain())
    }

    /// What is asked for, of somebody whose address was taken all the same.
    #[must_use]
    pub fn warning(&self, against: Against, email: &EmailAddress) -> String {
        match against {
            Against::Elsewhere => {
                let domains = self.allowed.as_ref().map(DomainRule::spoken).unwrap_or_default();
                format!("For this report we ask for an address at {domains}.")
            }
            Against::Unwanted => {
                format!("For this report we ask for an address that is not at {}.", email.domain())
            }
            Against::FreeMail => "For this report we ask for a work address.".to_owned(),
            Against::Disposable => {
                "For this report we ask for an address that you keep.".to_owned()
            }
        }
    }
}

impl Against {
    /// As programs are told.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Elsewhere => "not-allowed",
            Self::Unwanted => "unwanted",
            Self::FreeMail => "not-work",
            Self::Disposable => "disposable",
        }
    }
}

/// The rules that hold, apart by spaces; nothing where none does.
impl fmt::Display for AddressRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = |name: &str, answer: Option<Answer>| {
            answer.map(|answer| format!("{name}={}", answer.as_str()))
        };
        let domains =
            |name: &str, rule: Option<&DomainRule>| rule.map(|rule| format!("{name}={rule}"));
        let rules = [
            answer("work", self.work),
            answer("disposable", self.disposable),
            domains("allowed", self.allowed.as_ref()),
            domains("refused", self.refused.as_ref()),
        ];
        f.write_str(&rules.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for AddressRules {
    type Err = NoAddressRule;

    fn from_str(text: &str) -> Result<Self, NoAddressRule> {
        let mut rules = Self::default();
        for rule in text.split_ascii_whitespace() {
            match rule.split_once('=').ok_or(NoAddressRule::Otherwise)? {
                ("work", answer) => rules.work = Some(answer.parse()?),
                ("disposable", answer) => rules.disposable = Some(answer.parse()?),
                ("allowed", domains) => rules.allowed = Some(domains.parse()?),
                ("refused", domains) => rules.refused = Some(domains.parse()?),
                _ => return Err(NoAddressRule::Otherwise),
            }
        }
        Ok(rules)
    }
}

/// As it lies in a row: what is not as this program writes it is not read.
impl TryFrom<String> for AddressRules {
    type Error = NoAddressRule;

    fn try_from(text: String) -> Result<Self, NoAddressRule> {
        let rules: Self = text.parse()?;
        if rules.to_string() == text { Ok(rules) } else { Err(NoAddressRule::Otherwise) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> AddressRules {
        AddressRules::try_from(text.to_owned()).unwrap()
    }

    fn told(text: &str, email: &str) -> String {
        let (rules, email) = (rules(text), EmailAddress::parse(email).unwrap());
        let disposable = DomainList::parse("throwaway.example").unwrap();
        match rules.against(&email, &disposable) {
            None => "taken".to_owned(),
            Some((Answer::Warn, what)) => rules.warning(what, &email),
            Some((Answer::Refuse, what)) => rules.refusal(what, &email),
        }
    }

    #[test]
    fn each_rule_says_what_to_do() {
        for (text, email, says) in [
            ("", "a@gmail.com", "taken"),
            ("work=refuse", "a@leeds.gov.uk", "taken"),
            (
                "work=refuse",
                "a@gmail.com",
                "Use your work address: we do not send this report to gmail.com",
            ),
            ("work=warn", "a@gmail.com", "For this report we ask for a work address."),
            (
                "disposable=refuse",
                "a@x.throwaway.example",
                "Use an address that you keep: we do not send this report to x.throwaway.example",
            ),
            (
                "allowed=refuse:gov.uk,nhs.uk",
                "a@b.example",
                "Use an address at gov.uk or nhs.uk: we do not send this report to b.example",
            ),
            ("allowed=refuse:gov.uk,nhs.uk", "a@leeds.gov.uk", "taken"),
            ("work=refuse allowed=warn:gmail.com", "a@gmail.com", "taken"),
            (
                "allowed=refuse:gov.uk refused=refuse:leeds.gov.uk",
                "a@leeds.gov.uk",
                "Use an address at another domain: we do not send this report to leeds.gov.uk",
            ),
            (
                "work=refuse allowed=warn:gov.uk",
                "a@gmail.com",
                "Use your work address: we do not send this report to gmail.com",
            ),
        ] {
            assert_eq!(told(text, email), says, "{text} {email}");
        }
    }

    #[test]
    fn the_hint_says_it_before() {
        for (text, knows, says) in [
            ("", true, ""),
            ("work=refuse", true, "Use your work address."),
            ("work=warn disposable=refuse", false, "Use your work address if you have one."),
            ("disposable=refuse", true, "Throw-away addresses are not taken."),
            (
                "work=refuse allowed=refuse:a.uk,b.uk,c.uk",
                true,
                "Use an address at a.uk, b.uk or c.uk.",
            ),
            (
                "allowed=refuse:a.uk,b.uk,c.uk,d.uk,e.uk,f.uk,g.uk refused=refuse:x.uk",
                true,
                "Use an address at a.uk, b.uk, c.uk, d.uk, e.uk or 2 more. Addresses at some domains are not taken.",
            ),
        ] {
            assert_eq!(rules(text).hint(knows), says, "{text}");
        }
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        let text =
            "work=warn disposable=refuse allowed=refuse:gov.uk,nhs.uk refused=warn:b.example";
        assert_eq!(rules(text).to_string(), text);
        assert_eq!(rules("").to_string(), "");
        for wrong in [
            "work",
            "work=on",
            "allowed=refuse:",
            "allowed=gov.uk",
            "x=warn",
            " ",
            "work=warn work=warn",
        ] {
            assert!(AddressRules::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        let many = (0..=MOST).map(|n| format!("d{n}.example")).collect::<Vec<_>>().join("\n");
        assert_eq!(DomainRule::read(Answer::Warn, &many), Err(NoAddressRule::TooMany));
        let twice = DomainRule::read(Answer::Warn, " @Gov.UK; gov.uk\n").unwrap().unwrap();
        assert_eq!(twice.names(","), "gov.uk");
    }
}
