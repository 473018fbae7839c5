//! Where the page stands that checks receipts, promises and bundles.

/// Its path.
pub const VERIFIER_PATH: &str = "/ledger/verify";

/// The longest receipt that a link carries: Firefox follows no address of more than 1 MiB, Chromium none above 2 MiB.
const LONGEST_LINK: usize = 512 * 1024;

/// Where the page opens with a receipt in it. What stands behind `#` stays in the browser. `None` for one too long to be a
/// link, which is checked as a file.
#[must_use]
pub fn verifier_link(jws: &str) -> Option<String> {
    (jws.len() <= LONGEST_LINK).then(|| format!("{VERIFIER_PATH}#receipt={jws}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_too_long_for_a_link_has_none() {
        assert_eq!(verifier_link("a.b.c").as_deref(), Some("/ledger/verify#receipt=a.b.c"));
        assert!(verifier_link(&"a".repeat(LONGEST_LINK)).is_some());
        assert_eq!(verifier_link(&"a".repeat(LONGEST_LINK + 1)), None);
    }
}
