//! Stories over real HTTP, on both databases, with real mail, files and a browser.
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a story that cannot go on has failed; its name says what it tells"
)]

mod catalog;
mod cli;
mod consent;
mod contacts;
mod mail;
mod policy;
mod signup;
mod staff;
mod support;
mod web;

mod architecture;
mod browser;
mod ledger;
