//! Passwords of console accounts: what is accepted, and what is kept of them.

use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The fewest characters.
const SHORTEST: usize = 12;
/// The most, so that hashing one has a bounded cost.
const LONGEST: usize = 256;
/// How much of it is looked at for how guessable it is: that cost grows with the square.
const GUESSED_AT: usize = 100;

/// A password that was found hard to guess.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text cannot be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Under 12 characters.
    #[error("the password is too short: use at least 12 characters, such as four unrelated words")]
    TooShort,
    /// Over 256 characters.
    #[error("the password is too long: use at most 256 characters")]
    TooLong,
    /// A program that knows how people choose would find it; says what to do.
    #[error("the password is easy to guess: {0}")]
    Guessable(String),
}

impl Password {
    /// Reads a password as typed; nothing is trimmed. `known` is what everybody knows of its owner, such
    /// as their address, and counts for nothing.
    ///
    /// # Errors
    /// Says what to do when it is too short, too long or easy to guess.
    pub fn parse(text: String, known: &[&str]) -> Result<Self, PasswordError> {
        match text.chars().count() {
            ..SHORTEST => return Err(PasswordError::TooShort),
            SHORTEST..=LONGEST => {}
            _ => return Err(PasswordError::TooLong),
        }
        let beginning: String = text.chars().take(GUESSED_AT).collect();
        let pieces: Vec<&str> =
            known.iter().flat_map(|word| word.split(['@', '.', '-', '+', ' '])).collect();
        if is_made_of(&text, &pieces) {
            let why = "it is made of what everybody knows of you";
            return Err(PasswordError::Guessable(format!("{why} ({MEND})")));
        }
        let guess = zxcvbn::zxcvbn(&beginning, &[known, &pieces].concat());
        if guess.score() < zxcvbn::Score::Three {
            return Err(PasswordError::Guessable(advice(guess.feedback())));
        }
        Ok(Self(text.into()))
    }
}

/// Whether hardly a letter of a text is left once these words are taken out of it.
fn is_made_of(text: &str, words: &[&str]) -> bool {
    let mut words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    words.retain(|word| word.chars().count() >= 4);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(text.to_lowercase(), |rest, word| rest.replace(word, ""));
    !words.is_empty() && rest.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST / 2
}

const MEND: &str = "use four unrelated words, or let a password manager choose";

/// What to do about a password, in one sentence.
fn advice(feedback: Option<&zxcvbn::feedback::Feedback>) -> String {
    let why = feedback.and_then(zxcvbn::feedback::Feedback::warning).map(|why| why.to_string());
    let why = why.map(|why| why.trim_end_matches('.').to_owned());
    match why {
        Some(why) => format!("{} ({MEND})", lower_first(&why)),
        None => MEND.to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// What is kept of a password: Argon2id as a PHC string.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct PasswordHash(String);

/// A password could not be hashed or looked at.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

impl HashError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// What hashing works in, 19 MiB. Kept from one password to the next: of so much that is taken and given back
/// again and again, the allocator keeps a multiple for itself.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl HashMemory {
    /// As much of it as these parameters need.
    fn blocks(&mut self, argon2: &Argon2<'_>) -> &mut [Block] {
        self.0.resize(argon2.params().block_count(), Block::default());
        &mut self.0
    }
}

/// OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

impl PasswordHash {
    /// Hashes a password; the salt is 16 random bytes. Slow on purpose: never within a transaction, and
    /// never more at once than the machine has memory for.
    ///
    /// # Errors
    /// When the parameters are not Argon2's.
    pub fn new(
        password: &Password,
        salt: &[u8; 16],
        memory: &mut HashMemory,
    ) -> Result<Self, HashError> {
        hash(password.0.expose_secret().as_bytes(), salt, memory)
    }

    /// Whether this was typed. Costs the same for any text that can be a password; a longer one is none.
    ///
    /// # Errors
    /// When what is kept cannot be read.
    pub fn is_of(&self, typed: &str, memory: &mut HashMemory) -> Result<bool, HashError> {
        if typed.chars().count() > LONGEST {
            return Ok(false);
        }
        let kept = Phc::new(&self.0).map_err(HashError::new)?;
        let (Some(salt), Some(hash), Some(version)) = (kept.salt, kept.hash, kept.version) else {
            return Err(HashError("it is kept without salt, version or hash".to_owned()));
        };
        let argon2 = Argon2::new(
            Algorithm::try_from(kept.algorithm.as_str()).map_err(HashError::new)?,
            Version::try_from(version).map_err(HashError::new)?,
            Params::try_from(&kept).map_err(HashError::new)?,
        );
        let mut derived = vec![0; hash.len()];
        let blocks = memory.blocks(&argon2);
        argon2
            .hash_password_into_with_memory(typed.as_bytes(), &salt, &mut derived, blocks)
            .map_err(HashError::new)?;
        Ok(derived.ct_eq(hash.as_ref()).into())
    }

    /// Whether it was made with less than today's parameters, and is to be made anew at the next sign-in.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        let Ok(kept) = Phc::new(&self.0) else { return true };
        let Ok(params) = Params::try_from(&kept) else { return true };
        params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES
    }

    /// The PHC string itself, for what is bound to this password and must end with it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes again what has just been found to be right.
    ///
    /// # Errors
    /// When the parameters are not Argon2's.
    pub fn renewed(
        typed: &str,
        salt: &[u8; 16],
        memory: &mut HashMemory,
    ) -> Result<Self, HashError> {
        hash(typed.as_bytes(), salt, memory)
    }

    /// The hash of nobody's password: looked at where there is no account, so that the answer takes as
    /// long. `None` only if it could not be made.
    #[must_use]
    pub fn of_nobody() -> Option<&'static Self> {
        static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| {
            hash(b"nobody signs in with this", &[7; 16], &mut HashMemory::default()).ok()
        });
        NOBODY.as_ref()
    }
}

