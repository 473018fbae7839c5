//! Time stamps of others (RFC 3161): the request for one, and what an answer says. By whom it was signed is not
//! checked here: that takes certificates and what somebody thinks of them, and `openssl ts -verify` does it.

use der::asn1::{Any, AnyRef, Null, ObjectIdentifier, OctetStringRef};
use der::{Encode, Reader, SliceReader, Tag};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The media type of a request (RFC 3161 §3.4).
pub const QUERY_TYPE: &str = "application/timestamp-query";

/// The media type of an answer.
pub const REPLY_TYPE: &str = "application/timestamp-reply";

/// The longest answer of an authority that is read, in bytes.
pub const REPLY_MOST: usize = 256 * 1024;

/// How many seconds an authority's clock may be behind that of whoever keeps the ledger.
pub const CLOCKS_APART: i64 = 300;

/// `id-sha256` (NIST), `id-signedData` (RFC 5652 §5.1) and `id-ct-TSTInfo` (RFC 3161 §2.4.2).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// What a time stamp says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// The SHA-256 of what was stamped.
    pub sha256: [u8; 32],
    /// When, RFC 3339.
    pub at: String,
    /// The number of the request as a DER INTEGER, if it had one.
    nonce: Option<Vec<u8>>,
}

/// Why an answer has no time stamp that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeStampError {
    /// Not DER of this form.
    #[error("it is not the answer of a time stamp authority")]
    Form,
    /// The authority refused.
    #[error("the time stamp authority refused, with status {0}")]
    Refused(u8),
    /// Of another hash.
    #[error("it is not over a SHA-256")]
    Hash,
    /// A time that no calendar has.
    #[error("its time cannot be read")]
    Time,
}

impl From<der::Error> for TimeStampError {
    fn from(_: der::Error) -> Self {
        Self::Form
    }
}

/// The request for a time stamp over a SHA-256, with the certificate of whoever signs it (`TimeStampReq`, RFC 3161
/// §2.4.1). The nonce is a number that the answer must repeat.
///
/// # Errors
/// None that a hash and a number can lead to.
pub fn request(sha256: &[u8; 32], nonce: u64) -> Result<Vec<u8>, TimeStampError> {
    let algorithm = sequence(&[SHA256.to_der()?, Null.to_der()?])?;
    let imprint = sequence(&[algorithm, OctetStringRef::new(sha256)?.to_der()?])?;
    Ok(sequence(&[1_u8.to_der()?, imprint, nonce.to_der()?, true.to_der()?])?)
}

fn sequence(parts: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    Any::new(Tag::Sequence, parts.concat())?.to_der()
}

impl TimeStamp {
    /// Reads an answer (`TimeStampResp`, RFC 3161 §2.4.2), believed or not.
    ///
    /// # Errors
    /// A [`TimeStampError`] that says what is wrong.
    pub fn read(answer: &[u8]) -> Result<Self, TimeStampError> {
        if answer.len() > REPLY_MOST {
            return Err(TimeStampError::Form);
        }
        let mut reader = SliceReader::new(answer)?;
        let stamp = reader.sequence(|answer| -> Result<Self, TimeStampError> {
            let status = answer.sequence(|status| -> der::Result<u8> {
                let code = status.decode()?;
                skip_rest(status)?;
                Ok(code)
            })?;
            // Granted, and granted with changes.
            if status > 1 {
                skip_rest(answer)?;
                return Err(TimeStampError::Refused(status));
            }
            answer.sequence(token)
        })?;
        reader.finish()?;
        Ok(stamp)
    }

    /// Whether it answers the request for this hash with this number.
    #[must_use]
    pub fn answers(&self, sha256: &[u8; 32], nonce: u64) -> bool {
        self.sha256 == *sha256 && nonce.to_der().is_ok_and(|nonce| self.nonce == Some(nonce))
    }
}

/// What a `ContentInfo` holds, down to what is signed in it (RFC 5652 §3, §5.1, §5.2).
fn token<'a>(content: &mut SliceReader<'a>) -> Result<TimeStamp, TimeStampError> {
    if content.decode::<ObjectIdentifier>()? != SIGNED_DATA {
        return Err(TimeStampError::Form);
    }
    let signed_data: AnyRef<'a> = explicit(content)?;
    let signed = signed_data.sequence(|signed| -> Result<&'a [u8], TimeStampError> {
        let _version: u8 = signed.decode()?;
        let _digests: AnyRef<'a> = signed.decode()?;
        let info = signed.sequence(|info| -> Result<&'a [u8], TimeStampError> {
            if info.decode::<ObjectIdentifier>()? != TST_INFO {
                return Err(TimeStampError::Form);
            }
            let octets: AnyRef<'a> = explicit(info)?;
            Ok(octets.decode_as::<&'a OctetStringRef>()?.as_bytes())
        })?;
        skip_rest(signed)?;
        Ok(info)
    })?;
    let mut reader = SliceReader::new(signed)?;
    let stamp = reader.sequence(info)?;
    reader.finish()?;
    Ok(stamp)
}

