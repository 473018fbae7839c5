//! Addresses as keyed hashes, for what must recognise an address without holding it.

use data_encoding::HEXLOWER;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::ledger::keyed_hash::HashKey;

/// HMAC-SHA256 of an address under the address secret; 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct AddressKey(Vec<u8>);

impl AddressKey {
    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its lower-case hex, the form in which it stands in addresses and batches are bound.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The key of that lower-case hex.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok().filter(|key| key.len() == 32).map(Self)
    }
}

/// The secret under which addresses are hashed. It never changes: suppressions must be recognised
/// for good, so it is kept apart from the secrets that links are signed with.
#[derive(Clone)]
pub struct AddressSecret(HashKey);

impl AddressSecret {
    /// Wraps the 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(HashKey::new(&bytes))
    }

    /// Who this is: the key subscribers and suppressions are found by.
    #[must_use]
    pub fn key(&self, address: &EmailAddress) -> AddressKey {
        self.hash(b"address", address.normalised().as_bytes())
    }

    /// A subscriber as what they leave is noted outside the database: by the key that their links carry.
    #[must_use]
    pub fn subscriber_key(&self, subscriber_id: uuid::Uuid) -> AddressKey {
        self.hash(b"subscriber", subscriber_id.as_bytes())
    }

    /// Which mailbox this is for the counting of mail, dots and `+tag` folded.
    #[must_use]
    pub fn limiter_key(&self, address: &EmailAddress) -> AddressKey {
        self.hash(b"limiter", address.folded().as_bytes())
    }

    /// An account as tries to sign in are counted, whether or not there is one.
    #[must_use]
    pub fn account_key(&self, address: &EmailAddress) -> AddressKey {
        self.hash(b"account", address.normalised().as_bytes())
    }

    /// A browser in which somebody signed in before, as tries to sign in again are counted.
    #[must_use]
    pub fn browser_key(&self, known: &[u8; 32]) -> AddressKey {
        self.hash(b"browser", known)
    }

    /// An address of the network, as tries to sign in are counted.
    #[must_use]
    pub fn network_key(&self, ip: std::net::IpAddr) -> AddressKey {
        self.hash(b"network", ip.to_string().as_bytes())
    }

    /// The two-factor secret of an account: derived, so that a dump of the database makes no codes.
    #[must_use]
    pub fn code_secret(&self, staff_id: uuid::Uuid, salt: &[u8]) -> [u8; 32] {
        self.0.hash(&[b"two-factor", staff_id.as_bytes(), salt])
    }

    /// The secret that an endpoint of webhooks shares with us: derived, so that a dump of the database signs nothing.
    #[must_use]
    pub fn webhook_secret(&self, webhook_endpoint_id: uuid::Uuid, salt: &[u8]) -> [u8; 32] {
        self.0.hash(&[b"webhook", webhook_endpoint_id.as_bytes(), salt])
    }

    /// What a request is called by, so that who sends the same form again is told the same: of the form, and of what was
    /// written on it.
    #[must_use]
    pub fn request_reference(&self, form_id: uuid::Uuid, written: [&str; 3]) -> [u8; 32] {
        let [first, second, third] = written.map(str::as_bytes);
        self.0.hash(&[b"privacy request", form_id.as_bytes(), first, second, third])
    }

    /// Another secret that follows from this one, and is as permanent.
    #[must_use]
    pub(in crate::domain) fn derived(&self, what: &[u8]) -> [u8; 32] {
        self.0.hash(&[what])
    }

    /// What tells this secret from another without giving it away. Replicas that share a database
    /// compare it and refuse to start on a mismatch.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.hash(b"fingerprint", b"").0[..8])
    }

    fn hash(&self, kind: &[u8], text: &[u8]) -> AddressKey {
        AddressKey(self.0.hash(&[kind, text]).to_vec())
    }
}

impl serde::Serialize for AddressKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}
