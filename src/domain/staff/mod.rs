//! Accounts, roles and rights, passwords, two-factor and tokens, and what the audit can say.

pub mod action;
pub mod api_token;
pub mod member;
pub mod password;
pub mod right;
pub mod two_factor;
pub mod webhook;
