//! What a command came to, and how it is refused.

/// Whatever went wrong; shown as one sentence.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a command came to.
pub(super) type Outcome = Result<(), Error>;

/// A command that was understood and refused, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

pub(super) fn refuse(words: impl Into<String>) -> Error {
    Box::new(Refusal(words.into()))
}
