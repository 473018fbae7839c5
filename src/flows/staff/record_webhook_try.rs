//! What a try to tell a webhook something came to is written down, and old tries are forgotten.

use serde_json::json;
use uuid::Uuid;

use crate::domain::mail::outbox::MailKind;
use crate::domain::staff::action::Action;
use crate::domain::staff::webhook::{GIVE_UP, KEPT, OffReason, back_off, kept_answer};
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::mail::outbox::{self, About};
use crate::store::staff::webhook_deliveries::{self, ClaimedDelivery, NextTry, TriedDelivery};
use crate::store::staff::{audit_entries, members, webhook_endpoints};

/// That nobody is there any more (RFC 9110 §15.5.11).
const GONE: u16 = 410;

/// What says something of the moment, or of the receiver, though it is among the errors of whoever asks: we may not, nothing
/// is at that address, it took too long to hear us, nobody is there any more, it is too early, or there is too much (RFC 9110
/// §15.5, RFC 8470 §5.2, RFC 6585 §4).
const NOT_OF_THE_EVENT: [u16; 8] = [401, 403, 404, 405, 408, GONE, 425, 429];

/// How a try ended.
#[derive(Debug)]
pub enum WebhookTry {
    /// With an answer: its status, and the beginning of its body.
    Answered(u16, Vec<u8>),
    /// Without one; why.
    Failed(String),
}

impl WebhookTry {
    fn is_taken(&self) -> bool {
        matches!(self, Self::Answered(200..=299, _))
    }

    /// Whether the receiver is there, and does not want this event.
    fn is_of_the_event(&self) -> bool {
        matches!(self, Self::Answered(status @ 400..=499, _) if !NOT_OF_THE_EVENT.contains(status))
    }
}

/// What was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum RecordedTry {
    /// It was taken.
    Delivered,
    /// It is tried again.
    Deferred,
    /// It is tried no more.
    GivenUp,
    /// It is tried no more, for whom it is about was erased meanwhile.
    Erased,
    /// Its endpoint is told nothing any more.
    SwitchedOff(OffReason),
    /// Nothing: it is somebody else's by now, or gone.
    Settled,
}

/// Writes down what a try came to: what was not taken is tried again, until it was tried for three days. Then an event
/// that its receiver does not want is given up; otherwise the receiver is.
///
/// # Errors
/// When the database does not take it.
pub async fn record_webhook_try(
    tx: &mut Tx,
    at: &Moment,
    claimed: &ClaimedDelivery,
    tried: &WebhookTry,
) -> Result<RecordedTry, Error> {
    let id = claimed.webhook_endpoint_id;
    // The endpoint first, as whoever deletes it does: so neither waits for the other in turn.
    let Some(endpoint) = webhook_endpoints::lock(tx, id).await? else {
        return Ok(RecordedTry::Settled);
    };
    let taken = tried.is_taken();
    let wait = |failures: i32| at.now.plus(back_off(failures, at.chance()));
    let (status, answer, failure) = match tried {
        WebhookTry::Answered(status, body) => {
            (Some(i32::from(*status)), Some(kept_answer(body)), None)
        }
        WebhookTry::Failed(why) => (None, None, Some(why.as_str())),
    };
    let of_the_event = tried.is_of_the_event();
    let given_up =
        of_the_event && claimed.failing_since.is_some_and(|since| at.now.since(since) >= GIVE_UP);
    let written = TriedDelivery {
        claimed,
        status,
        answer: answer.as_deref(),
        failure,
        next: match (taken, given_up) {
            (true, _) => NextTry::Taken,
            (false, true) => NextTry::GivenUp,
            (false, false) => NextTry::At(wait(claimed.attempts.saturating_add(1))),
        },
    };
    if !webhook_deliveries::mark_tried(tx, at.now, &written).await? {
        return Ok(RecordedTry::Settled);
    }
    let erased = webhook_deliveries::delete_if_erased(tx, claimed.webhook_delivery_id).await?;
    if taken {
        webhook_endpoints::mark_working(tx, id).await?;
        return Ok(RecordedTry::Delivered);
    }
    if of_the_event {
        return Ok(match (erased, given_up) {
            (true, _) => RecordedTry::Erased,
            (false, true) => RecordedTry::GivenUp,
            (false, false) => RecordedTry::Deferred,
        });
    }
    // What was under way when another failed says no more than that one did.
    if endpoint.next_at <= at.now {
        let not_before = wait(endpoint.failures.saturating_add(1));
        webhook_endpoints::mark_failing(tx, at.now, id, not_before).await?;
    }
    // It took nothing at all, or this event never, whatever it took besides.
    let since = claimed.failing_since.into_iter().chain(endpoint.failing_since).min();
    let since = since.unwrap_or(at.now);
    let reason = match tried {
        WebhookTry::Answered(GONE, _) => OffReason::Gone,
        _ if at.now.since(since) >= GIVE_UP => OffReason::Undelivered,
        _ if erased => return Ok(RecordedTry::Erased),
        _ => return Ok(RecordedTry::Deferred),
    };
    if !webhook_endpoints::switch_off(tx, at.now, id, reason).await? {
        return Ok(RecordedTry::Deferred);
    }
    let why: &str = reason.into();
    let detail = json!({"webhook_endpoint_id": id, "reason": why});
    audit_entries::append(tx, at, "program", Action::WebhookOff.with(&detail)).await?;
    mail_admins(tx, at, id).await?;
    Ok(RecordedTry::SwitchedOff(reason))
}

/// Has every admin mailed who can sign in.
async fn mail_admins(tx: &mut Tx, at: &Moment, webhook_endpoint_id: Uuid) -> Result<(), Error> {
    for admin in members::list_admins(tx).await? {
        let about = About::Webhook { staff_id: admin.staff_id, webhook_endpoint_id };
        outbox::insert(tx, at, MailKind::WebhookOff, about).await?;
    }
    Ok(())
}

/// Forgets what is older than it is kept; returns how many events, and whether more may be left.
///
/// # Errors
/// When the database does not take it.
pub async fn forget_old_webhooks(tx: &mut Tx, at: &Moment) -> Result<u64, Error> {
    Ok(webhook_deliveries::delete_old(tx, at.now.minus(KEPT)).await?)
}

/// Deletes some of what a deleted webhook was and is to be told, and once nothing of that is left, the webhook; returns
/// how many events went. `None` when no webhook is deleted.
///
/// # Errors
/// When the database does not take it.
pub async fn forget_deleted_webhook(tx: &mut Tx) -> Result<Option<u64>, Error> {
    let Some(webhook_endpoint_id) = webhook_endpoints::find_deleted(tx).await? else {
        return Ok(None);
    };
    let gone = webhook_deliveries::delete_some(tx, webhook_endpoint_id).await?;
    if gone == 0 {
        webhook_endpoints::delete(tx, webhook_endpoint_id).await?;
    }
    Ok(Some(gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_event_is_told_from_what_is_said_of_the_receiver() {
        let answered = |status| WebhookTry::Answered(status, vec![]);
        for status in [400, 402, 406, 409, 411, 413, 415, 422, 451, 499] {
            assert!(answered(status).is_of_the_event(), "{status}");
        }
        for status in [200, 204, 301, 401, 403, 404, 405, 408, 410, 425, 429, 500, 503] {
            assert!(!answered(status).is_of_the_event(), "{status}");
        }
        assert!(!WebhookTry::Failed("nobody answered".to_owned()).is_of_the_event());
    }
}
