//! Short names that stand in addresses and on command lines.

use assent_ledger::bundle::is_label;
use std::fmt;
use std::str::FromStr;

use deunicode::deunicode_char;

/// The short name of a report or a newsletter: 1 to 64 of `a-z`, `0-9` and single inner `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Slug(String);

/// The label of a policy version: 1 to 64 of letters, digits, `.`, `-` and `_`, such as `2026-11`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
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
        if is_label(text) { Ok(Self(text.to_owned())) } else { Err(SlugError::Label) }
    }
}

impl Slug {
    /// A slug for samples of pages and mails: `digital-councils`.
    #[must_use]
    pub fn sample() -> Self {
        Self("digital-councils".to_owned())
    }

    /// A slug made of a title, as a proposal: its words in plain letters, as far as they fit, joined by hyphens. `None`
    /// when the title has no letter or digit.
    #[must_use]
    pub fn proposed(title: &str) -> Option<Self> {
        let mut plain = String::new();
        for c in title.to_lowercase().chars() {
            match c {
                '\'' | '’' => {}
                // As German is written without its dots.
                'ä' => plain.push_str("ae"),
                'ö' => plain.push_str("oe"),
                'ü' => plain.push_str("ue"),
                '&' => plain.push_str(" and "),
                c if c.is_ascii_digit() || c.is_alphabetic() => {
                    let letters = deunicode_char(c).unwrap_or_default().chars();
                    // A soft sign is written as an apostrophe.
                    plain.extend(letters.filter(|c| *c != '\'').map(|c| c.to_ascii_lowercase()));
                }
                _ => plain.push(' '),
            }
        }
        let mut slug = String::new();
        for word in
            plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
        {
            let hyphen = usize::from(!slug.is_empty());
            if slug.len() + hyphen + word.len() > 64 {
                break;
            }
            if hyphen == 1 {
                slug.push('-');
            }
            slug.push_str(word);
        }
        slug.parse().ok()
    }
}

impl Label {
    /// A label for samples of pages and mails: `2026-11`.
    #[must_use]
    pub fn sample() -> Self {
        Self("2026-11".to_owned())
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
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
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
    fn titles_become_slugs() {
        for (title, slug) in [
            (
                "Local Government: Digital Transformation, 2026",
                "local-government-digital-transformation-2026",
            ),
            ("  What’s new -- and why?  ", "whats-new-and-why"),
            ("Über Ärzte & Straßen", "ueber-aerzte-and-strassen"),
            ("../../etc/passwd", "etc-passwd"),
            ("<script>", "script"),
            ("Æsir, Œuvre, Þing, Łódź", "aesir-oeuvre-thing-lodz"),
            ("李小龍", "li-xiao-long"),
            ("Письмо, Москва 2026", "pismo-moskva-2026"),
        ] {
            assert_eq!(Slug::proposed(title).unwrap().as_str(), slug);
        }
        let long = Slug::proposed(&"digital councils ".repeat(9)).unwrap();
        assert!(long.as_str().len() <= 64 && long.as_str().ends_with("-digital"), "{long}");
        for none in ["", "…", &"a".repeat(65)] {
            assert_eq!(Slug::proposed(none), None, "{none}");
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
