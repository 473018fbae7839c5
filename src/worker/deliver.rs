//! Hands waiting mail over: claims, commits, sends, records. No transaction is open while sending.
//! A worker that dies leaves leases that end; the mails are then sent under the same Message-ID.
//!
//! One task claims ahead, several hand over side by side so that a slow mail holds up no other, and one
//! records what became of them, together where they end together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::circuit_breaker::CircuitBreaker;
use super::delivery_recorder::{AT_ONCE, Recorder};
use super::hand_over::{Answer, hand_over};
use super::leases::Leases;
use crate::domain::background_task::BackgroundTask;
use crate::flows::mail::record_delivery::Attempt;
use crate::store::background_tasks::LastRun;
use crate::store::mail::outbox::{self, ClaimedMail, HeldMail};

/// How many mails are claimed ahead for each connection.
const AHEAD: usize = 4;
/// How often the outbox is looked at when nobody rang: other processes decide mail too.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How long after it is rung the outbox is looked at: who rings has still to answer a reader, and whether a mail follows
/// from what they asked for must not be told by how long that takes.
const AFTER_THE_ANSWER: Duration = Duration::from_millis(5);

/// While readers wait for their forms to be stored, a lane rests so many times as long as its last mail took.
const REST_IN_A_CROWD: u32 = 10;
/// But no longer than this.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// How long a lane stays away that the relay had no room for.
const CROWDED: Duration = Duration::from_secs(10);

/// What claiming and handing over share.
#[derive(Clone)]
struct Shared {
    parts: WorkerParts,
    breaker: CircuitBreaker,
    leases: Leases,
    stop: CancellationToken,
}

type Results = Sender<(ClaimedMail, Attempt)>;

/// Works the outbox until `stop`; mails under way are finished first, those claimed ahead given back. Each look at the
/// outbox is kept as a run of a background task.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let (claimed, waiting) = channel(parts.connections * AHEAD);
    let (results, ended) = channel(AT_ONCE);
    let (breaker, leases) = (CircuitBreaker::default(), Leases::default());
    let recorder = Recorder::new(parts.clone(), leases.clone(), breaker.clone());
    let shared = Shared { parts, breaker, leases, stop };
    let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
    let mut work = JoinSet::new();
    for _ in 0..shared.parts.connections {
        let (waiting, results) = (waiting.clone(), results.clone());
        work.spawn(Lane { shared: shared.clone(), waiting, results }.run());
    }
    drop(results);
    work.spawn(recorder.run(ended));
    let all = async {
        claim(&shared, claimed).await;
        while let Some(ended) = work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the delivery ended unexpectedly");
            }
        }
    };
    tokio::select! {
        () = all => {}
        () = shared.leases.keep_renewing(&shared.parts) => {}
    }
    shared.parts.transport.close_idle(true).await;
}

/// Claims what is due whenever there is room for a good part of it. The lanes end once this has ended.
async fn claim(shared: &Shared, claimed: Sender<ClaimedMail>) {
    let Shared { parts, breaker, leases, stop } = shared;
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            room = claimed.reserve_many(parts.connections) => drop(room),
        }
        if let Some(until) = breaker.until() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
        let (since, started_at) = (Instant::now(), parts.clock.now());
        let probing = breaker.is_probing();
        let count = if probing { 1 } else { claimed.capacity() };
        let due = claim_due(parts, count, &leases.held()).await;
        let finished_at = parts.clock.now();
        parts.runs.keep(LastRun {
            task: BackgroundTask::DeliverMail,
            period: LOOK_AGAIN,
            started_at,
            finished_at,
            outcome: None,
            failing_since: due.is_err().then_some(finished_at),
        });
        match due {
            Ok(mails) if mails.is_empty() => {
                parts.transport.close_idle(false).await;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = parts.db.signals().mail_waits() => tokio::time::sleep(AFTER_THE_ANSWER).await,
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
            Ok(mails) => {
                leases.begin(&mails, since);
                for mail in mails {
                    if claimed.send(mail).await.is_err() {
                        return;
                    }
                }
                if probing {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = breaker.wait_for_look() => {}
                    }
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "the outbox could not be read");
                breaker.begin();
            }
        }
    }
}

async fn claim_due(
    parts: &WorkerParts,
    count: usize,
    held: &[HeldMail],
) -> sqlx::Result<Vec<ClaimedMail>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let now = parts.clock.now();
    parts.db.run(|tx| Box::pin(outbox::claim(tx, now, count, held))).await
}

/// Hands over one claimed mail after the other.
struct Lane {
    shared: Shared,
    waiting: Arc<tokio::sync::Mutex<Receiver<ClaimedMail>>>,
    results: Results,
}

impl Lane {
    async fn run(self) {
        let Shared { breaker, leases, stop, .. } = &self.shared;
        loop {
            let next = self.waiting.lock().await.recv().await;
            let Some(mail) = next else { return };
            let began = Instant::now();
            let rests = stop.is_cancelled() || breaker.until().is_some();
            let (tried, crowded) = if rests || !leases.holds(&mail) {
                (Attempt::Untried(Duration::ZERO), false)
            } else {
                self.try_one(&mail).await
            };
            if !matches!(tried, Attempt::RelayAway(_)) {
                breaker.looked(tried.is_answer());
            }
            if self.results.send((mail, tried)).await.is_err() {
                return;
            }
            let rest = if crowded {
                CROWDED
            } else if self.shared.parts.db.signals().is_crowded() {
                (began.elapsed() * REST_IN_A_CROWD).min(LONGEST_REST)
            } else {
                continue;
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// What one try came to; and whether this lane is one too many for the relay.
    async fn try_one(&self, mail: &ClaimedMail) -> (Attempt, bool) {
        let Shared { parts, breaker, leases, .. } = &self.shared;
        let (parts, leases, own) = (parts.clone(), leases.clone(), mail.clone());
        // A task of its own: what goes wrong inside one mail, even a panic, ends with that mail.
        let answer =
            tokio::spawn(async move { hand_over(&parts, &own, &|| leases.holds(&own)).await });
        let tried = match answer.await {
            Ok(Answer::Crowded) => return (Attempt::Untried(Duration::ZERO), true),
            Ok(Answer::Mail(tried)) => tried,
            Ok(Answer::RelayAway(why)) => {
                breaker.begin();
                Attempt::RelayAway(why)
            }
            Ok(Answer::Unread(error)) => {
                tracing::error!(outbox_id = %mail.outbox_id, request_id = mail.request(), ?error, "a mail could not be read");
                breaker.begin();
                Attempt::Untried(Duration::ZERO)
            }
            Err(_) => Attempt::Parked("building or sending it failed unexpectedly".to_owned()),
        };
        (tried, false)
    }
}
