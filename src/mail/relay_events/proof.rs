//! What proves that an event is the relay's: for each what that relay offers.

use std::fmt;

use assent_ledger::digest::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER_PERMISSIVE;
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::relay::EventRelay;
use super::sns::Topic;
use super::unproved::{Unproved, is_recent};
use crate::domain::timestamp::Timestamp;

/// Shorter passwords and keys can be guessed.
const SHORTEST: usize = 16;

/// What an operator sets for the relay whose events are taken.
#[derive(Clone, Debug)]
pub enum RelayProof {
    /// Amazon SES: the topic of Amazon SNS that it publishes to.
    Ses(Topic),
    /// Postmark: user and password in the webhook's address, with a colon between.
    Postmark(SecretString),
    /// SendGrid: the verification key of the signed event webhook.
    SendGrid(PublicKey),
    /// Mailgun: the HTTP webhook signing key.
    Mailgun(SecretString),
}

/// What an operator wrote proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(&'static str);

impl RelayProof {
    /// Reads what proves the events of this relay.
    ///
    /// # Errors
    /// Says what it should look like.
    pub fn parse(relay: EventRelay, text: &str) -> Result<Self, Malformed> {
        let (proof, wrong) = match relay {
            EventRelay::Ses => (
                Topic::parse(text).map(Self::Ses),
                "write the ARN of the SNS topic, such as arn:aws:sns:eu-central-1:123456789012:bounces",
            ),
            EventRelay::Postmark => (
                password(text).map(Self::Postmark),
                "write USER:PASSWORD as in the webhook's address, the password with 16 characters or more",
            ),
            EventRelay::SendGrid => (
                PublicKey::parse(text).map(Self::SendGrid),
                "write the verification key of the signed event webhook, in base64 as SendGrid shows it",
            ),
            EventRelay::Mailgun => (
                (text.len() >= SHORTEST).then(|| Self::Mailgun(text.into())),
                "write the HTTP webhook signing key as Mailgun shows it",
            ),
        };
        proof.ok_or(Malformed(wrong))
    }

    /// Whose events it proves.
    #[must_use]
    pub fn relay(&self) -> EventRelay {
        match self {
            Self::Ses(_) => EventRelay::Ses,
            Self::Postmark(_) => EventRelay::Postmark,
            Self::SendGrid(_) => EventRelay::SendGrid,
            Self::Mailgun(_) => EventRelay::Mailgun,
        }
    }
}

fn password(text: &str) -> Option<SecretString> {
    let (user, password) = text.split_once(':')?;
    (!user.is_empty() && password.len() >= SHORTEST).then(|| text.into())
}

/// Postmark: HTTP basic authentication (RFC 7617).
pub(super) fn postmark(secret: &SecretString, header: Option<&str>) -> Result<(), Unproved> {
    let (scheme, sent) = header.and_then(|it| it.split_once(' ')).ok_or(Unproved::Missing)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Unproved::Missing);
    }
    let sent = STANDARD.decode(sent.trim()).map_err(|_| Unproved::Wrong)?;
    // Hashes have one length, so that time tells nothing of that either.
    let right = sha256(&sent).ct_eq(&sha256(secret.expose_secret().as_bytes()));
    if right.into() { Ok(()) } else { Err(Unproved::Wrong) }
}

/// SendGrid: ECDSA over time and body. How old it may be is not said, and it may be told again for a day; an event
/// that comes once more changes nothing.
pub(super) fn sendgrid(
    key: &PublicKey,
    (signature, time): (Option<&str>, Option<&str>),
    body: &[u8],
) -> Result<(), Unproved> {
    let (signature, time) = signature.zip(time).ok_or(Unproved::Missing)?;
    let signature = STANDARD.decode(signature.trim()).map_err(|_| Unproved::Wrong)?;
    let signed = [time.as_bytes(), body].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.0[..]);
    key.verify(&signed, &signature).map_err(|_| Unproved::Wrong)
}

/// Mailgun: HMAC-SHA256 over time and a token, within the body. It does not cover the event, so whoever sees one could
/// put another beside it; but that is of a mail whose mark they know, and with that mark they could as well post to
/// `/api/v1/bounces`.
pub(super) fn mailgun(secret: &SecretString, sent: &Value, now: Timestamp) -> Result<(), Unproved> {
    let field = |name: &str| sent[name].as_str().ok_or(Unproved::Missing);
    let (time, token, signature) = (field("timestamp")?, field("token")?, field("signature")?);
    let signature =
        HEXLOWER_PERMISSIVE.decode(signature.as_bytes()).map_err(|_| Unproved::Wrong)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    hmac::verify(&key, format!("{time}{token}").as_bytes(), &signature)
        .map_err(|_| Unproved::Wrong)?;
    let seconds: i64 = time.parse().map_err(|_| Unproved::Wrong)?;
    let at = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    if is_recent(at, now) { Ok(()) } else { Err(Unproved::Old) }
}

/// A public key on P-256: its point, uncompressed.
#[derive(Clone)]
pub struct PublicKey([u8; POINT]);

const POINT: usize = 65;
/// What stands before the point where a key on P-256 is written as `SubjectPublicKeyInfo` (RFC 5480 §2).
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl PublicKey {
    /// Reads base64, with or without the lines around it that PEM has.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>()).ok()?;
        let point: [u8; POINT] = der.strip_prefix(&BEFORE_POINT)?.try_into().ok()?;
        (point[0] == 4).then_some(Self(point))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}
