//! How one setting is read.

use std::str::FromStr;
use std::time::Duration;

use super::ConfigError;
use super::sources::Values;

/// Reads one setting, or its default; an error names the setting as the operator wrote it.
pub(super) fn parse<T>(
    values: &Values,
    key: &'static str,
    default: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    let written = values.get(key);
    let value = written.map_or(default, |source| source.value.trim());
    read(value).map_err(|why| ConfigError::Wrong {
        key,
        shown: written.map_or_else(|| key.to_owned(), |source| source.shown.clone()),
        why,
    })
}

pub(super) fn from_str<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| said(&error))
}

pub(super) fn said(error: &dyn std::fmt::Display) -> String {
    error.to_string()
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time such as 5min, 48h or 30d".to_owned();
    let read = humantime::parse_duration(text).map_err(|_| wrong())?;
    let longest = Duration::from_hours(24 * 365 * 20);
    if read.is_zero() || read > longest { Err(wrong()) } else { Ok(read) }
}
