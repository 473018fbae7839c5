//! A back-up was put back: no mail leaves until somebody looked, and it is written down.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::mail::pause_mail::pause_mail;
use crate::flows::{Act, Error};
use crate::store::Tx;

/// What was put back.
#[derive(Clone, Copy, Debug)]
pub struct Restored<'a> {
    /// The moment of the back-up.
    pub taken_at: &'a str,
    /// Whether nothing knew what happened after it.
    pub without_newer: bool,
}

impl Restored<'_> {
    /// Why mail is kept back.
    #[must_use]
    pub fn why_paused(&self) -> String {
        format!("the back-up of {} was put back", self.taken_at)
    }
}

/// Keeps mail back and writes it down.
pub async fn record_restore(tx: &mut Tx, act: &Act, restored: &Restored<'_>) -> Result<(), Error> {
    let Restored { taken_at, without_newer } = restored;
    pause_mail(tx, &act.at, &restored.why_paused()).await?;
    let detail = json!({"taken_at": taken_at, "without_newer": without_newer});
    Ok(act.audit(tx, Action::Restore, &detail).await?)
}
