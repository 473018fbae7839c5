//! What many events share, as one text that they name by its hash: which words, which policy and which form it leads to.

use serde_json::Value;

use super::bundle::{form_files, is_label};
use super::canonical::canonical_text;
use super::digest::is_sha256_hex;

/// Words and policy, and the form they stood in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shown {
    /// The blank form; none where it was not kept.
    pub form: Option<NamedForm>,
    /// Lower-case hex SHA-256 of the words shown.
    pub notice_sha256: String,
    /// The label of the policy shown.
    pub policy_label: String,
    /// Lower-case hex SHA-256 of its text.
    pub policy_sha256: String,
}

/// A blank form, as a context names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NamedForm {
    /// Lower-case hex SHA-256.
    pub sha256: String,
    /// Its file in a bundle.
    pub file: String,
}

/// Whether a blank form is a page that the program rendered, by who drew it. Else it is the document that says what to draw.
pub(super) fn is_page(drawn_by: Option<&str>) -> bool {
    matches!(drawn_by, None | Some("ours"))
}

impl NamedForm {
    fn new(sha256: &str, drawn_by: Option<&str>) -> Self {
        let [page, document] = form_files(sha256);
        let file = if is_page(drawn_by) { page } else { document };
        Self { sha256: sha256.to_owned(), file }
    }
}

/// Reads a context; `None` unless it is RFC 8785 text with all that a context has.
pub(super) fn read_context(text: &str) -> Option<Shown> {
    if canonical_text(text)? != text {
        return None;
    }
    let context: Value = serde_json::from_str(text).ok()?;
    let said = |path: &str| context.pointer(path)?.as_str();
    for path in [
        "/controller/address",
        "/controller/contact",
        "/controller/name",
        "/method",
        "/purpose",
        "/source",
    ] {
        said(path)?;
    }
    let form = match context.get("form") {
        None => None,
        Some(form) => {
            let sha256 = form.as_str().filter(|form| is_sha256_hex(form))?;
            Some(NamedForm::new(sha256, said("/drawn_by")))
        }
    };
    let shown = Shown {
        form,
        notice_sha256: said("/notice/sha256")?.to_owned(),
        policy_label: said("/policy/label")?.to_owned(),
        policy_sha256: said("/policy/sha256")?.to_owned(),
    };
    let whole = is_sha256_hex(&shown.notice_sha256) && is_label(&shown.policy_label);
    whole.then_some(shown)
}
