//! Who works at the console or by a token: accounts, sessions, rights, the audit.

pub mod accounts;
pub mod api_tokens;
pub mod audit_entries;
pub mod codes;
pub mod links;
pub mod members;
pub mod role_rules;
pub mod sessions;
pub mod sign_in_tries;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
