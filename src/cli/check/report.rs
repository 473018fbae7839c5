//! What is said of each part, as it is found.

use std::borrow::Cow;
use std::io::Write;

use crate::cli::{Error, Outcome, refuse};
use crate::domain::sentence::sentence;

/// What is said of a part: that it can be used, or why not.
pub(super) type Part = Result<Cow<'static, str>, Error>;

pub(super) const OK: Cow<'static, str> = Cow::Borrowed("ok");

/// What was found, told as it is found.
#[derive(Default)]
pub(super) struct Report {
    wrong: Vec<&'static str>,
}

impl Report {
    /// Whether the part can be used.
    pub(super) fn tell(&mut self, name: &'static str, part: Part) -> bool {
        let is_right = part.is_ok();
        let said = part.unwrap_or_else(|error| sentence(error.as_ref()).into());
        println!("{name}: {said}");
        if !is_right && !self.wrong.contains(&name) {
            self.wrong.push(name);
        }
        is_right
    }

    pub(super) fn end(self) -> Outcome {
        std::io::stdout().flush()?;
        if self.wrong.is_empty() {
            return Ok(());
        }
        Err(refuse(format!("not ready: {}", self.wrong.join(", "))))
    }
}
