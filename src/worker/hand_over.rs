//! One mail on its way: what it says, its text, the relay's answer.

use std::time::{Duration, Instant};

use super::mail_content::{FoundContent, MailContent};
use super::{WorkerParts, read_mail};
use crate::domain::mail::bounce::Bounce;
use crate::domain::sentence::sentence;
use crate::flows::mail::record_delivery::Attempt;
use crate::mail::compose::{Letter, Outgoing, compose};
use crate::mail::transport::{StillOurs, TransportError};
use crate::store::mail::outbox::ClaimedMail;

/// Why nothing is sent where it is not certain whose the address is.
const CHANGED: &str = "the address it goes to was changed in the database by another hand: run `assent ledger verify`";

/// What one try came to.
pub(super) enum Answer {
    /// It concerns this mail.
    Mail(Attempt),
    /// The relay takes no more connections beside those that are open; this mail was not tried.
    Crowded,
    /// The relay cannot be used: no mail can leave, and this one was not tried.
    RelayAway(String),
    /// The database did not say what the mail is about.
    Unread(sqlx::Error),
}

/// Tries to hand over a claimed mail; its text is not sent unless it is `still_ours` then.
pub(super) async fn hand_over(
    parts: &WorkerParts,
    mail: &ClaimedMail,
    still_ours: StillOurs<'_>,
) -> Answer {
    let said = async {
        let mut tx = parts.db.read().await?;
        read_mail::read(parts, &mut tx, parts.clock.now(), mail).await
    };
    let said = match said.await {
        Ok(FoundContent::Mail(said)) => said,
        Ok(FoundContent::Nothing(why)) => return Answer::Mail(Attempt::Dropped(why)),
        Ok(FoundContent::Changed(error)) => {
            tracing::error!(outbox_id = %mail.outbox_id, request_id = mail.request(), error = sentence(&error), "a mail is not sent");
            return Answer::Mail(Attempt::Parked(CHANGED.to_owned()));
        }
        // Nobody will read it another time either, and the others do not wait for it.
        Err(error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
            tracing::error!(outbox_id = %mail.outbox_id, request_id = mail.request(), ?error, "a mail cannot be read");
            return Answer::Mail(Attempt::Parked("what it is about cannot be read".to_owned()));
        }
        Err(error) => return Answer::Unread(error),
    };
    if let Err(wait) = parts.per_domain.check(said.to.domain(), Instant::now()) {
        return Answer::Mail(Attempt::Untried(wait));
    }
    let outgoing = match composed(parts, mail, &said) {
        Ok(outgoing) => outgoing,
        Err(why) => return Answer::Mail(Attempt::Parked(why)),
    };
    match parts.transport.send(mail.outbox_id, &outgoing, still_ours).await {
        Ok(()) => Answer::Mail(Attempt::Sent),
        Err(TransportError::Relay(trouble)) => Answer::RelayAway(trouble.to_string()),
        Err(TransportError::Crowded) => Answer::Crowded,
        Err(TransportError::TooLate) => Answer::Mail(Attempt::Untried(Duration::ZERO)),
        Err(TransportError::Refused(kind, trouble)) => {
            let bounce = Bounce { kind, status: trouble.status };
            Answer::Mail(Attempt::Refused(bounce, format!("refused: {trouble}")))
        }
        Err(error @ TransportError::Permanent(_)) => {
            Answer::Mail(Attempt::Parked(error.to_string()))
        }
        Err(error @ TransportError::Transient(_)) => {
            Answer::Mail(Attempt::Deferred(error.to_string()))
        }
    }
}

fn composed(
    parts: &WorkerParts,
    mail: &ClaimedMail,
    said: &MailContent,
) -> Result<Outgoing, String> {
    let letter = Letter {
        outbox_id: mail.outbox_id,
        to: said.to.as_str(),
        leave: said.leave.as_deref(),
        date: mail.created_at,
        mail: &*said.mail,
        attached: said.attached.as_ref(),
    };
    compose(&parts.templates, &parts.sender, &parts.site, letter).map_err(|error| {
        tracing::error!(outbox_id = %mail.outbox_id, request_id = mail.request(), error = sentence(&error), "a mail cannot be built");
        format!("it cannot be built: {error}")
    })
}
