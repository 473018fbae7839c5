//! SHA-256 (FIPS 180-4), HMAC over it (RFC 2104), and hex.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};

/// Lower-case hex SHA-256 of a text's UTF-8 bytes: how wording is told apart for good.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Whether a text is lower-case hex of a SHA-256, and so the name of a file that stays within its folder.
#[must_use]
pub fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// HMAC-SHA256 under a 32-byte key, which RFC 2104 §2 pads with zeros to the block of 64.
#[must_use]
pub fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    Hmac::new(&block.into())
}
