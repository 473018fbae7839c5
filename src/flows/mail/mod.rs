//! What follows from mail: it is delivered, comes back, is retried or paused, and raises alarms.

pub mod pause_mail;
pub mod record_bounce;
pub mod record_delivery;
pub mod record_mail_domains;
pub mod retry_mail;
pub mod watch_confirmations;
pub mod watch_refusals;
