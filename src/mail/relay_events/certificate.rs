//! The certificate that a message of Amazon SNS is signed by. Amazon gives it out without those above it, so that no
//! chain leads from it to an authority; that it is Amazon's is known by the host it comes from.

use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, alg_id,
};
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

use crate::domain::timestamp::Timestamp;

/// The names that Amazon's certificates have, by the region's host; the last is that of both regions of `GovCloud`.
fn names(host: &str) -> [String; 5] {
    let place = host.strip_prefix("sns.").unwrap_or(host);
    [
        "sns.amazonaws.com".to_owned(),
        host.to_owned(),
        format!("sns-signing.{place}"),
        format!("sns-{place}"),
        "sns-us-gov-west-1.amazonaws.com".to_owned(),
    ]
}

/// A certificate for Amazon SNS.
#[derive(Debug)]
pub(super) struct Certificate {
    der: CertificateDer<'static>,
    begins: Timestamp,
    ends: Timestamp,
}

impl Certificate {
    /// Reads the first certificate of a PEM file; `None` when there is none, or not one for this host of SNS.
    pub(super) fn read(pem: &[u8], host: &str) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem).ok()?;
        let parsed = EndEntityCert::try_from(&der).ok()?;
        let is_for = |name: &String| {
            ServerName::try_from(name.as_str())
                .is_ok_and(|name| parsed.verify_is_valid_for_subject_name(&name).is_ok())
        };
        if !names(host).iter().any(is_for) {
            return None;
        }
        let (begins, ends) = validity(&der)?;
        Some(Self { der, begins, ends })
    }

    /// Whether it counts at this time.
    pub(super) fn is_in_force(&self, now: Timestamp) -> bool {
        self.begins <= now && now <= self.ends
    }

    /// Whether its key signed this, in a version of SNS's signatures: RSA with SHA-1 (1) or SHA-256 (2).
    pub(super) fn signed(&self, version: &str, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn SignatureVerificationAlgorithm = match version {
            "1" => &RsaSha1,
            "2" => RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        EndEntityCert::try_from(&self.der)
            .is_ok_and(|parsed| parsed.verify_signature(algorithm, message, signature).is_ok())
    }
}

/// RSA with SHA-1, which SNS signs with unless a topic asks for more. No certificate is checked by it.
#[derive(Debug)]
struct RsaSha1;

impl SignatureVerificationAlgorithm for RsaSha1 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    /// `sha1WithRSAEncryption` with no parameters (RFC 3279 §2.2.1).
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(&[
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
        ])
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// From when to when a certificate counts (RFC 5280 §4.1): of all that is wanted here, the one thing that its parser
/// does not tell.
fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (whole, _) = element(der, SEQUENCE)?;
    let (signed, _) = element(whole, SEQUENCE)?;
    let (_, rest) = element(signed, VERSION)?;
    let (_, rest) = element(rest, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    let (_issuer, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (begins, rest) = time(validity)?;
    let (ends, _) = time(rest)?;
    Some((begins, ends))
}

/// The content of an element with this tag at the front, and what follows it (X.690 §8.1, lengths of §10.1).
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(byte, rest)| (usize::from(*byte), rest))?,
        0x82 => {
            let (bytes, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*bytes)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (*found == tag).then_some((content, rest))
}

/// A time and what follows it: two digits of the year until 2049, then four (RFC 5280 §4.1.2.5).
fn time(input: &[u8]) -> Option<(Timestamp, &[u8])> {
    let text = |content| std::str::from_utf8(content).ok();
    let (year, digits, rest) = if let Some((content, rest)) = element(input, UTC_TIME) {
        let (year, digits) = text(content)?.split_at_checked(2)?;
        let century = if year.parse::<u8>().ok()? < 50 { "20" } else { "19" };
        (format!("{century}{year}"), digits, rest)
    } else {
        let (content, rest) = element(input, GENERALIZED_TIME)?;
        let (year, digits) = text(content)?.split_at_checked(4)?;
        (year.to_owned(), digits, rest)
    };
    let part = |at: usize| digits.get(at..at + 2);
    let text = format!(
        "{year}-{}-{}T{}:{}:{}{}",
        part(0)?,
        part(2)?,
        part(4)?,
        part(6)?,
        part(8)?,
        digits.get(10..)?
    );
    Some((Timestamp::parse(&text)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part of a certificate with these times.
    fn certificate(begins: &[u8], ends: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| {
            let length = u8::try_from(content.len()).unwrap();
            [&[tag, 0x81, length][..], content].concat()
        };
        let validity = wrap(SEQUENCE, &[begins, ends].concat());
        let serial = [INTEGER, 1, 7];
        let signed = [
            &wrap(VERSION, &[INTEGER, 1, 2])[..],
            &serial,
            &[SEQUENCE, 0],
            &[SEQUENCE, 0],
            &validity,
        ];
        wrap(SEQUENCE, &wrap(SEQUENCE, &signed.concat()))
    }

    #[test]
    fn times_are_read_in_both_ways_of_writing_them() {
        let time = |tag: u8, text: &str| {
            [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
        };
        let der = certificate(
            &time(UTC_TIME, "260102030405Z"),
            &time(GENERALIZED_TIME, "20991231235959Z"),
        );
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let expected = (at("2026-01-02T03:04:05Z"), at("2099-12-31T23:59:59Z"));
        assert_eq!(validity(&der), Some(expected));
        let older = time(UTC_TIME, "991231235959Z");
        let (begins, _) = validity(&certificate(&older, &older)).unwrap();
        assert_eq!(begins, at("1999-12-31T23:59:59Z"));
        for wrong in ["", "9", "é0102030405Z", "260102030405", "261302030405Z", "2601020304"] {
            let wrong = time(UTC_TIME, wrong);
            assert_eq!(validity(&certificate(&wrong, &wrong)), None);
        }
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        let time = [&[UTC_TIME, 13][..], b"260102030405Z"].concat();
        let whole = certificate(&time, &time);
        assert!(validity(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(validity(&whole[..length]), None);
        }
        for hostile in [&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[SEQUENCE, 0x80], &[]] {
            assert_eq!(validity(hostile), None);
        }
        for pem in ["", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
            assert!(Certificate::read(pem.as_bytes(), "sns.eu-central-1.amazonaws.com").is_none());
        }
    }
}
