//! The press of the button behind the mailed link: the signup becomes a subscriber, consents and a
//! download grant, in one transaction (double opt-in).

use std::sync::Arc;

use super::evidence::{Form, Order, Subject, Words, event};
use super::record_consent::{Giver, give};
use super::sign_up::words;
use super::{Error, Terms};
use crate::domain::consent::EventType;
use crate::domain::link::Link;
use crate::domain::outbox::MailKind;
use crate::domain::signup::SignupStatus;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::consent_events::{self, Choice};
use crate::store::download_grants::{self, NewDownloadGrant};
use crate::store::notices::Notice;
use crate::store::outbox::{self, About};
use crate::store::signups::{self, Signup};
use crate::store::{Tx, subscribers};

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

/// Confirms an open signup. `boxes` are those ticked on the confirmation page; `None` keeps the choices
/// of the form.
///
/// # Errors
/// When the database does not take it; then nothing is confirmed.
pub async fn confirm(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    signup: &Signup,
    boxes: Option<&[Arc<Notice>]>,
) -> Result<Confirmation, Error> {
    let subscriber_id = subscribers::upsert(tx, at, signup).await?;
    if !signups::mark_confirmed(tx, at.now, signup, subscriber_id).await? {
        return Ok(Confirmation::Overtaken);
    }
    let asked = consent_events::list_choices(tx, signup.signup_id).await?;
    let added = boxes.map_or_else(Vec::new, |ticked| added(&asked, ticked));
    let kept = asked.iter().filter(|choice| keeps(choice, boxes)).map(Words::from);
    let chosen: Vec<Words<'_>> = kept.chain(added.iter().copied()).collect();

    let form = form(signup);
    let mut events = Vec::new();
    if !added.is_empty() {
        let seq = i64::try_from(asked.len()).unwrap_or(0) + 1;
        let mut order = Order::at(tx, Subject::Signup(signup.signup_id), seq).await?;
        for words in &added {
            events.push(event(at, terms, EventType::Requested, &form, words, &mut order)?);
        }
    }
    consent_events::append_all(tx, at.now, &events).await?;
    let (address_key, report_id) = (&signup.address_key, signup.report_id);
    let giver = Giver { subscriber_id, address_key, report_id };
    give(tx, at, terms, giver, &form, &chosen).await?;
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
    outbox::insert(tx, at, MailKind::Receipt, About::Signup(signup.signup_id)).await?;
    Ok(Confirmation::Confirmed)
}

/// Whether a choice of the form stands: the privacy policy always, all others while they are ticked.
fn keeps(choice: &Choice, boxes: Option<&[Arc<Notice>]>) -> bool {
    choice.purpose.is_privacy_policy()
        || boxes.is_none_or(|ticked| ticked.iter().any(|n| n.purpose == choice.purpose))
}

/// What was ticked on the confirmation page and not on the form.
fn added<'a>(asked: &[Choice], ticked: &'a [Arc<Notice>]) -> Vec<Words<'a>> {
    ticked
        .iter()
        .filter(|notice| !asked.iter().any(|choice| choice.purpose == notice.purpose))
        .map(|notice| words(notice))
        .collect()
}

fn form(signup: &Signup) -> Form<'_> {
    Form {
        signup_id: Some(signup.signup_id),
        email: &signup.email,
        method: signup.method,
        policy: (signup.policy_version_id, &signup.policy_label, &signup.policy_sha256),
        report: signup.report_slug.as_ref(),
        requested_at: signup.created_at,
        source: &signup.source,
        evidence: None,
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
