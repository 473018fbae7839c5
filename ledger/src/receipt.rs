//! Consent receipts: what was agreed to, in the W3C DPV form of ISO/IEC TS 27560:2023, signed as a
//! compact JWS (RFC 7515) with Ed25519 (RFC 8037, RFC 9864), and proof that the ledger holds it.
//!
//! The form is that of the DPV guide <https://w3id.org/dpv/guides/consent-27560>. The member `ledger` is ours: with
//! it, the receipt is checked without asking anybody. All other members are computed from it, so that a receipt says of
//! an event what its leaf commits to, and stands on the word of whoever signed it only where it says when and at which
//! address it was given out.

mod compared;
mod consent_record;
mod difference;
mod error;
mod facts;
#[cfg(test)]
mod forgery_tests;
#[cfg(test)]
mod form_before_tests;
mod ledger_member;
mod older;
mod older_readable;
#[cfg(test)]
mod older_tests;
mod process;
mod readable;
#[cfg(test)]
mod readable_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod signing_tests;
mod vocabulary;

use serde_json::Value;

pub use self::compared::{Compared, Uncompared};
use self::consent_record::ConsentRecord;
pub use self::difference::Difference;
pub use self::error::ReceiptError;
pub use self::facts::{Documents, Issue, Proof, ReceiptFacts};
use self::ledger_member::LedgerMember;
use self::readable::readable;
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

/// The receipt as a compact JWS, once what it proves was checked as [`verify`] checks it, with `keys` for the checkpoint:
/// whoever changed a row is not given a signature for it.
///
/// # Errors
/// A [`ReceiptError`] that says what does not belong together.
pub fn sign(
    facts: &ReceiptFacts<'_>,
    key: &SigningKey,
    keys: &[VerifyingKey],
) -> Result<String, ReceiptError> {
    let ledger = LedgerMember::from(facts);
    ledger.check_commitments()?;
    ledger.check_inclusion(keys)?;
    Ok(jws::sign(TYPE, "ld+json", &payload(&ledger)?, key))
}

/// What a receipt says, as JSON-LD.
fn payload(ledger: &LedgerMember) -> Result<Value, ReceiptError> {
    let mut payload = readable(ConsentRecord { event_type: ledger.event_type()?, ledger });
    payload
        .insert("ledger".into(), serde_json::to_value(ledger).map_err(ReceiptError::Unwritable)?);
    Ok(payload.into())
}

/// What a receipt says, and the head it was signed over, once everything in it has been checked: the signature by one
/// of `keys`, that the leaf commits to the body and the body to the rest, that all that the receipt says follows from
/// them, that the proof leads from leaf to checkpoint, and that one of `keys` signed the checkpoint for its own ledger. A
/// receipt of the older form says more than follows; [`Verified::compared`] names what.
///
/// # Errors
/// A [`ReceiptError`] that says which of them fails.
pub fn verify(jws: &str, keys: &[VerifyingKey]) -> Result<Verified, ReceiptError> {
    let text = jws::verify(TYPE, jws, keys)?.payload;
    let said: Value = serde_json::from_slice(&text).map_err(ReceiptError::Payload)?;
    let (head, compared) = match LedgerMember::read(&said["ledger"])? {
        Some(ledger) => {
            ledger.check_commitments()?;
            if let Some(difference) = difference::first(&payload(&ledger)?, &said) {
                return Err(ReceiptError::Differs(difference));
            }
            ledger.check_forms()?;
            (ledger.check_inclusion(keys)?, Compared::Whole)
        }
        None => older::check(&said, keys)?,
    };
    // A name that stands twice is read as either by different programs.
    if canonical(&said).map_err(ReceiptError::Unwritable)?.as_bytes() != text {
        return Err(ReceiptError::Spelling);
    }
    Ok(Verified { payload: said, head, compared })
}
