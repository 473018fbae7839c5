//! Domains that mail goes to, and lists of them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::email_address::EmailAddress;

/// A domain behind the @ of addresses, in lower-case A-labels; what is below it belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailDomain(String);

/// What is no such domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a domain: write one such as gov.uk")]
pub struct NoMailDomain(String);

impl MailDomain {
    /// It as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// With or without an @ before it.
impl FromStr for MailDomain {
    type Err = NoMailDomain;

    fn from_str(text: &str) -> Result<Self, NoMailDomain> {
        let written = text.trim();
        let domain = written.strip_prefix('@').unwrap_or(written);
        let address = EmailAddress::parse(&format!("a@{domain}"));
        let address = address.map_err(|_| NoMailDomain(written.chars().take(80).collect()))?;
        Ok(Self(address.domain().to_owned()))
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Domains of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainList(HashSet<String>);

impl DomainList {
    /// Those of a file: one on each line, and what stands behind a `#` is a remark.
    ///
    /// # Errors
    /// For the first line that is none.
    pub fn parse(text: &str) -> Result<Self, NoMailDomain> {
        let parsed = lines(text).map(|line| line.parse().map(|MailDomain(domain)| domain));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this domain is one of them, or below one.
    #[must_use]
    pub fn holds(&self, domain: &str) -> bool {
        parents(domain).any(|parent| self.0.contains(parent))
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    lines.filter_map(|line| line.split('#').next()).map(str::trim).filter(|line| !line.is_empty())
}

/// A domain, then each one that it is below.
fn parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, parent)| parent))
}

/// Whether a domain is one of these, or below one.
#[must_use]
pub fn is_of(domain: &str, domains: &[MailDomain]) -> bool {
    parents(domain).any(|parent| domains.iter().any(|known| known.0 == parent))
}

static FREE_MAIL: LazyLock<DomainList> = LazyLock::new(|| {
    DomainList(lines(include_str!("free_mail_domains.txt")).map(str::to_owned).collect())
});

static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("common_mail_domains.txt")).collect());

/// Whether anybody can have a private mailbox there.
#[must_use]
pub fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.holds(domain)
}

/// Endings of names that mean something in one network alone (RFC 6761, RFC 6762 appendix G, RFC 8375): nobody outside is
/// asked of them, and what stands there is told to nobody.
const PRIVATE: [&str; 10] = [
    "local",
    "localhost",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "onion",
];

/// Whether name servers of everybody know nothing of such a domain.
#[must_use]
pub fn is_private(domain: &str) -> bool {
    parents(domain).any(|parent| PRIVATE.contains(&parent))
}

/// From how many letters on two slips are still taken for a misspelling.
const LONG: usize = 10;

/// The address that somebody may have meant, where the domain they typed is spelt almost like one at which many people have
/// their mailbox: anywhere, or by `known` here. What is itself such a domain is meant.
#[must_use]
pub fn meant(typed: &EmailAddress, known: &[String]) -> Option<EmailAddress> {
    let domain = typed.domain();
    if is_free_mail(domain) || known.iter().any(|known| known == domain) {
        return None;
    }
    // The same service in another country is no slip: hotmail.gr is not hotmail.fr.
    let is_elsewhere = |other: &str| {
        let same_name = domain.split('.').next() == other.split('.').next();
        same_name && domain.rsplit('.').next().is_some_and(|last| last.len() == 2)
    };
    // Slips are seldom made at the first letter, and another one makes another name: cloud.com is not icloud.com.
    let begins_alike = |other: &str| domain.chars().next() == other.chars().next();
    let slips = |other: &str| strsim::osa_distance(domain, other);
    let common = COMMON.iter().map(|common| (*common, if common.len() < LONG { 1 } else { 2 }));
    // Names of organisations differ by a letter or two; one is all that is called a slip.
    let here = known.iter().map(|known| (known.as_str(), 1));
    let near = common.chain(here).filter_map(|(other, most)| {
        let slips = slips(other);
        (slips <= most && begins_alike(other) && !is_elsewhere(other)).then_some((slips, other))
    });
    let (_, nearest) = near.min_by_key(|(slips, _)| *slips)?;
    EmailAddress::parse(&format!("{}@{nearest}", typed.local())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(typed: &str) -> Option<String> {
        let known = ["leeds.gov.uk".to_owned(), "north-moor.gov.uk".to_owned()];
        let meant = meant(&EmailAddress::parse(typed).unwrap(), &known);
        meant.map(|address| address.as_str().to_owned())
    }

    #[test]
    fn a_slip_in_a_common_domain_is_seen() {
        for (typed, says) in [
            ("Ada@gmial.com", "Ada@gmail.com"),
            ("ada@gmai.com", "ada@gmail.com"),
            ("ada@gmail.con", "ada@gmail.com"),
            ("ada@gmaill.com", "ada@gmail.com"),
            ("ada@hotmial.co.uk", "ada@hotmail.co.uk"),
            ("ada@outlok.com", "ada@outlook.com"),
            ("ada@yaho.co.uk", "ada@yahoo.co.uk"),
            ("ada@icluod.com", "ada@icloud.com"),
            ("ada@btintenet.com", "ada@btinternet.com"),
            ("ada@leds.gov.uk", "ada@leeds.gov.uk"),
        ] {
            assert_eq!(meant_by(typed).as_deref(), Some(says), "{typed}");
        }
    }

    #[test]
    fn what_is_common_or_far_away_is_meant() {
        for typed in [
            "ada@gmail.com",
            "ada@mail.com",
            "ada@ymail.com",
            "ada@leeds.gov.uk",
            "ada@south-moor.gov.uk",
            "ada@northmoor.example",
            "ada@gmial.com.example",
            "ada@gm.com",
            "ada@hotmail.gr",
            "ada@yahoo.co.nz",
            "ada@cloud.com",
            "ada@olive.co.uk",
        ] {
            assert_eq!(meant_by(typed), None, "{typed}");
        }
    }

    #[test]
    fn the_lists_are_of_domains_and_agree() {
        let free = DomainList::parse(include_str!("free_mail_domains.txt")).unwrap();
        assert_eq!(free, *FREE_MAIL, "each is written as it is compared");
        for common in COMMON.iter() {
            assert!(is_free_mail(common) && common.len() > 7, "{common}");
        }
    }

    #[test]
    fn names_of_one_network_are_private() {
        for private in ["db.corp", "a.svc.cluster.local", "nas.home.arpa", "printer.lan"] {
            assert!(is_private(private), "{private}");
        }
        for known in ["gmail.com", "local.gov.uk", "home.example", "corp.example"] {
            assert!(!is_private(known), "{known}");
        }
    }

    #[test]
    fn what_is_below_a_domain_belongs_to_it() {
        let list = DomainList::parse("# A remark\n\nthrowaway.example # such\n@Bücher.example\n");
        let list = list.unwrap();
        assert!(list.holds("throwaway.example") && list.holds("a.b.throwaway.example"));
        assert!(list.holds("xn--bcher-kva.example") && !list.holds("nothrowaway.example"));
        let gov: Vec<MailDomain> = vec!["gov.uk".parse().unwrap()];
        assert!(is_of("leeds.gov.uk", &gov) && !is_of("gov.uk.example", &gov));
        for wrong in ["", "gov", "a b.uk", "a@b.uk", "1.2", "gov.uk, nhs.uk"] {
            assert!(wrong.parse::<MailDomain>().is_err(), "{wrong}");
            assert!(wrong.is_empty() || DomainList::parse(wrong).is_err(), "{wrong}");
        }
    }
}
