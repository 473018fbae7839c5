//! Signing up: the form, its intake, the press or code that confirms, and the download.

pub mod code;
pub mod form_state;
pub mod link;
