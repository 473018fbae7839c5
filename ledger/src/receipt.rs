//! Consent receipts: what was agreed to, in the W3C DPV form of ISO/IEC TS 27560:2023, signed as a
//! compact JWS (RFC 7515) with Ed25519 (RFC 8037, RFC 9864), and proof that the ledger holds it.
//!
//! The form is that of the DPV guide <https://w3id.org/dpv/guides/consent-27560>. The member `ledger` is ours: with
//! it, the receipt is checked without asking anybody. All other members are computed from it, so nothing in a receipt
//! stands on the word of whoever signed it but that it was given out, and when.

mod difference;
mod error;
mod facts;
#[cfg(test)]
mod forgery_tests;
mod held;
mod older;
#[cfg(test)]
mod older_tests;
mod process;
mod readable;
#[cfg(test)]
mod readable_tests;
#[cfg(test)]
mod sample_tests;
mod told;
mod vocabulary;

use serde_json::Value;

pub use self::difference::Difference;
pub use self::error::ReceiptError;
pub use self::facts::{Documents, Issue, Proof, ReceiptFacts};
use self::held::Held;
use self::readable::readable;
use self::told::Told;
use super::jws;
use super::leaf::canonical;
use super::note::{SignedNote, SigningKey, VerifyingKey};

/// The type that the header declares, so that no other signed thing passes for a receipt
/// (RFC 8725 §3.11).
pub(super) const TYPE: &str = "consent-receipt+jws";

/// A receipt in which everything was checked that can be.
#[derive(Debug)]
pub struct Verified {
    /// What it says.
    pub payload: Value,
    /// The head that it was signed over.
    pub head: SignedNote,
    /// How much of what it says was compared with what it proves.
    pub compared: Compared,
}

/// How much of a receipt's part for reading was compared with its part for checking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// All of it.
    Whole,
    /// Words, purpose, kind, event and its time: the older form holds more than it commits to.
    InPart,
}

/// The receipt as a compact JWS.
///
/// # Errors
/// [`ReceiptError::Leaf`] when the leaf is not one of an event.
pub fn sign(facts: &ReceiptFacts<'_>, key: &SigningKey) -> Result<String, ReceiptError> {
    Ok(jws::sign(TYPE, "ld+json", &payload(facts)?, key))
}

/// What a receipt says, as JSON-LD.
///
/// # Errors
/// [`ReceiptError::Leaf`] when the leaf is not one of an event.
pub fn payload(facts: &ReceiptFacts<'_>) -> Result<Value, ReceiptError> {
    computed(&Held::new(facts))
}

fn computed(held: &Held) -> Result<Value, ReceiptError> {
    let mut payload = readable(Told { event_type: held.event_type()?, held });
    payload.insert("ledger".into(), serde_json::to_value(held).map_err(ReceiptError::Payload)?);
    Ok(payload.into())
}

/// What a receipt says, and the head it was signed over, once everything in it has been checked: the signature by one
/// of `keys`, that the leaf commits to the body and the body to the rest, that all that the receipt says follows from
/// them, that the proof leads from leaf to checkpoint, and that one of `keys` signed the checkpoint.
///
/// # Errors
/// A [`ReceiptError`] that says which of them fails.
pub fn verify(jws: &str, keys: &[VerifyingKey]) -> Result<Verified, ReceiptError> {
    let text = jws::verify(TYPE, jws, keys)?;
    let payload: Value = serde_json::from_slice(&text).map_err(ReceiptError::Payload)?;
    let Some(ledger) = Held::read(&payload["ledger"])? else {
        let head = older::check(&payload, keys)?;
        return Ok(Verified { payload, head, compared: Compared::InPart });
    };
    ledger.check_commitments()?;
    if let Some(difference) = difference::first(&computed(&ledger)?, &payload) {
        return Err(ReceiptError::Differs(difference));
    }
    // A name that stands twice is read as either by different programs.
    if canonical(&payload).map_err(ReceiptError::Payload)?.as_bytes() != text {
        return Err(ReceiptError::Spelling);
    }
    let head = ledger.check_inclusion(keys)?;
    Ok(Verified { payload, head, compared: Compared::Whole })
}
