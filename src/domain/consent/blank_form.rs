//! A form as all its readers see it before they type anything: part of what evidence says of how a choice was made (EDPB
//! Guidelines 05/2020 ¶108).

use std::fmt;

use assent_ledger::digest::sha256_hex;

use crate::domain::slug::Label;

/// A form as its page shows it to everybody, before anything is typed.
#[derive(Clone, PartialEq, Eq)]
pub struct BlankForm {
    /// Of a page of ours: one line that says of which program, form and policy, and the page. The page is the one that
    /// readers are served, but for the value of the field in which that names this document by its hash: here it is empty.
    /// Of a form that others draw: the RFC 8785 text of what they are told to draw.
    pub document: String,
    /// Lower-case hex SHA-256 of all that.
    pub sha256: String,
}

impl BlankForm {
    /// The page of this form, as this version of the program renders it under this version of the policy.
    #[must_use]
    pub fn new(name: &str, policy: &Label, page: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let document =
            format!("<!-- assent {version}; form {name}; privacy policy {policy} -->\n{page}");
        Self::from_document(document)
    }

    /// The form of a document that says itself what it is of.
    #[must_use]
    pub fn from_document(document: String) -> Self {
        Self { sha256: sha256_hex(document.as_bytes()), document }
    }
}

impl fmt::Debug for BlankForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlankForm").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_which_program_and_policy_it_is_of() {
        let form = BlankForm::new("reports/sample", &"2026-01".parse().unwrap(), "<p>");
        let version = env!("CARGO_PKG_VERSION");
        let said =
            format!("<!-- assent {version}; form reports/sample; privacy policy 2026-01 -->\n<p>");
        assert_eq!(form.document, said);
        assert_eq!(form.sha256, sha256_hex(said.as_bytes()));
    }
}
