//! People with console accounts.

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, clap::ValueEnum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Also exports, and edits reports and newsletters.
    Marketing,
    /// Also staff, policies, settings and erasure.
    Admin,
}

impl Role {
    /// The word in commands, the console and the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Marketing => "marketing",
            Self::Admin => "admin",
        }
    }
}

/// A password: 12 to 256 characters, so that hashing it has a bounded cost.
#[derive(Clone)]
pub struct Password(secrecy::SecretString);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Under 12 characters.
    #[error("the password is too short: use at least 12 characters, such as four unrelated words")]
    TooShort,
    /// Over 256 characters.
    #[error("the password is too long: use at most 256 characters")]
    TooLong,
}

impl Password {
    /// Reads a password as typed; nothing is trimmed.
    ///
    /// # Errors
    /// Says what to do when it is too short or too long.
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        match text.chars().count() {
            ..12 => Err(PasswordError::TooShort),
            12..=256 => Ok(Self(text.into())),
            _ => Err(PasswordError::TooLong),
        }
    }

    /// The secret itself, for hashing only.
    #[must_use]
    pub fn secret(&self) -> &secrecy::SecretString {
        &self.0
    }
}