/// `TSTInfo` (RFC 3161 §2.4.2).
fn info<'a>(info: &mut SliceReader<'a>) -> Result<TimeStamp, TimeStampError> {
    if info.decode::<u8>()? != 1 {
        return Err(TimeStampError::Form);
    }
    let _policy: ObjectIdentifier = info.decode()?;
    let (algorithm, hash) = info.sequence(|imprint| -> der::Result<_> {
        let algorithm = imprint.sequence(|algorithm| -> der::Result<ObjectIdentifier> {
            let algorithm_id = algorithm.decode()?;
            skip_rest(algorithm)?;
            Ok(algorithm_id)
        })?;
        Ok((algorithm, imprint.decode::<&'a OctetStringRef>()?.as_bytes()))
    })?;
    let _serial = info.tlv_bytes()?;
    let time: AnyRef<'a> = info.decode()?;
    let mut nonce = None;
    while !info.is_finished() {
        let tag = Tag::peek(info)?;
        let field = info.tlv_bytes()?;
        if tag == Tag::Integer && nonce.is_none() {
            nonce = Some(field.to_vec());
        }
    }
    let sha256 = hash.try_into().ok().filter(|_| algorithm == SHA256);
    let at = moment(time).ok_or(TimeStampError::Time)?;
    Ok(TimeStamp { sha256: sha256.ok_or(TimeStampError::Hash)?, at, nonce })
}

/// What stands in `[0]`.
fn explicit<'a>(reader: &mut SliceReader<'a>) -> der::Result<AnyRef<'a>> {
    let field: AnyRef<'a> = reader.decode()?;
    let wanted = Tag::ContextSpecific { constructed: true, number: der::TagNumber(0) };
    if der::Tagged::tag(&field) != wanted {
        return Err(der::ErrorKind::Failed.into());
    }
    let mut within = SliceReader::new(field.value())?;
    let value = within.decode()?;
    within.finish()?;
    Ok(value)
}

fn skip_rest<'a>(reader: &mut SliceReader<'a>) -> der::Result<()> {
    while !reader.is_finished() {
        let _field: AnyRef<'a> = reader.decode()?;
    }
    Ok(())
}

