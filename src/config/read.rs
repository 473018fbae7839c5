//! How one setting is read.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::ConfigError;
use super::sources::Values;
use crate::domain::signup::link_lifetime::LinkLifetime;

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

pub(super) fn link_lifetime(text: &str) -> Result<LinkLifetime, String> {
    duration(text).map(LinkLifetime::new)
}

/// The file or directory that a setting names, if it names one.
pub(super) fn path(values: &Values, key: &str) -> Option<PathBuf> {
    let named = values.get(key).map(|source| source.value.as_str());
    named.filter(|named| !named.is_empty()).map(PathBuf::from)
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write `true` or `false`".to_owned())
}
