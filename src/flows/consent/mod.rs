//! What somebody agreed to: choices, leaving, renewing, running out, receipts.

pub mod choose;
pub mod lapse;
pub mod receipt;
pub mod record_consent;
pub mod record_withdrawal;
pub mod renew;
pub mod withdraw;
