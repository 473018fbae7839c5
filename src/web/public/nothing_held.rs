//! The page of a link to somebody who is not here any more.

use crate::web::Error;
use crate::web::error::Gone;

/// Says that what was held is deleted.
pub(super) fn erased() -> Error {
    Gone {
        title: "We hold nothing under this link".to_owned(),
        message: "What we held was deleted. You can sign up again at any time.".to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}
