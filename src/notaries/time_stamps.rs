//! Time stamps over heads (RFC 3161), asked for over HTTP (§3.4).

use assent_ledger::digest::sha256;
use assent_ledger::note::SignedNote;
use assent_ledger::timestamp::{QUERY_TYPE, REPLY_TYPE, TimeStamp, TimeStampError, request};
use url::Url;

use super::address::{AddressError, read_any_address};
use super::way::{Question, Way, WayError};
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;

/// Reads the address of a time-stamping authority. Many are asked in the clear: what they answer is signed.
///
/// # Errors
/// Says what to write.
pub fn time_stamps_address(text: &str) -> Result<Url, AddressError> {
    read_any_address(text)
}

/// A time stamp, as far as it was looked at: granted, over what was asked, for this question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The DER of the `TimeStampResp`.
    pub response: Vec<u8>,
    /// The time that it states.
    pub stamped_at: Timestamp,
}

/// Why there is no time stamp.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// None is set.
    #[error("ledger.timestamp_url is not set")]
    Nobody,
    /// It did not answer.
    #[error(transparent)]
    Way(#[from] WayError),
    /// Redirects, too.
    #[error("it answered with status {0}: see whether ledger.timestamp_url is right")]
    Status(u16),
    /// It gave none.
    #[error("what came is no time stamp")]
    None(#[from] TimeStampError),
    /// It gave one of something else, or for another question.
    #[error("the time stamp that came is not of this head, or not for this request")]
    Other,
}

/// Has a head stamped at this address: the SHA-256 of what is signed of it.
pub(super) async fn stamp(
    way: &Way,
    address: &Url,
    head: &SignedNote,
    at: &Moment,
) -> Result<Stamp, StampError> {
    let (imprint, nonce) = (sha256(head.text().as_bytes()), at.new_nonce());
    let question =
        Question { kind: QUERY_TYPE, accepts: REPLY_TYPE, body: request(&imprint, nonce)? };
    let answer = way.post(address, question).await?;
    if answer.status != 200 {
        return Err(StampError::Status(answer.status));
    }
    let stamp = TimeStamp::read(&answer.body)?;
    if !stamp.answers(&imprint, nonce) {
        return Err(StampError::Other);
    }
    let stamped_at = Timestamp::parse(&stamp.at).ok_or(TimeStampError::Time)?;
    Ok(Stamp { response: answer.body, stamped_at })
}
