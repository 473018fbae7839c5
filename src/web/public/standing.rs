//! What stands of a choice, and what is said where nothing does any more.

use crate::domain::contacts::imported_contact::ImportedWords;
use crate::store::consent::consents::CurrentConsent;
use crate::web::Error;
use crate::web::error::Gone;

/// The page of a link to somebody who is not here any more.
pub(super) fn erased() -> Error {
    Gone {
        title: "We hold nothing under this link".to_owned(),
        message: "What we held was deleted. You can sign up again at any time.".to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}

/// What is on record in place of the words that somebody agreed to elsewhere, where nobody kept these.
pub(super) fn on_record(standing: &CurrentConsent) -> Option<&str> {
    let words = standing.words.as_str();
    ImportedWords::are_unknown(words).then_some(words)
}
