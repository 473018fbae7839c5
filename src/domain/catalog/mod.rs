//! What is on offer: reports, newsletters, purposes, and the words shown beside their boxes.

pub mod edit;
pub mod markdown;
pub mod media_type;
pub mod notice;
pub mod purpose;
pub mod report;
pub mod report_details;
