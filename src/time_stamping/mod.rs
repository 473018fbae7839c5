//! A time-stamping authority outside says that a head was there by a time (RFC 3161).

mod authority;

pub use authority::{Stamp, StampError, TimeStampingAuthority, time_stamping_address};
