//! Pure types and rules of the product. Nothing here reads a file, a clock or a database: what is
//! typed is parsed here once, at the door, and trusted from then on.

pub mod action;
pub mod address_key;
pub mod alarm;
pub mod api_token;
pub mod bounce;
pub mod code;
pub mod consent;
pub mod email_address;
pub mod export_run;
pub mod imported_contact;
pub mod key;
pub mod link;
pub mod mail_limit;
pub mod media_type;
pub mod nearest;
pub mod notice;
pub mod outbox;
pub mod password;
pub mod permission;
pub mod policy;
pub mod purpose;
pub mod report;
pub mod report_details;
pub mod return_path;
pub mod right;
pub mod search;
pub mod sentence;
pub mod signup;
pub mod slug;
pub mod staff;
pub mod suppression;
pub mod text;
pub mod text_difference;
pub mod timestamp;
pub mod two_factor;
