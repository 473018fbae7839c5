//! Stories over real HTTP, on both databases, with real mail, files and a browser.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a story that cannot go on has failed; its name says what it tells"
)]

mod support;

mod alarms;
mod api;
mod architecture;
mod asked_again;
mod bounces;
mod browser;
mod check;
mod cli;
mod consent_rules;
mod console;
mod day_spans;
mod exports;
mod import;
mod import_files;
mod import_suppress;
mod ledger;
mod mail;
mod mail_commands;
mod policies;
mod policy_changes;
mod public;
mod purposes;
mod request_log;
mod store;
mod templates;
mod time_zone;
mod worker;
