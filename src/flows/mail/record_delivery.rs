//! What became of a mail that was to be handed over is written down.

use std::time::Duration;

use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::domain::mail::outbox::{DeliveryOutcome, back_off};
use crate::domain::timestamp::Timestamp;
use crate::flows::mail::record_bounce::{Recorded, record_bounce};
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::mail::outbox::{self, ClaimedMail, Delivery};

/// RFC 5321 §4.5.4.1: give up after four to five days.
const GIVE_UP: Duration = Duration::from_hours(5 * 24);

/// How a try to hand one mail over ended. Words name no address.
#[derive(Debug)]
pub enum Attempt {
    /// The relay took it.
    Sent,
    /// Not now: once more later, with growing pauses.
    Deferred(String),
    /// The relay refused it for good: it came back at the door.
    Refused(Bounce, String),
    /// It cannot be sent: kept with the reason.
    Parked(String),
    /// Nothing is left to be said.
    Dropped(&'static str),
    /// The relay cannot be used, which is not this mail's fault; why.
    RelayAway(String),
    /// Its turn did not come. Not before so long.
    Untried(Duration),
}

impl Attempt {
    /// Whether the relay said something to this mail, so that it can be used.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Sent | Self::Deferred(_) | Self::Refused(..))
    }

    /// In words.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Sent => "handed over",
            Self::Deferred(why)
            | Self::Refused(_, why)
            | Self::Parked(why)
            | Self::RelayAway(why) => why,
            Self::Dropped(why) => why,
            Self::Untried(_) => "not tried",
        }
    }
}

/// Writes down how tries at these mails ended. For each of them in their order: what was written, or `None` when somebody
/// else holds the mail by now, whose word counts instead, or nothing is to be said of it.
pub async fn record_deliveries(
    tx: &mut Tx,
    case: Case<'_>,
    tries: &[(ClaimedMail, Attempt)],
) -> Result<Vec<Option<DeliveryOutcome>>, Error> {
    let at = case.at;
    let mut ended = Vec::with_capacity(tries.len());
    for (mail, tried) in tries {
        // What came back is a fact, whoever holds the mail by now.
        let bounce = came_back(mail, tried, at.now);
        let is_known = match bounce {
            Some(bounce) => {
                record_bounce(tx, case, mail.outbox_id, bounce).await? == Recorded::Recorded
            }
            None => true,
        };
        let outcome = match tried {
            Attempt::Sent => DeliveryOutcome::Sent,
            Attempt::Deferred(_) if bounce.is_none() => DeliveryOutcome::Deferred,
            Attempt::Deferred(_) | Attempt::Refused(..) | Attempt::Parked(_) => {
                DeliveryOutcome::Parked
            }
            Attempt::Dropped(_) => DeliveryOutcome::Dropped,
            Attempt::RelayAway(_) => {
                // Behind all others that wait: should it be this mail after all, it stops none of them.
                outbox::release(tx, mail, Some(at.now)).await?;
                continue;
            }
            Attempt::Untried(wait) => {
                let not_before = (!wait.is_zero()).then(|| at.now.plus(*wait));
                outbox::release(tx, mail, not_before).await?;
                continue;
            }
        };
        let wait = back_off(mail.attempts + 1, at.chance());
        let next_at = (outcome == DeliveryOutcome::Deferred).then(|| at.now.plus(wait));
        if is_known {
            ended.push(Delivery { mail, outcome, detail: tried.detail(), next_at });
        }
    }
    let settled = outbox::mark_delivered(tx, at, &ended).await?;
    let written = |mail: &ClaimedMail| {
        let ended = ended.iter().find(|ended| ended.mail.outbox_id == mail.outbox_id)?;
        settled.contains(&mail.outbox_id).then_some(ended.outcome)
    };
    Ok(tries.iter().map(|(mail, _)| written(mail)).collect())
}

/// Whether a try means that the mail came back: the relay refused it for good, or it is given up on. The
/// person it concerns is then locked.
#[must_use]
pub fn came_back(mail: &ClaimedMail, tried: &Attempt, now: Timestamp) -> Option<Bounce> {
    match tried {
        Attempt::Refused(bounce, _) => Some(*bounce),
        Attempt::Deferred(_) if now > mail.created_at.plus(GIVE_UP) => {
            Some(Bounce { kind: BounceKind::Soft, status: None })
        }
        _ => None,
    }
}
