//! Mail: what waits, what became of it, what came back, and what it says of the way.

pub mod pause_mail;
pub mod raise_alarm;
pub mod record_bounce;
pub mod record_delivery;
pub mod retry_mail;
pub mod watch_confirmations;
pub mod watch_refusals;
