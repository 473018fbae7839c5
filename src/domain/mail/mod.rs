//! Kinds of mail, its limits, bounces and alarms.

pub mod bounce;
pub mod limit;
pub mod outbox;
pub mod return_path;
