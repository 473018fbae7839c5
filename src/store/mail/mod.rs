//! Mail: what waits, what became of it, what came back, and what it says of the way.

pub mod bounces;
pub mod limited_mails;
pub mod mail_domains;
pub mod mails;
pub mod outbox;
