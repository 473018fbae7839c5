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

/// An error's words as a sentence of their own.
#[must_use]
pub fn upper_first(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_with_a_capital() {
        assert_eq!((upper_first("übel"), upper_first("")), ("Übel".to_owned(), String::new()));
    }
}
