//! The page `ledger/verify/verify.html`, which checks receipts, promises and bundles in a browser: the same bytes are
//! served, released, and told by their hash.

use super::digest::sha256_hex;

/// The page, whole.
pub const PAGE: &str = include_str!("../verify/verify.html");

/// Lower-case hex SHA-256 of its bytes: what tells whoever has the page from elsewhere that it is this one.
#[must_use]
pub fn sha256() -> String {
    sha256_hex(PAGE.as_bytes())
}
