//! The exact words beside a box.

use crate::domain::text::is_forbidden;

/// The language that pages and notices are written in, BCP 47.
pub const LANG: &str = "en-GB";

/// The words beside the privacy-policy box. They name the controller, the purpose and the right to
/// withdraw (GDPR Art. 4(11), 7(3), 13(2)(c)).
#[must_use]
pub fn privacy_policy_words(controller: &str) -> String {
    format!(
        "I agree that {controller} may hold and process the details I give here, in line with its \
         privacy policy, to send me what I ask for and to understand who reads it. I can withdraw \
         this at any time."
    )
}

/// The words beside a newsletter's box.
#[must_use]
pub fn newsletter_words(controller: &str, name: &str, description: &str) -> String {
    let about = match description.trim().trim_end_matches('.') {
        "" => String::new(),
        about => format!(" ({about})"),
    };
    format!(
        "Subscribe me to {name}{about}. {controller} may email it to me, and I can unsubscribe at any \
         time."
    )
}

/// The words beside the box of a purpose of the operator's own, trimmed: 1 to 2000 characters on one line,
/// without those that change reading direction, for what is agreed to is what stands there. They should
/// name the controller, what it is for and a way out; no program can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWords(String);

/// Why a text cannot stand beside a box; says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnWordsError {
    /// Nothing but spaces.
    #[error("write the words beside the box: what people agree to, with whom, and how they leave")]
    Empty,
    /// More than [`OwnWords::MAX`] characters.
    #[error(
        "the words beside a box have at most 2000 characters: nobody agrees to what is not read"
    )]
    TooLong,
    /// A control, line-breaking or direction-changing character.
    #[error("write the words beside a box on one line, without control characters")]
    Forbidden,
}

impl OwnWords {
    /// The longest words, in characters.
    pub const MAX: usize = 2000;

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for OwnWords {
    type Err = OwnWordsError;
    fn from_str(text: &str) -> Result<Self, OwnWordsError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(OwnWordsError::Empty);
        }
        if text.contains(is_forbidden) {
            return Err(OwnWordsError::Forbidden);
        }
        if text.chars().count() > Self::MAX {
            return Err(OwnWordsError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_controller_and_right_to_withdraw() {
        let words = privacy_policy_words("Civic Press");
        assert!(words.contains("Civic Press") && words.contains("withdraw"));
        let words = newsletter_words("Civic Press", "The weekly", "News on Tuesdays.");
        assert!(words.contains("(News on Tuesdays)") && words.contains("unsubscribe"));
        assert!(!newsletter_words("Civic Press", "The weekly", "").contains('('));
    }

    #[test]
    fn own_words_stand_as_they_were_written() {
        let words = "Partners of <Civic Press> may email me offers. I can withdraw at any time.";
        assert_eq!(format!(" {words} ").parse::<OwnWords>().unwrap().as_str(), words);
        assert!("é".repeat(OwnWords::MAX).parse::<OwnWords>().is_ok());
        for (text, error) in [
            ("", OwnWordsError::Empty),
            (" \u{a0}\n", OwnWordsError::Empty),
            ("a\nb", OwnWordsError::Forbidden),
            ("a\0b", OwnWordsError::Forbidden),
            ("a\u{202e}b", OwnWordsError::Forbidden),
            (&"é".repeat(OwnWords::MAX + 1), OwnWordsError::TooLong),
        ] {
            assert_eq!(text.parse::<OwnWords>(), Err(error), "{text:?}");
        }
    }
}
