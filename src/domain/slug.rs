//! Short names that stand in addresses and on command lines.

use std::fmt;
use std::str::FromStr;

/// The short name of a report or a newsletter: 1 to 64 of `a-z`, `0-9` and single inner `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type, serde::Serialize)]
#[sqlx(transparent)]
pub struct Slug(String);

/// The label of a policy version: 1 to 64 of letters, digits, `.`, `-` and `_`, such as `2026-11`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, sqlx::Type, serde::Serialize)]
#[sqlx(transparent)]
pub struct Label(String);

/// Why a text is not such a name; says what one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Not a [`Slug`].
    #[error("a slug is 1 to 64 lower-case letters and digits, with single hyphens between them")]
    Slug,
    /// Not a [`Label`].
    #[error("a label is 1 to 64 letters, digits, dots, hyphens and underscores")]
    Label,
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.len() <= 64 && text.split('-').all(part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError::Slug)
        }
    }
}

impl FromStr for Label {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
            && text.bytes().any(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(SlugError::Label) }
    }
}

macro_rules! text_newtype {
    ($name:ty) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_newtype!(Slug);
text_newtype!(Label);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        for good in ["a", "local-digital-transformation", "2026"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "a/b", "..", "a b", "é", &"a".repeat(65)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_are_plain() {
        assert!("2026-11".parse::<Label>().is_ok() && "v1.2_b".parse::<Label>().is_ok());
        for bad in ["", "..", "a/b", "a b", "é", &"a".repeat(65)] {
            assert!(bad.parse::<Label>().is_err(), "{bad}");
        }
    }
}
