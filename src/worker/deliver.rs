//! Hands waiting mail over: claims, commits, sends, records. No transaction is open while sending.
//! A worker that dies leaves a lease that ends; the mail is then sent under the same Message-ID.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::letters::{self, Said};
use crate::domain::outbox::{DeliveryOutcome, back_off};
use crate::mail::compose::{Letter, compose};
use crate::mail::transport::TransportError;
use crate::store::outbox::{self, ClaimedMail, Delivery};

/// How many mails are under way at once, each over its own connection.
const AT_ONCE: i64 = 8;
/// How often the outbox is looked at when nobody rang: other processes decide mail too.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long all mail rests when the relay cannot be used.
const RELAY_REST: Duration = Duration::from_secs(5);
/// RFC 5321 §4.5.4.1: give up after four to five days.
const GIVE_UP: Duration = Duration::from_hours(5 * 24);

/// What one look at the outbox came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Nothing was due.
    Idle,
    /// Some was handed over or settled; there may be more.
    Worked,
    /// The relay or the database cannot be used.
    Stuck,
}

/// Works the outbox until `stop`; mails under way are finished first.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let mut stuck = false;
    while !stop.is_cancelled() {
        let look = deliver_due(&parts).await;
        if stuck && look == Look::Worked {
            tracing::info!("mail leaves again");
        }
        stuck = look == Look::Stuck;
        let rest = match look {
            Look::Worked => continue,
            Look::Idle => LOOK_AGAIN,
            Look::Stuck => RELAY_REST,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = parts.mail_waits.notified(), if !stuck => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

async fn deliver_due(parts: &WorkerParts) -> Look {
    let claimed = match claim(parts).await {
        Ok(claimed) if claimed.is_empty() => return Look::Idle,
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::error!(error = ?error, "the outbox could not be read");
            return Look::Stuck;
        }
    };
    let mut under_way = Vec::with_capacity(claimed.len());
    for mail in claimed {
        let (parts, taken) = (parts.clone(), mail.clone());
        // A task of its own: what goes wrong inside one mail, even a panic, ends with that mail.
        under_way.push((mail, tokio::spawn(async move { deliver(&parts, &taken).await })));
    }
    let mut look = Look::Worked;
    for (mail, task) in under_way {
        let tried = task.await.unwrap_or_else(|_| {
            Tried::settled(DeliveryOutcome::Parked, "building or sending it failed unexpectedly")
        });
        if record(parts, &mail, tried).await == Look::Stuck {
            look = Look::Stuck;
        }
    }
    look
}

async fn claim(parts: &WorkerParts) -> sqlx::Result<Vec<ClaimedMail>> {
    let mut tx = parts.db.write().await?;
    let claimed = outbox::claim(&mut tx, parts.clock.now(), AT_ONCE).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// How a try ended.
enum Tried {
    Settled(DeliveryOutcome, String),
    /// The relay cannot be used: not this mail's fault.
    RelayAway(String),
    /// The database did not say what the mail is about.
    Unread(sqlx::Error),
}

impl Tried {
    fn settled(outcome: DeliveryOutcome, detail: impl Into<String>) -> Self {
        Self::Settled(outcome, detail.into())
    }
}

async fn deliver(parts: &WorkerParts, mail: &ClaimedMail) -> Tried {
    let said = async {
        let mut tx = parts.db.read().await?;
        letters::read(parts, &mut tx, parts.clock.now(), mail).await
    };
    let said = match said.await {
        Ok(Said::Mail(said)) => said,
        Ok(Said::Nothing(why)) => return Tried::settled(DeliveryOutcome::Dropped, why),
        Err(error) => return Tried::Unread(error),
    };
    let letter = Letter {
        outbox_id: mail.outbox_id,
        to: &said.to,
        leave: said.leave.as_deref(),
        date: mail.created_at,
        template: mail.kind.template(),
    };
    let message = match compose(&parts.templates, &parts.sender, letter, &said.context) {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(outbox_id = %mail.outbox_id, error = ?error, "a mail cannot be built");
            return Tried::settled(DeliveryOutcome::Parked, format!("it cannot be built: {error}"));
        }
    };
    match parts.transport.send(mail.outbox_id, &message).await {
        Ok(()) => Tried::settled(DeliveryOutcome::Sent, "handed over"),
        Err(TransportError::Relay(why)) => Tried::RelayAway(why),
        Err(error @ TransportError::Permanent(_)) => {
            Tried::settled(DeliveryOutcome::Parked, error.to_string())
        }
        Err(error @ TransportError::Transient(_)) => {
            Tried::settled(DeliveryOutcome::Deferred, error.to_string())
        }
    }
}

async fn record(parts: &WorkerParts, mail: &ClaimedMail, tried: Tried) -> Look {
    let at = parts.moment();
    let recorded = async {
        let mut tx = parts.db.write().await?;
        let look = match &tried {
            Tried::Settled(outcome, detail) => {
                if *outcome == DeliveryOutcome::Sent {
                    parts.relay_status.set(None);
                }
                let given_up = at.now > mail.created_at.plus(GIVE_UP);
                let outcome = match outcome {
                    DeliveryOutcome::Deferred if given_up => DeliveryOutcome::Parked,
                    outcome => *outcome,
                };
                let wait = back_off(mail.attempts + 1, parts.random.bytes::<1>()[0]);
                let again = outcome == DeliveryOutcome::Deferred;
                let next_at = again.then(|| at.now.plus(wait));
                let delivery = Delivery { outcome, detail, next_at };
                let held = outbox::mark_delivered(&mut tx, &at, mail, &delivery).await?;
                let (outbox_id, kind) = (mail.outbox_id, mail.kind);
                if held {
                    tracing::info!(%outbox_id, ?kind, ?outcome, detail, "mail");
                } else {
                    tracing::warn!(%outbox_id, ?kind, ?outcome, "mail settled by somebody else meanwhile");
                }
                Look::Worked
            }
            Tried::RelayAway(why) => {
                tracing::error!(why, "mail waits: the mail relay cannot be used");
                parts.relay_status.set(Some(why.clone()));
                outbox::release(&mut tx, mail).await?;
                Look::Stuck
            }
            Tried::Unread(error) => {
                tracing::error!(error = ?error, "a mail could not be read");
                outbox::release(&mut tx, mail).await?;
                Look::Stuck
            }
        };
        tx.commit().await?;
        Ok::<Look, sqlx::Error>(look)
    };
    recorded.await.unwrap_or_else(|error| {
        tracing::error!(outbox_id = %mail.outbox_id, error = ?error, "a delivery could not be recorded");
        Look::Stuck
    })
}
