//! Stories of accounts, sessions, rights, tokens, webhooks, and the audit.

mod account;
mod audit;
mod guard;
mod known_browsers;
mod late;
mod members;
mod sign_in;
mod tokens;
mod two_factor;
mod webhooks;
