//! Stories of mail: queued, sent, refused, bounced.

mod alarms;
mod bounces;
mod commands;
mod console;
mod delivery;
mod durability;
mod faults;
mod kills;
mod mail_domains;
mod messages;
mod relay;