/// A `GeneralizedTime` to the second or finer, in UTC, as RFC 3161 §2.4.2 has it.
fn moment(time: AnyRef<'_>) -> Option<String> {
    if der::Tagged::tag(&time) != Tag::GeneralizedTime {
        return None;
    }
    let text = std::str::from_utf8(time.value()).ok()?.strip_suffix('Z')?;
    let (day, rest) = text.split_at_checked(8)?;
    let (clock, fraction) = rest.split_at_checked(6)?;
    if !day.bytes().chain(clock.bytes()).all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let text = format!(
        "{}-{}-{}T{}:{}:{}{fraction}Z",
        &day[..4],
        &day[4..6],
        &day[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    );
    OffsetDateTime::parse(&text, &Rfc3339).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A time stamp over this hash as anybody can make one up.
    pub(crate) fn made_up(sha256: &[u8; 32], time: &str) -> Vec<u8> {
        answer_over(sha256, time, &[])
    }

    /// An answer that says this, signed by nobody.
    fn answer(time: &str, rest: &[Vec<u8>]) -> Vec<u8> {
        answer_over(&[7; 32], time, rest)
    }

    fn answer_over(hash: &[u8; 32], time: &str, rest: &[Vec<u8>]) -> Vec<u8> {
        let tagged = |tag: u8, bytes: &[u8]| {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            match bytes.len() {
                0..128 => [&[tag, length[1]], bytes].concat(),
                128..256 => [&[tag, 0x81, length[1]], bytes].concat(),
                _ => [&[tag, 0x82, length[0], length[1]], bytes].concat(),
            }
        };
        let sequence = |parts: &[Vec<u8>]| tagged(0x30, &parts.concat());
        let oid = |oid: ObjectIdentifier| tagged(0x06, oid.as_bytes());
        let imprint = sequence(&[sequence(&[oid(SHA256)]), tagged(0x04, hash)]);
        let head = [
            vec![2, 1, 1],
            oid(SIGNED_DATA),
            imprint,
            vec![2, 1, 9],
            tagged(0x18, time.as_bytes()),
        ];
        let info = sequence(&[&head[..], rest].concat());
        let content = sequence(&[oid(TST_INFO), tagged(0xa0, &tagged(0x04, &info))]);
        let signed = sequence(&[vec![2, 1, 3], tagged(0x31, &[]), content, tagged(0x31, &[])]);
        let token = sequence(&[oid(SIGNED_DATA), tagged(0xa0, &signed)]);
        sequence(&[sequence(&[vec![2, 1, 0]]), token])
    }

    fn at(time: &str) -> Result<String, TimeStampError> {
        TimeStamp::read(&answer(time, &[])).map(|stamp| stamp.at)
    }

    #[test]
    fn a_request_is_der_of_its_form() {
        let der = request(&[0xab; 32], 0x4456_06ac_129a_de11).unwrap();
        let expected = format!(
            "3043020101303130 0d06096086480165030402010500 0420{} 0208445606ac129ade11 0101ff",
            "ab".repeat(32)
        );
        assert_eq!(crate::digest::hex(&der), expected.replace(' ', ""));
    }

    #[test]
    fn times_are_read_as_the_rfc_has_them() {
        for (time, expected) in [
            ("20261123090500Z", "2026-11-23T09:05:00Z"),
            ("20261123090500.713Z", "2026-11-23T09:05:00.713Z"),
            ("20240229235959.000001Z", "2024-02-29T23:59:59.000001Z"),
            ("20161231235960Z", "2016-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(at(time).as_deref(), Ok(expected), "{time}");
        }
        for time in [
            "202611230905Z",
            "20261123090500",
            "20261123090500+0100",
            "20261323090500Z",
            "20250229090500Z",
            "20260230090500Z",
            "20261123240000Z",
            "20261123090560Z",
            "20261123090500.Z",
            "2026112309050\u{660}Z",
            "+0261123090500Z",
            "",
        ] {
            assert_eq!(at(time), Err(TimeStampError::Time), "{time}");
        }
    }

    #[test]
    fn an_answer_repeats_the_number_of_the_request() {
        let nonce = [2, 2, 0, 0xff].to_vec();
        let accuracy = [0x30, 3, 2, 1, 1].to_vec();
        let ordering = [1, 1, 0xff].to_vec();
        for rest in [vec![nonce.clone()], vec![accuracy.clone(), ordering.clone(), nonce.clone()]] {
            let stamp = TimeStamp::read(&answer("20261123090500Z", &rest)).unwrap();
            assert!(stamp.answers(&[7; 32], 255));
            assert!(!stamp.answers(&[7; 32], 254) && !stamp.answers(&[8; 32], 255));
        }
        for rest in [vec![], vec![[2, 1, 0xff].to_vec()], vec![accuracy]] {
            let stamp = TimeStamp::read(&answer("20261123090500Z", &rest)).unwrap();
            assert!(!stamp.answers(&[7; 32], 255), "-1 is not 255");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let good = answer("20261123090500Z", &[]);
        assert!(TimeStamp::read(&good).is_ok());
        let swapped = |from: &[u8], to: &[u8]| {
            let at = good.windows(from.len()).position(|window| window == from).unwrap();
            let mut bytes = good.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            TimeStamp::read(&bytes)
        };
        assert_eq!(swapped(&[2, 1, 0], &[2, 1, 2]), Err(TimeStampError::Refused(2)));
        let sha512 = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
        assert_eq!(swapped(SHA256.as_bytes(), sha512.as_bytes()), Err(TimeStampError::Hash));
        assert_eq!(swapped(&[4, 32, 7], &[4, 31, 7]), Err(TimeStampError::Form));
        assert_eq!(swapped(TST_INFO.as_bytes(), &[0x2b]), Err(TimeStampError::Form));
        for bytes in [&good[..good.len() - 1], &[&good[..], &[0]].concat(), &[], &[0x30, 0x80]] {
            assert_eq!(TimeStamp::read(bytes), Err(TimeStampError::Form));
        }
        // A refusal has no token, and may say why.
        let refused = [0x30, 9, 0x30, 7, 2, 1, 2, 3, 2, 5, 0xa0];
        assert_eq!(TimeStamp::read(&refused), Err(TimeStampError::Refused(2)));
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes: Vec<u8>, at: proptest::sample::Index, to: u8) {
            let _ = TimeStamp::read(&bytes);
            let mut changed = answer("20261123090500Z", &[]);
            let at = at.index(changed.len());
            changed[at] = to;
            let _ = TimeStamp::read(&changed);
        }
    }
}
