//! Stories of what somebody agreed to: choices, leaving, renewing, receipts.

mod leaving_pages;
mod preferences;
mod receipts;
mod renewal;
mod rules;
mod unsubscribe;
