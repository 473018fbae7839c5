//! Mail: composed from templates when it is sent, the same on every try, and handed over; and read when
//! it comes back.

pub mod compose;
pub mod dkim;
pub mod dkim_key;
pub mod letters;
pub mod mailbox;
pub mod postmaster;
pub mod relay_events;
pub mod returned;
mod subject;
pub mod transport;
