//! What became of a mail that was to be handed over is written down.

use std::time::Duration;

use super::Error;
use crate::domain::outbox::{DeliveryOutcome, back_off};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::outbox::{self, ClaimedMail, Delivery};

/// RFC 5321 §4.5.4.1: give up after four to five days.
const GIVE_UP: Duration = Duration::from_hours(5 * 24);

/// How a try to hand one mail over ended. Words name no address.
#[derive(Debug)]
pub enum Tried {
    /// The relay took it.
    Sent,
    /// Not now: once more later, with growing pauses.
    Deferred(String),
    /// Never: kept with the reason.
    Parked(String),
    /// Nothing is left to be said.
    Dropped(&'static str),
    /// It was not tried: the relay was away, or its turn did not come. Not before so long.
    Untried(Duration),
}

/// Writes down how a try ended; returns what was written, or `None` when somebody else holds the mail by now,
/// whose word counts instead.
///
/// # Errors
/// When the database does not take it.
pub async fn record_delivery(
    tx: &mut Tx,
    at: &Moment,
    mail: &ClaimedMail,
    tried: &Tried,
) -> Result<Option<DeliveryOutcome>, Error> {
    let (outcome, detail) = match tried {
        Tried::Sent => (DeliveryOutcome::Sent, "handed over"),
        Tried::Deferred(why) if at.now > mail.created_at.plus(GIVE_UP) => {
            (DeliveryOutcome::Parked, why.as_str())
        }
        Tried::Deferred(why) => (DeliveryOutcome::Deferred, why.as_str()),
        Tried::Parked(why) => (DeliveryOutcome::Parked, why.as_str()),
        Tried::Dropped(why) => (DeliveryOutcome::Dropped, *why),
        Tried::Untried(wait) => {
            let not_before = (!wait.is_zero()).then(|| at.now.plus(*wait));
            outbox::release(tx, mail, not_before).await?;
            return Ok(None);
        }
    };
    let wait = back_off(mail.attempts + 1, at.chance());
    let next_at = (outcome == DeliveryOutcome::Deferred).then(|| at.now.plus(wait));
    let held = outbox::mark_delivered(tx, at, mail, &Delivery { outcome, detail, next_at }).await?;
    Ok(held.then_some(outcome))
}
