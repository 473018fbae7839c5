//! Settings: read once from `assent.toml` and the environment, checked once, then trusted.

mod exposed_keys;
mod keys;
mod mail_settings;
mod page_settings;
mod published;
mod read;
mod restored_keys;
mod settings;
mod sources;

pub use exposed_keys::find_exposed_keys;
pub use keys::{FoundKeys, Keys, KeysError};
pub use mail_settings::{MailSettings, MailTarget};
pub use page_settings::PageSettings;
pub use restored_keys::{BackedUpKeys, KeySource, RestoredKeys};
pub use settings::Settings;
pub use sources::{Source, Values};

use std::fmt;

use crate::domain::sentence::sentence;

/// What is wrong about one setting, or with the file of settings. Says which one and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{0} cannot be read")]
    Read(String, #[source] std::io::Error),
    /// The file is not TOML.
    #[error("{0} is not valid TOML: {1}")]
    Toml(String, String),
    /// Nobody knows this setting.
    #[error("{0} is not a setting{1}")]
    Unknown(String, String),
    /// The value does not fit.
    #[error("{shown} is wrong: {why}")]
    Wrong {
        /// The setting, by its name in TOML.
        key: &'static str,
        /// The same as the operator wrote it, and where.
        shown: String,
        /// What it should look like.
        why: String,
    },
}

/// Why the settings cannot be used: all that is wrong, each on a line of its own.
#[derive(Debug)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [error] => f.write_str(&sentence(error)),
            errors => {
                write!(f, "{} things are wrong with the settings:", errors.len())?;
                errors.iter().try_for_each(|error| write!(f, "\n  {}", sentence(error)))
            }
        }
    }
}
