//! Time stamps over heads (RFC 3161), asked for over HTTP (§3.4).

use std::sync::Arc;
use std::time::Duration;

use assent_ledger::digest::sha256;
use assent_ledger::note::SignedNote;
use assent_ledger::timestamp::{
    CLOCKS_APART, QUERY_TYPE, REPLY_MOST, REPLY_TYPE, TimeStamp, TimeStampError, request,
};
use url::Url;

use crate::domain::timestamp::Timestamp;
use crate::outgoing_http::{AddressError, HttpClient, HttpError, Question, read_any_address};
use crate::random::Moment;

/// By how much the time that a stamp states may differ from ours: by no more than an audit lets pass. The token's
/// signature is not checked here, and many authorities are asked in the clear: whoever stands between could answer with
/// any time.
const CLOCKS_DIFFER: Duration = Duration::from_secs(CLOCKS_APART.unsigned_abs());

/// Reads the address of a time-stamping authority. Many are asked in the clear: what they answer is signed.
///
/// # Errors
/// Says what to write.
pub fn time_stamping_address(text: &str) -> Result<Url, AddressError> {
    read_any_address(text)
}

/// A time stamp, as far as it was looked at: granted, over what was asked, for this question, of about this time.
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
    /// It did not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Redirects, too.
    #[error("it answered with status {0}: see whether ledger.timestamp_url is right")]
    Status(u16),
    /// It gave none.
    #[error("what came is no time stamp")]
    None(#[from] TimeStampError),
    /// It gave one of something else, or for another question.
    #[error("the time stamp that came is not of this head, or not for this request")]
    Other,
    /// It states a time that it is not.
    #[error(
        "the time stamp that came states {stated}, and it is {now} here: this machine's clock is wrong, or the authority's, or \
         somebody between answered in its place"
    )]
    Clock {
        /// What it states, RFC 3339.
        stated: String,
        /// What it is here, RFC 3339.
        now: String,
    },
}

/// The authority that the operator set.
#[derive(Clone)]
pub struct TimeStampingAuthority {
    client: HttpClient,
    address: Arc<Url>,
}

impl TimeStampingAuthority {
    /// The one that is asked at this address.
    #[must_use]
    pub fn new(address: Url) -> Self {
        Self { client: HttpClient::default(), address: Arc::new(address) }
    }

    /// Has a head stamped: the SHA-256 of what is signed of it.
    ///
    /// # Errors
    /// When there is no stamp of it, of this moment.
    pub async fn stamp(&self, head: &SignedNote, at: &Moment) -> Result<Stamp, StampError> {
        let (imprint, nonce) = (sha256(head.text().as_bytes()), at.new_nonce());
        let question = Question {
            kind: QUERY_TYPE,
            accepts: REPLY_TYPE,
            answer_most: REPLY_MOST,
            body: request(&imprint, nonce)?,
        };
        let answer = self.client.post(&self.address, question).await?;
        if answer.status != 200 {
            return Err(StampError::Status(answer.status));
        }
        let stamp = TimeStamp::read(&answer.body)?;
        if !stamp.answers(&imprint, nonce) {
            return Err(StampError::Other);
        }
        let stamped_at = Timestamp::parse(&stamp.at).ok_or(TimeStampError::Time)?;
        if !is_about(stamped_at, at.now) {
            let [stated, now] = [stamped_at, at.now].map(Timestamp::to_seconds);
            return Err(StampError::Clock { stated, now });
        }
        Ok(Stamp { response: answer.body, stamped_at })
    }
}

/// Whether two clocks could have shown these times at one moment.
fn is_about(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).max(other.since(one)) <= CLOCKS_DIFFER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_minutes_are_about_the_same_time() {
        let at = |seconds: i64| Timestamp::from_micros(1_795_500_000_000_000 + seconds * 1_000_000);
        for (seconds, is) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(is_about(at(seconds), at(0)), is, "{seconds}");
        }
        assert!(!is_about(Timestamp::EARLIEST, at(0)) && !is_about(at(0), Timestamp::EARLIEST));
    }
}
