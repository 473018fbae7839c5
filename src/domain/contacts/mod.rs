//! Addresses and their keys, suppressions, and the forms of what people bring and take away.

pub mod address_key;
pub mod email_address;
pub mod export_format;
pub mod export_run;
pub mod file_columns;
pub mod formula_guard;
pub mod imported_contact;
pub mod imported_suppression;
pub mod mail_domain;
pub mod privacy_request;
pub mod request_reference;
pub mod request_text;
pub mod request_times;
pub mod search;
pub mod suppression;
pub mod table;
