//! What a command begins with: settings, the log, and the application opened by them.

use std::io::IsTerminal;
use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use crate::app::{Core, StartError, Tables};
use crate::clock::Clock;
use crate::config::{ConfigErrors, Settings, Values};
use crate::random::Random;

pub(super) fn settings(config: Option<PathBuf>) -> Result<Settings, ConfigErrors> {
    let beside = PathBuf::from("assent.toml");
    let config = config.or_else(|| beside.exists().then_some(beside));
    Settings::check(Values::read(config.as_deref(), std::env::vars_os()))
}

pub(super) async fn open(settings: Settings, tables: Tables) -> Result<Core, StartError> {
    let clock = clock(&settings);
    Core::open(settings, tables, clock, Random::System).await
}

/// By which clock this process goes.
pub(super) fn clock(settings: &Settings) -> Clock {
    if settings.database_clock { Clock::shared() } else { Clock::System }
}

pub(super) fn log_to_stderr(default: &str, json: bool) {
    // The resolver would name the domains that people typed.
    let default = format!("{default},hickory_resolver=off,hickory_net=off,hickory_proto=off");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let set = if json { log.json().try_init() } else { log.try_init() };
    if let Err(error) = set {
        eprintln!("assent: the log could not be set up: {error}");
    }
}
