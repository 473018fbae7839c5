//! Errors in words.

use std::error::Error;

/// An error and its causes as one sentence; a cause that was said already is not said again.
#[must_use]
pub fn sentence(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = next.source();
    }
    words
}
