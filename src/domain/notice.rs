//! The exact words beside a box.

use sha2::{Digest, Sha256};

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

/// Lower-case hex SHA-256 of a text's UTF-8 bytes: how wording is told apart for good.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
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
}
