//! Staff change what is on offer: reports, newsletters and purposes are added, edited, offered and taken back.

pub mod add_newsletter;
pub mod add_purpose;
pub mod add_report;
pub mod delete_report;
pub mod edit_newsletter;
pub mod edit_purpose;
pub mod edit_report;
pub mod keep_drawing;
pub mod offer_newsletter;
pub mod offer_purpose;
pub mod publish_report;
pub mod purpose_error;
pub mod report_error;
pub mod show_notices;
