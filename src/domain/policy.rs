//! Published privacy policies.

use std::str::FromStr;

/// What a new policy version asks of those who agreed to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, serde::Serialize, clap::ValueEnum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ChangeClass {
    /// Wording only: nothing.
    Editorial,
    /// They are told, once.
    Notify,
    /// They are asked again.
    Reconsent,
}

impl ChangeClass {
    /// All of them, from the one that asks least.
    pub const ALL: [Self; 3] = [Self::Editorial, Self::Notify, Self::Reconsent];

    /// Its name, as it stands in forms and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Editorial => "editorial",
            Self::Notify => "notify",
            Self::Reconsent => "reconsent",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The Markdown text of a policy: not empty, at most 256 KiB, no control characters but line ends
/// and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(String);

/// Why a text cannot be published as a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyTextError {
    /// Nothing but spaces.
    #[error("the policy is empty: write it as Markdown and try again")]
    Empty,
    /// Over 256 KiB.
    #[error("the policy is longer than 256 KiB: shorten it")]
    TooLong,
    /// Control characters: not a text file.
    #[error("the policy holds control characters: save it as plain UTF-8 Markdown")]
    Forbidden,
}

impl PolicyText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PolicyText {
    type Err = PolicyTextError;
    fn from_str(text: &str) -> Result<Self, PolicyTextError> {
        if text.trim().is_empty() {
            return Err(PolicyTextError::Empty);
        }
        if text.len() > 256 * 1024 {
            return Err(PolicyTextError::TooLong);
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(PolicyTextError::Forbidden);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_readable_text_is_a_policy() {
        assert!("# Privacy\r\n\tWe keep little.".parse::<PolicyText>().is_ok());
        assert_eq!(" \n".parse::<PolicyText>(), Err(PolicyTextError::Empty));
        assert_eq!("a\0".parse::<PolicyText>(), Err(PolicyTextError::Forbidden));
        assert_eq!("a".repeat(300_000).parse::<PolicyText>(), Err(PolicyTextError::TooLong));
    }
}
