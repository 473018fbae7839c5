//! What is on offer: reports, newsletters, purposes, and the words shown beside their boxes.

pub mod newsletters;
pub mod notices;
pub mod purposes;
pub mod report_drawings;
pub mod reports;
