//! Signing up: the form, its intake, the press or code that confirms, and the download.

pub mod code_tries;
pub mod confirmations;
pub mod download_grants;
pub mod dropped_forms;
pub mod idempotent_requests;
pub mod link_requests;
pub mod signup_sources;
pub mod signups;
pub mod solved_checks;
