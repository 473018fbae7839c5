//! The press of the button behind the mailed link: the signup becomes a subscriber, consents and a
//! download grant, in one transaction (double opt-in).

use std::sync::Arc;

use uuid::Uuid;

use super::evidence::{Form, Subject, Words, event};
use super::sign_up::words;
use super::{Error, Terms};
use crate::domain::consent::EventType;
use crate::domain::link::Link;
use crate::domain::purpose::Purpose;
use crate::domain::signup::SignupStatus;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::consent_events::{self, Choice, NewConsentEvent};
use crate::store::consents::{self, Consent};
use crate::store::download_grants::{self, NewDownloadGrant};
use crate::store::notices::Notice;
use crate::store::signups::{self, Signup};
use crate::store::{Tx, outbox, subscribers, suppressions};

/// What a confirmation link leads to at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its button confirms.
    Open,
    /// The button was pressed before.
    Confirmed,
    /// A newer link was mailed.
    Superseded,
    /// Its time is over.
    Expired,
    /// The owner of the address said it was not them.
    Cancelled,
}

/// Where a link to this signup stands. A used link stays used, whatever was mailed later.
#[must_use]
pub fn standing(signup: &Signup, link: Link, now: Timestamp) -> Standing {
    match signup.status {
        SignupStatus::Confirmed => Standing::Confirmed,
        SignupStatus::Cancelled => Standing::Cancelled,
        _ if link.generation != signup.generation => Standing::Superseded,
        SignupStatus::Expired => Standing::Expired,
        SignupStatus::Pending if signup.expires_at <= now => Standing::Expired,
        SignupStatus::Pending => Standing::Open,
    }
}

/// How a press ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Confirmation {
    /// Confirmed by this press. Commit.
    Confirmed,
    /// Another press came first. Do not commit; look again.
    Overtaken,
}

/// Confirms an open signup. `newsletters` are the boxes ticked on the confirmation page; `None` keeps
/// the choices of the form.
///
/// # Errors
/// When the database does not take it; then nothing is confirmed.
pub async fn confirm(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    signup: &Signup,
    newsletters: Option<&[Arc<Notice>]>,
) -> Result<Confirmation, Error> {
    let subscriber_id = subscribers::upsert(tx, at, signup).await?;
    if !signups::mark_confirmed(tx, at.now, signup, subscriber_id).await? {
        return Ok(Confirmation::Overtaken);
    }
    let asked = consent_events::list_choices(tx, signup.signup_id).await?;
    let added = newsletters.map_or_else(Vec::new, |ticked| added(&asked, ticked));
    let kept = asked.iter().filter(|choice| keeps(choice, newsletters)).map(Words::from);
    let chosen: Vec<Words<'_>> = kept.chain(added.iter().copied()).collect();

    let form = form(signup);
    let mut events = Vec::new();
    for (seq, words) in (i64::try_from(asked.len()).unwrap_or(0) + 1..).zip(&added) {
        events.push(event(at, EventType::Requested, &form, words, Subject::Signup(seq))?);
    }
    let confirming = confirming(tx, at, &form, subscriber_id, &chosen).await?;
    events.extend(confirming.iter().cloned());
    consent_events::append_all(tx, at.now, &events).await?;
    for event in &confirming {
        consents::upsert(tx, &present(at.now, signup, subscriber_id, event)).await?;
    }
    let purposes: Vec<&Purpose> = confirming.iter().map(|event| &event.purpose).collect();
    suppressions::delete_lifted(tx, &signup.address_key, &purposes).await?;
    if let Some(report_id) = signup.report_id {
        let grant = NewDownloadGrant {
            subscriber_id,
            report_id,
            signup_id: signup.signup_id,
            download_limit: terms.download_limit,
            expires_at: at.now.plus(terms.download_ttl),
        };
        download_grants::insert(tx, at, grant).await?;
    }
    outbox::insert_receipt(tx, at, signup.signup_id, &signup.limiter_key).await?;
    Ok(Confirmation::Confirmed)
}

/// Whether a choice of the form stands: the privacy policy always, a newsletter while it is ticked.
fn keeps(choice: &Choice, newsletters: Option<&[Arc<Notice>]>) -> bool {
    choice.purpose.is_privacy_policy()
        || newsletters.is_none_or(|ticked| ticked.iter().any(|n| n.purpose == choice.purpose))
}

/// What was ticked on the confirmation page and not on the form.
fn added<'a>(asked: &[Choice], ticked: &'a [Arc<Notice>]) -> Vec<Words<'a>> {
    ticked
        .iter()
        .filter(|notice| !asked.iter().any(|choice| choice.purpose == notice.purpose))
        .map(|notice| words(notice))
        .collect()
}

async fn confirming(
    tx: &mut Tx,
    at: &Moment,
    form: &Form<'_>,
    subscriber_id: Uuid,
    chosen: &[Words<'_>],
) -> Result<Vec<NewConsentEvent>, Error> {
    let states = consents::list_states(tx, subscriber_id).await?;
    let count = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
    let first = subscribers::take_seqs(tx, subscriber_id, count).await?;
    let mut events = Vec::with_capacity(chosen.len());
    for (seq, words) in (first..).zip(chosen) {
        let state = states.iter().find(|(purpose, _)| purpose == words.purpose).map(|(_, s)| *s);
        let event_type = EventType::confirming(state);
        events.push(event(at, event_type, form, words, Subject::Subscriber(subscriber_id, seq))?);
    }
    Ok(events)
}

fn form(signup: &Signup) -> Form<'_> {
    Form {
        signup_id: signup.signup_id,
        email: &signup.email,
        method: signup.method,
        policy: (signup.policy_version_id, &signup.policy_label, &signup.policy_sha256),
        report: signup.report_slug.as_ref(),
        requested_at: signup.created_at,
        source: &signup.source,
    }
}

fn present<'a>(
    now: Timestamp,
    signup: &'a Signup,
    subscriber_id: Uuid,
    event: &'a NewConsentEvent,
) -> Consent<'a> {
    Consent {
        subscriber_id,
        purpose: &event.purpose,
        state: event.event_type,
        event_id: event.event_id,
        notice_id: event.notice_id,
        policy_version_id: event.policy_version_id,
        report_id: signup.report_id,
        source: &signup.source,
        requested_at: signup.created_at,
        confirmed_at: now,
    }
}

impl<'a> From<&'a Choice> for Words<'a> {
    fn from(choice: &'a Choice) -> Self {
        Self {
            purpose: &choice.purpose,
            notice_id: choice.notice_id,
            lang: &choice.lang,
            text: &choice.words,
            sha256: &choice.sha256,
        }
    }
}
