//! Published privacy policies.

use std::fmt;
use std::str::FromStr;

use strum::{AsRefStr, EnumString, IntoStaticStr};

use crate::domain::catalog::markdown::{ForeignImage, demand_own_images};
use crate::domain::text::is_forbidden;
use crate::domain::timestamp::Timestamp;

/// What a new policy version asks of those who agreed to an older one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    clap::ValueEnum,
    AsRefStr,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
        self.into()
    }
}

/// What a new policy version changes for those who agreed to an older one, in a sentence of 1 to 500 characters:
/// who is told of a change or asked again must be told what it is (GDPR Art. 7(2), 12(1)).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WhatChanges(String);

/// Why a text does not say what changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhatChangesError {
    /// Nothing but spaces.
    #[error("say in a sentence what changes for people: it stands in their mail")]
    Empty,
    /// Over 500 characters.
    #[error("say what changes in at most 500 characters: the comparison shows the rest")]
    TooLong,
    /// Control, line-breaking or direction-changing characters.
    #[error("use letters, numbers and punctuation only, on one line, to say what changes")]
    Forbidden,
}

impl WhatChanges {
    /// The longest sentence, in characters.
    pub const MAX: usize = 500;

    /// The sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WhatChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WhatChanges {
    type Err = WhatChangesError;
    fn from_str(text: &str) -> Result<Self, WhatChangesError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(WhatChangesError::Empty);
        }
        if text.chars().any(is_forbidden) {
            return Err(WhatChangesError::Forbidden);
        }
        if text.chars().count() > Self::MAX {
            return Err(WhatChangesError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Until when people who are asked again can agree: the first moment that no longer counts, which was still to come when
/// it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Timestamp);

/// That moment is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this date is over: leave people time to answer")]
pub struct DeadlineOver;

impl Deadline {
    /// This moment, decided now.
    ///
    /// # Errors
    /// When it is over.
    pub fn new(until: Timestamp, now: Timestamp) -> Result<Self, DeadlineOver> {
        if until > now { Ok(Self(until)) } else { Err(DeadlineOver) }
    }
}

/// A change as its publisher decides it: what it asks of people, and what they need for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Wording only: nothing.
    Editorial,
    /// They are told, once.
    Notify(WhatChanges),
    /// They are asked again.
    Reconsent {
        /// What changes for them.
        changes: WhatChanges,
        /// Until when they have time.
        until: Deadline,
    },
}

impl Change {
    /// What it asks.
    #[must_use]
    pub fn class(&self) -> ChangeClass {
        match self {
            Self::Editorial => ChangeClass::Editorial,
            Self::Notify(_) => ChangeClass::Notify,
            Self::Reconsent { .. } => ChangeClass::Reconsent,
        }
    }

    /// What it changes for people.
    #[must_use]
    pub fn changes(&self) -> Option<&WhatChanges> {
        match self {
            Self::Editorial => None,
            Self::Notify(changes) | Self::Reconsent { changes, .. } => Some(changes),
        }
    }

    /// Until when people can agree again.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Reconsent { until, .. } => Some(until.0),
            Self::Editorial | Self::Notify(_) => None,
        }
    }
}

/// The Markdown text of a policy: not empty, at most 256 KiB, no control characters but line ends
/// and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(String);

/// Why a text cannot be published as a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// An image from elsewhere.
    #[error(transparent)]
    ForeignImage(#[from] ForeignImage),
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
        demand_own_images(text)?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_one_sentence() {
        let said = " We keep your details for two years\u{2014}not one. ".parse::<WhatChanges>();
        assert_eq!(said.unwrap().as_str(), "We keep your details for two years\u{2014}not one.");
        assert_eq!(" \u{a0}".parse::<WhatChanges>(), Err(WhatChangesError::Empty));
        for text in ["a\nb", "a\0", "a\u{202e}b"] {
            assert_eq!(text.parse::<WhatChanges>(), Err(WhatChangesError::Forbidden), "{text:?}");
        }
        assert!("é".repeat(500).parse::<WhatChanges>().is_ok());
        assert_eq!("é".repeat(501).parse::<WhatChanges>(), Err(WhatChangesError::TooLong));
    }

    #[test]
    fn people_are_left_time_to_answer() {
        let [early, late] = [1, 2].map(Timestamp::from_micros);
        assert!(Deadline::new(late, early).is_ok());
        assert_eq!(Deadline::new(early, early), Err(DeadlineOver));
        assert_eq!(Deadline::new(early, late), Err(DeadlineOver));
    }

    #[test]
    fn only_readable_text_is_a_policy() {
        assert!("# Privacy\r\n\tWe keep little.".parse::<PolicyText>().is_ok());
        assert_eq!(" \n".parse::<PolicyText>(), Err(PolicyTextError::Empty));
        assert_eq!("a\0".parse::<PolicyText>(), Err(PolicyTextError::Forbidden));
        assert_eq!("a".repeat(300_000).parse::<PolicyText>(), Err(PolicyTextError::TooLong));
    }
}
