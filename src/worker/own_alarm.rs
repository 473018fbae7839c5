//! An alarm about what one process sees and another may not, such as a file store that only one of them reaches.

use crate::flows::Error;
use crate::flows::raise_alarm::{clear_if_raised, raise};
use crate::random::Moment;
use crate::store::Db;

/// Such an alarm, in one process. It ends what this process raised, and once what one before it left behind; what
/// another one sees stands.
#[derive(Debug)]
pub struct OwnAlarm {
    subject: &'static str,
    /// Whether it may stand by this process's word, or by one's that is gone.
    may_stand: bool,
}

impl OwnAlarm {
    /// Of this process, which just began.
    #[must_use]
    pub fn new(subject: &'static str) -> Self {
        Self { subject, may_stand: true }
    }

    /// What is wrong is seen here, and was or will be raised.
    pub fn mark_seen(&mut self) {
        self.may_stand = true;
    }

    /// Raises it; `true` when it did not stand already.
    pub async fn raise(&mut self, db: &Db, at: &Moment, detail: &str) -> Result<bool, Error> {
        self.mark_seen();
        let subject = self.subject;
        db.run(|tx| Box::pin(raise(tx, at, subject, detail))).await
    }

    /// Nothing is wrong here; `true` when it stood by this process's word.
    pub async fn end(&mut self, db: &Db) -> Result<bool, Error> {
        let ended = self.may_stand && clear_if_raised(db, self.subject).await?;
        self.may_stand = false;
        if ended {
            tracing::info!(subject = self.subject, "that is over");
        }
        Ok(ended)
    }
}