fn hash(
    password: &[u8],
    salt: &[u8; 16],
    memory: &mut HashMemory,
) -> Result<PasswordHash, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(HashError::new)?;
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let mut derived = [0; Params::DEFAULT_OUTPUT_LEN];
    let argon2 = Argon2::new(algorithm, version, params.clone());
    let blocks = memory.blocks(&argon2);
    argon2
        .hash_password_into_with_memory(password, salt, &mut derived, blocks)
        .map_err(HashError::new)?;
    let kept = Phc {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params).map_err(HashError::new)?,
        salt: Some(Salt::new(salt).map_err(HashError::new)?),
        hash: Some(Output::new(&derived).map_err(HashError::new)?),
    };
    Ok(PasswordHash(kept.to_string()))
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    const GOOD: &str = "pylon marmot ferrous quilt";

    #[test]
    fn refuses_what_is_short_long_or_easy_to_guess() {
        let refused = |text: &str| Password::parse(text.to_owned(), &["ada@example.org"]).err();
        assert_eq!(refused("short"), Some(PasswordError::TooShort));
        assert_eq!(refused(&"x".repeat(257)), Some(PasswordError::TooLong));
        for easy in [
            "password1234",
            "aaaaaaaaaaaaaaaa",
            "qwertyuiop12",
            "ada@example.org",
            "Example-2026-example!",
        ] {
            let why = refused(easy).map(|error| error.to_string()).unwrap_or_default();
            assert!(why.starts_with("the password is easy to guess: "), "{easy}: {why}");
            assert!(!why.contains(easy));
        }
        assert_eq!(refused(GOOD), None);
    }

    #[test]
    fn knows_its_password_and_no_other() {
        let password = Password::parse(GOOD.to_owned(), &[]).unwrap();
        let mut memory = HashMemory::default();
        let kept = PasswordHash::new(&password, &[1; 16], &mut memory).unwrap();
        let mut is_of = |kept: &PasswordHash, typed: &str| kept.is_of(typed, &mut memory);
        assert!(kept.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(is_of(&kept, GOOD).unwrap());
        assert!(!is_of(&kept, "pylon marmot ferrous quilts").unwrap());
        assert!(!is_of(&kept, &GOOD.repeat(100)).unwrap());
        assert!(!kept.is_outdated());
        // The crate's own way to verify agrees.
        let theirs = Phc::new(kept.as_str()).unwrap();
        assert!(Argon2::default().verify_password(GOOD.as_bytes(), &theirs).is_ok());
        assert!(Argon2::default().verify_password(b"other", &theirs).is_err());
        let weak = kept.as_str().replace("m=19456", "m=8192");
        assert!(PasswordHash(weak).is_outdated());
        assert!(is_of(&PasswordHash("nonsense".to_owned()), GOOD).is_err());
    }
}
