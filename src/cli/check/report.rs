//! What is said of each part, as it is found.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use crate::cli::outcome::{Error, Outcome, refuse};
use crate::domain::sentence::sentence;

/// What is said of a part: that it can be used, or why not.
pub(super) type Part = Result<Cow<'static, str>, Error>;

pub(super) const OK: Cow<'static, str> = Cow::Borrowed("ok");

/// How long one part may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is looked at, or that it takes too long.
pub(super) async fn in_time<T>(part: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let looked = tokio::time::timeout(PATIENCE, part).await;
    looked
        .unwrap_or_else(|_| Err(refuse(format!("no answer within {} seconds", PATIENCE.as_secs()))))
}

/// What was found, told as it is found.
#[derive(Default)]
pub(super) struct Report {
    wrong: Vec<Cow<'static, str>>,
}

impl Report {
    /// Whether the part can be used.
    pub(super) fn tell(&mut self, name: impl Into<Cow<'static, str>>, part: Part) -> bool {
        let name = name.into();
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
