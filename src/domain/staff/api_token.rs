//! What programs sign in with.

use std::fmt;

use strum::{EnumString, IntoStaticStr};

use assent_ledger::digest::sha256;

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// Exports of contacts.
    Exports,
    /// Who must be removed from copies exported earlier.
    Withdrawals,
    /// People, and what they agreed to.
    Subscribers,
    /// The erasure of a person.
    Erase,
}

impl Scope {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Exports, Self::Withdrawals, Self::Subscribers, Self::Erase];

    /// Its word in forms, the database and the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What one token opens: words with a space between, as the database keeps them. Words that this program
/// does not know open nothing.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Scopes(String);

impl Scopes {
    /// These, each once; `None` when there are none.
    #[must_use]
    pub fn new(scopes: &[Scope]) -> Option<Self> {
        let chosen = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope));
        let words: Vec<&str> = chosen.map(Scope::as_str).collect();
        (!words.is_empty()).then(|| Self(words.join(" ")))
    }

    /// Whether they hold this one.
    #[must_use]
    pub fn holds(&self, scope: Scope) -> bool {
        self.words().any(|word| word == scope.as_str())
    }

    /// Their words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }
}

/// What every token begins with, so that it is recognised where it lies about.
const BEGINNING: &str = "assent_";

/// A token as its program holds it. It is shown once and kept as SHA-256.
#[derive(Clone)]
pub struct ApiToken(String);

impl ApiToken {
    /// The token of a random text that nobody else knows.
    #[must_use]
    pub fn new(random: &str) -> Self {
        Self(format!("{BEGINNING}{random}"))
    }

    /// The token of an `Authorization: Bearer …` header (RFC 6750 §2.1).
    #[must_use]
    pub fn of_header(header: &str) -> Option<Self> {
        let (scheme, token) = header.trim().split_once(' ')?;
        let token = token.trim();
        let ours = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(BEGINNING);
        ours.then(|| Self(token.to_owned()))
    }

    /// What is kept of it.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

/// The token itself, for the one page that shows it.
impl fmt::Display for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a token is named in the audit.
#[must_use]
pub fn actor(api_token_id: uuid::Uuid) -> String {
    format!("token:{api_token_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words() {
        let scopes = Scopes::new(&[Scope::Erase, Scope::Exports, Scope::Erase]).unwrap();
        assert_eq!(scopes.words().collect::<Vec<_>>(), ["exports", "erase"]);
        assert!(scopes.holds(Scope::Erase) && !scopes.holds(Scope::Withdrawals));
        assert_eq!(Scopes::new(&[]), None);
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("all".parse::<Scope>().is_err());
    }

    #[test]
    fn a_token_is_read_from_its_header() {
        let token = ApiToken::new("abc");
        for header in ["Bearer assent_abc", "bearer  assent_abc ", "BEARER assent_abc"] {
            assert_eq!(ApiToken::of_header(header).unwrap().sha256(), token.sha256(), "{header}");
        }
        for header in ["", "assent_abc", "Bearer", "Bearer abc", "Basic assent_abc"] {
            assert!(ApiToken::of_header(header).is_none(), "{header}");
        }
    }
}
