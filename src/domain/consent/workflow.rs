//! How a choice was made, beside its words: what evidence says of the workflow (EDPB Guidelines 05/2020 ¶108).

use std::fmt;

use assent_ledger::digest::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::domain::slug::Label;

/// A form as its page shows it to everybody, before anything is typed.
#[derive(Clone, PartialEq, Eq)]
pub struct BlankForm {
    /// One line that says of which program, form and policy, and the page.
    pub html: String,
    /// Lower-case hex SHA-256 of all that.
    pub sha256: String,
}

impl BlankForm {
    /// The page of this form, as this version of the program renders it under this version of the policy.
    #[must_use]
    pub fn new(name: &str, policy: &Label, page: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let html =
            format!("<!-- assent {version}; form {name}; privacy policy {policy} -->\n{page}");
        Self { sha256: sha256_hex(html.as_bytes()), html }
    }

    /// The page by itself, as readers are served it.
    #[must_use]
    pub fn page(&self) -> &str {
        self.html.split_once('\n').map_or("", |(_, page)| page)
    }
}

impl fmt::Debug for BlankForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlankForm").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// A kind of data that somebody gave with a form, or a file gives of them; in the order of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// The address.
    Email,
    /// What they do.
    JobTitle,
    /// Their name.
    Name,
    /// Where they work.
    Organisation,
}

impl DataKind {
    /// The kinds given, where these are there besides the address.
    #[must_use]
    pub fn given(name: bool, organisation: bool, job_title: bool) -> Vec<Self> {
        [
            (true, Self::Email),
            (job_title, Self::JobTitle),
            (name, Self::Name),
            (organisation, Self::Organisation),
        ]
        .into_iter()
        .filter_map(|(given, kind)| given.then_some(kind))
        .collect()
    }
}

/// By what an address was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The code of a mail, typed on the page where the form was sent.
    Code,
    /// The link of a mail, and the press of a button behind it.
    Link,
}

/// How an address was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// By what.
    pub by: ConfirmedBy,
    /// The Message-ID of the mail with it, if one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
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
        assert_eq!(form.html, said);
        assert_eq!(form.sha256, sha256_hex(said.as_bytes()));
    }

    #[test]
    fn kinds_stand_in_one_order() {
        use DataKind::{Email, JobTitle, Name, Organisation};
        assert_eq!(DataKind::given(true, true, true), [Email, JobTitle, Name, Organisation]);
        assert_eq!(DataKind::given(false, false, false), [Email]);
        let said = serde_json::to_string(&DataKind::given(true, true, true)).unwrap();
        assert_eq!(said, r#"["email","job_title","name","organisation"]"#);
    }
}
