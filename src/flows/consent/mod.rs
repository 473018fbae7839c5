//! People choose, leave and renew; consents that nobody renews run out; each gets its receipt.

pub mod choose;
pub mod lapse;
pub mod receipt;
pub mod record_consent;
pub mod record_withdrawal;
pub mod renew;
pub mod withdraw;
