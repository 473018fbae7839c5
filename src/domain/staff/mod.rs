//! Who works at the console or by a token: accounts, sessions, rights, the audit.

pub mod action;
pub mod api_token;
pub mod member;
pub mod password;
pub mod right;
pub mod two_factor;
