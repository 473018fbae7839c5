//! Pure types and rules of the product. Nothing here reads a file, a clock or a database: what is
//! typed is parsed here once, at the door, and trusted from then on.

pub mod alarm;
pub mod background_task;
pub mod base_url;
pub mod catalog;
pub mod colour;
pub mod consent;
pub mod contacts;
pub mod day;
pub mod day_or_time;
pub mod day_span;
pub mod encryption;
pub mod key;
pub mod ledger;
pub mod mail;
pub mod nearest;
pub mod policy;
pub mod qr_picture;
pub mod request_id;
pub mod sentence;
pub mod signup;
pub mod slug;
pub mod staff;
pub mod text;
pub mod time_zone;
pub mod timestamp;
pub mod written_time;
