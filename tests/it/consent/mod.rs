//! Stories of what somebody agreed to: choices, leaving, renewing, receipts.

mod blank_form;
mod how_agreed;
mod leaving_pages;
mod linked_data;
mod preferences;
mod receipts;
mod renewal;
mod rules;
mod unsubscribe;
pub mod workflow;
