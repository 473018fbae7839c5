//! The relay mail is handed to.

use std::time::Duration;

use secrecy::SecretString;

/// Whether and how the way to the relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (RFC 8314 §3.3).
    Implicit,
    /// By STARTTLS, or not at all.
    Required,
    /// By STARTTLS where the relay offers it.
    Opportunistic,
    /// Never: for a relay on this machine.
    None,
}

/// Where mail is handed over.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The relay's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub tls: Tls,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
    /// How we introduce ourselves.
    pub hello: String,
    /// How long it may take over one message before its connection is given up.
    pub timeout: Duration,
}
