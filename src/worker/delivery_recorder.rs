//! Writes down what became of mails, together where they end together.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use super::WorkerParts;
use super::circuit_breaker::CircuitBreaker;
use super::leases::Leases;
use crate::domain::alarm::MAIL_RELAY;
use crate::flows::Error;
use crate::flows::mail::record_delivery::{Attempt, came_back, record_deliveries};
use crate::flows::raise_alarm::{clear, raise};
use crate::store::mail::outbox::ClaimedMail;

/// How many are written down in one transaction.
pub(super) const AT_ONCE: usize = 64;
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Writes down what became of mails.
pub(super) struct Recorder {
    parts: WorkerParts,
    leases: Leases,
    breaker: CircuitBreaker,
    /// Whether the relay's alarm may stand: at the start, one of the program's last run.
    alarm_may_stand: bool,
}

impl Recorder {
    pub(super) fn new(parts: WorkerParts, leases: Leases, breaker: CircuitBreaker) -> Self {
        Self { parts, leases, breaker, alarm_may_stand: true }
    }

    /// Writes down what comes, until no more can come. While the database is away it keeps trying: a result
    /// that was lost would be a mail sent twice.
    pub(super) async fn run(mut self, mut ended: Receiver<(ClaimedMail, Attempt)>) {
        let mut results = Vec::new();
        while ended.recv_many(&mut results, AT_ONCE).await > 0 {
            // Always in the same order, so that two workers do not wait for each other.
            results.sort_by_key(|(mail, _)| mail.outbox_id);
            let now = self.parts.clock.now();
            let refused: Vec<_> = results
                .extract_if(.., |(mail, tried)| came_back(mail, tried, now).is_some())
                .collect();
            // What concerns a person locks that person first, so it stands alone.
            for together in refused.chunks(1).chain([results.as_slice()]) {
                while let Err(error) = self.record(together).await {
                    tracing::error!(error = ?error, "deliveries could not be recorded");
                    // First what was sent is written down, then more is taken.
                    self.breaker.begin();
                    tokio::time::sleep(AGAIN).await;
                }
            }
            for (mail, _) in refused.iter().chain(&results) {
                self.leases.end(mail);
            }
            results.clear();
        }
    }

    async fn record(&mut self, results: &[(ClaimedMail, Attempt)]) -> Result<(), Error> {
        let at = self.parts.moment();
        let away = results.iter().find_map(|(_, tried)| match tried {
            Attempt::RelayAway(why) => Some(why.as_str()),
            _ => None,
        });
        let answered = results.iter().any(|(_, tried)| tried.is_answer());
        let ends = away.is_none() && answered && self.alarm_may_stand;
        let settings = &self.parts.settings;
        let recorded = self.parts.db.run(|tx| {
            Box::pin(async {
                let recorded = record_deliveries(tx, settings.at(&at), results).await?;
                let raised = match away {
                    Some(why) => raise(tx, &at, MAIL_RELAY, why).await?,
                    None => false,
                };
                let cleared = ends && clear(tx, MAIL_RELAY).await?;
                Ok::<_, Error>((recorded, raised, cleared))
            })
        });
        let (recorded, raised, cleared) = recorded.await?;
        self.alarm_may_stand = away.is_some() || (self.alarm_may_stand && !ends);
        if raised {
            tracing::error!(why = away, "mail waits: the mail relay cannot be used");
        }
        if cleared {
            tracing::info!("mail leaves again");
        }
        for ((mail, tried), outcome) in results.iter().zip(recorded) {
            let (outbox_id, kind, detail) = (mail.outbox_id, mail.kind, tried.detail());
            let request_id = mail.request();
            match (outcome, tried) {
                (Some(outcome), _) => {
                    tracing::info!(%outbox_id, request_id, ?kind, ?outcome, detail, "recorded a try to mail");
                }
                (None, Attempt::Untried(_) | Attempt::RelayAway(_)) => {}
                (None, _) => {
                    tracing::warn!(%outbox_id, request_id, ?kind, detail, "found a mail settled by another worker");
                }
            }
        }
        Ok(())
    }
}
