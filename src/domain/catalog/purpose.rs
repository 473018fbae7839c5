//! What a person can agree to.

use std::fmt;
use std::str::FromStr;

use crate::domain::slug::Slug;

/// The code of one purpose: `privacy-policy`, `newsletter:<slug>`, or one that the operator added,
/// such as `partner-offers`. One consent covers one purpose (GDPR Rec. 32).
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    sqlx::Type,
    serde::Serialize,
    serde::Deserialize,
)]
// As it lies there: a row of evidence is judged by its MAC, and one that another hand changed stops no other.
#[sqlx(transparent)]
pub struct Purpose(String);

/// The text is not the code of a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a purpose is `privacy-policy`, `newsletter:SLUG` or a slug of your own")]
pub struct PurposeError;

const PRIVACY_POLICY: &str = "privacy-policy";
const NEWSLETTER: &str = "newsletter:";

impl Purpose {
    /// To hold and process someone's details as the privacy policy says: required by every form.
    #[must_use]
    pub fn privacy_policy() -> Self {
        Self(PRIVACY_POLICY.to_owned())
    }

    /// To be sent one newsletter; always optional.
    #[must_use]
    pub fn newsletter(slug: &Slug) -> Self {
        Self(format!("{NEWSLETTER}{slug}"))
    }

    /// Whether this is the one purpose that every form requires.
    #[must_use]
    pub fn is_privacy_policy(&self) -> bool {
        self.0 == PRIVACY_POLICY
    }

    /// Whether this is one of the operator's own: neither the privacy policy nor a newsletter.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !self.is_privacy_policy() && !self.0.starts_with(NEWSLETTER)
    }

    /// The short name of the newsletter that it is for; `None` where it is for none.
    #[must_use]
    pub fn newsletter_slug(&self) -> Option<Slug> {
        self.0.strip_prefix(NEWSLETTER)?.parse().ok()
    }

    /// What readers know it by: the name of the newsletter or of the operator's own purpose, where there is
    /// one.
    #[must_use]
    pub fn named(&self, name: Option<&str>) -> String {
        match name {
            Some(name) => name.to_owned(),
            None if self.is_privacy_policy() => "Privacy policy".to_owned(),
            None => self.0.clone(),
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Purpose {
    type Err = PurposeError;
    fn from_str(code: &str) -> Result<Self, PurposeError> {
        let slug = code.strip_prefix(NEWSLETTER).unwrap_or(code);
        slug.parse::<Slug>().map_err(|_| PurposeError)?;
        Ok(Self(code.to_owned()))
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms() {
        for code in ["privacy-policy", "newsletter:weekly", "partner-offers"] {
            let purpose = code.parse::<Purpose>().unwrap();
            assert_eq!((purpose.as_str(), purpose.is_own()), (code, code == "partner-offers"));
            let weekly = (code == "newsletter:weekly").then(|| "weekly".parse().unwrap());
            assert_eq!(purpose.newsletter_slug(), weekly);
        }
        for code in ["", "newsletter:", "a:b", "Newsletter:x", "newsletter:newsletter:x"] {
            assert!(code.parse::<Purpose>().is_err(), "{code}");
        }
    }
}
