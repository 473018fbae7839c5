//! A form is stored and confirmed by press or code, taken back, or its link sent afresh; its file is downloaded.

pub mod confirm;
pub mod count_dropped;
pub mod do_once;
pub mod lost_links;
pub mod not_me;
pub mod replace_address;
pub mod send_fresh_link;
pub mod send_other_report;
pub mod sign_up;
pub mod start_download;
pub mod take_each;
pub mod try_code;
