//! How a person appears in logs: never by address.

use std::fmt;

use super::address_key::AddressKey;

/// The first eight hex digits of an address key: enough to follow one address through a log,
/// useless without the key that made it.
pub struct LogAddress<'a>(pub &'a AddressKey);

impl fmt::Display for LogAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_bytes().iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
