//! Where a form stands, and the links and codes that confirm it.

pub mod bot_check;
pub mod code;
pub mod idempotent_request;
pub mod link;
pub mod link_lifetime;
pub mod signup_source;
pub mod submitted_form;
