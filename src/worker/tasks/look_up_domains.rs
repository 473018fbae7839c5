//! Asks name servers whether anything takes the mail of the domains that people typed: of every form alike, once it is
//! stored, so that nobody waits for it and nothing but the domain leaves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use tokio_util::sync::CancellationToken;

use crate::domain::background_task::BackgroundTask;
use crate::domain::contacts::mail_domain::is_private;
use crate::domain::timestamp::Timestamp;
use crate::flows::mail::record_mail_domains::{find_unasked, record_mail_domains};
use crate::name_servers::{MailHost, mail_host};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// How often it is looked whether there is a domain to ask about.
const EVERY: Duration = Duration::from_secs(2);
/// How long a domain is asked about, all questions together.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many domains are asked about at once.
const AT_ONCE: usize = 32;
/// A reader waits so long; then nobody looks at the page any more.
const WAITS: Duration = Duration::from_hours(2);
/// How much later than it says a form can be found: clocks differ, and a transaction takes its time.
const LATE: Duration = Duration::from_secs(30);

/// The task. When the program stops, it waits for no answer.
pub(super) struct LookUpDomains {
    parts: WorkerParts,
    resolver: Arc<TokioResolver>,
    stop: CancellationToken,
    /// Until when every form's domain was asked about.
    looked_until: Option<Timestamp>,
}

impl LookUpDomains {
    pub(super) fn new(
        parts: WorkerParts,
        resolver: Arc<TokioResolver>,
        stop: CancellationToken,
    ) -> Self {
        Self { parts, resolver, stop, looked_until: None }
    }

    /// Whether anything takes this domain's mail; none where nobody said in time.
    async fn ask(&self, domain: String) -> (String, Option<bool>) {
        if is_private(&domain) {
            return (domain, None);
        }
        let asked = tokio::time::timeout(PATIENCE, mail_host(&self.resolver, &domain)).await;
        let takes = match asked {
            Ok(Ok(host)) => Some(host == MailHost::There),
            Ok(Err(error)) => {
                // The domain is somebody's: it stands in no log.
                tracing::debug!(error = %error, "a name server did not answer");
                None
            }
            Err(_) => None,
        };
        (domain, takes)
    }
}

#[async_trait]
impl Task for LookUpDomains {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::LookUpDomains, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let (db, at) = (&self.parts.db, self.parts.moment());
        // Each look reads the forms since the last one, and never more than those of which somebody waits: whatever many
        // say of themselves, and however a clock is set.
        let (oldest, newest) = (at.now.minus(WAITS), at.now.minus(LATE));
        let since = self.looked_until.unwrap_or(oldest).clamp(oldest, newest);
        let unasked = find_unasked(&mut db.read().await?, at.now, since, AT_ONCE).await?;
        let all_seen = unasked.len() < AT_ONCE;
        let asking = join_all(unasked.into_iter().map(|domain| self.ask(domain)));
        let said = tokio::select! {
            said = asking => said,
            () = self.stop.cancelled() => return Ok(Outcome::nothing()),
        };
        if !said.is_empty() {
            db.run(|tx| Box::pin(record_mail_domains(tx, at.now, &said))).await?;
        }
        if all_seen {
            self.looked_until = Some(newest);
        }
        let words = (said.len(), "domain looked up", "domains looked up");
        let outcome = Outcome::counted(&[words]);
        Ok(if all_seen { outcome } else { outcome.and_more_waits() })
    }
}
