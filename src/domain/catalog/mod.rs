//! What purposes, notices and reports are, and how what staff type of them is read.

pub mod address_rules;
pub mod edit;
pub mod markdown;
pub mod media_type;
pub mod notice;
pub mod purpose;
pub mod report;
pub mod report_details;
pub mod return_address;
