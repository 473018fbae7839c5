//! Who works at the console or by a token: accounts, sessions, rights, the audit.

pub(super) mod account;
pub(super) mod audit;
pub(super) mod choose_password;
pub(super) mod known;
pub(super) mod members;
mod new_session;
pub(super) mod reset;
pub(super) mod second_step;
pub(super) mod session;
pub(super) mod sign_in;
pub(super) mod sign_in_page;
pub(super) mod tokens;
pub(super) mod webhooks;
pub(super) mod welcome;
