//! Chance as an argument: the only place that asks the machine for random bytes.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use crate::clock::Clock;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;

/// Where random bytes come from. Tests may hold a seeded one.
#[derive(Clone)]
pub enum Random {
    /// The operating system's generator.
    System,
    /// The same bytes in the same order for the same seed.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// A generator that repeats itself.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` fresh random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => fill_from_system(&mut bytes),
            Self::Seeded(rng) => {
                rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
            }
        }
        bytes
    }
}

#[expect(clippy::disallowed_methods, reason = "the one door to the machine's randomness")]
fn fill_from_system(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

/// Where the moments come from of what lasts, and spans several transactions.
#[derive(Clone, Copy)]
pub struct Moments<'a> {
    /// What time it is.
    pub clock: &'a Clock,
    /// The chance that is drawn on.
    pub random: &'a Random,
}

impl<'a> Moments<'a> {
    /// Moments of these sources.
    #[must_use]
    pub fn new(clock: &'a Clock, random: &'a Random) -> Self {
        Self { clock, random }
    }

    /// The present one.
    #[must_use]
    pub fn now(self) -> Moment {
        Moment::new(self.clock, self.random)
    }
}

/// One moment in which a use case happens: its time, the chance it draws on, and the request that it is for, if it is
/// for one. Everything that one transaction writes carries the same time.
#[derive(Clone)]
pub struct Moment {
    /// When the use case happens.
    pub now: Timestamp,
    random: Random,
    request_id: Option<RequestId>,
}

impl Moment {
    /// The present moment of these sources.
    #[must_use]
    pub fn new(clock: &Clock, random: &Random) -> Self {
        Self { now: clock.now(), random: random.clone(), request_id: None }
    }

    /// The same moment, for this request.
    #[must_use]
    pub fn for_request(&self, request_id: Option<RequestId>) -> Self {
        Self { request_id, ..self.clone() }
    }

    /// The request that what happens now is for.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// The moment so much earlier, drawing on the same chance.
    #[must_use]
    pub fn earlier(&self, by: std::time::Duration) -> Self {
        Self { now: self.now.minus(by), ..self.clone() }
    }

    /// A new key: UUID version 7 (RFC 9562 §5.7), so that rows made later sort later.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid()
    }

    /// Any byte, for jitter.
    #[must_use]
    pub fn chance(&self) -> u8 {
        let [byte] = self.random.bytes();
        byte
    }

    /// What only its holder knows, as base64url: 32 random bytes.
    #[must_use]
    pub fn new_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random.bytes::<32>())
    }

    /// What a browser is told by from all others: 16 bytes.
    #[must_use]
    pub fn new_browser(&self) -> [u8; 16] {
        self.random.bytes()
    }

    /// The salt of a password's hash: 16 bytes.
    #[must_use]
    pub fn new_password_salt(&self) -> [u8; 16] {
        self.random.bytes()
    }

    /// What a two-factor secret is derived from: 16 bytes.
    #[must_use]
    pub fn new_code_salt(&self) -> [u8; 16] {
        self.random.bytes()
    }

    /// What the secret of a webhook is derived from: 16 bytes.
    #[must_use]
    pub fn new_webhook_salt(&self) -> [u8; 16] {
        self.random.bytes()
    }

    /// What a recovery code says: 10 bytes.
    #[must_use]
    pub fn new_recovery_code(&self) -> [u8; 10] {
        self.random.bytes()
    }

    /// What hides so many bytes, once.
    #[must_use]
    pub fn new_mask(&self, length: usize) -> Vec<u8> {
        let blocks = std::iter::repeat_with(|| self.random.bytes::<32>());
        blocks.take(length.div_ceil(32)).flatten().take(length).collect()
    }

    /// A number by which an answer shows that it is to this question and no other.
    #[must_use]
    pub fn new_nonce(&self) -> u64 {
        u64::from_be_bytes(self.random.bytes())
    }

    /// A salt that makes a commitment unguessable: 32 bytes.
    #[must_use]
    pub fn new_salt(&self) -> [u8; 32] {
        self.random.bytes()
    }
}
