//! What somebody agreed to: choices, leaving, renewing, running out, receipts.

pub mod blank_forms;
pub mod consents;
pub mod contexts;
pub mod events;
pub mod permissions;
pub mod renewals;
pub mod withdrawals;
