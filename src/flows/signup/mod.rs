//! Signing up: the form, its intake, the press or code that confirms, and the download.

pub mod confirm;
pub mod count_dropped;
pub mod lost_links;
pub mod not_me;
pub mod send_fresh_link;
pub mod sign_up;
pub mod start_download;
pub mod try_code;
