//! Settings: read once from `assent.toml` and the environment, checked once, then trusted.

mod keys;
mod mail_settings;
mod restored_keys;
mod settings;
mod sources;

pub use keys::{Keys, KeysError};
pub use mail_settings::{MailSettings, MailTarget};
pub use restored_keys::{BackedUpKeys, KeySource, RestoredKeys};
pub use settings::Settings;
pub use sources::{Source, Values};

/// Why the settings cannot be used. Says which one and what to do.
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
    #[error("{name} is wrong: {why}")]
    Wrong {
        /// The setting, as the operator wrote it.
        name: String,
        /// What it should look like.
        why: String,
    },
}
