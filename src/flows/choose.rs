//! Somebody changes what they agreed to, on the page behind their own link.

use std::sync::Arc;

use uuid::Uuid;

use super::evidence::{Form, Words};
use super::record_consent::{End, Giver, end, give};
use super::sign_up::words;
use super::{Error, Terms};
use crate::domain::consent::EventType;
use crate::domain::outbox::MailKind;
use crate::domain::purpose::Purpose;
use crate::domain::signup::Method;
use crate::domain::text::Line;
use crate::random::Moment;
use crate::store::consents::{self, Standing};
use crate::store::notices::Notice;
use crate::store::outbox::{self, About};
use crate::store::policy_versions::PolicyVersion;
use crate::store::{Tx, subscribers};

/// What the page was sent back with.
pub struct Choices<'a> {
    /// What stays or is newly agreed to.
    pub ticked: &'a [Purpose],
    /// The words shown beside each box that can be newly ticked.
    pub notices: &'a [Arc<Notice>],
    /// The policy in force.
    pub policy: &'a PolicyVersion,
    /// Whether it is the one that was shown.
    pub policy_was_shown: bool,
    /// The name as corrected, if the page had that field.
    pub name: Option<Option<Line>>,
    /// The page.
    pub source: &'a str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Chosen {
    /// Stored. Commit.
    Stored,
    /// Something was ticked whose words were not shown. Do not commit.
    NotShown,
    /// Something was newly ticked under a policy that is in force no more. Do not commit.
    OldPolicy,
    /// Nothing can be agreed to without the privacy policy. Do not commit.
    NeedsPrivacyPolicy,
    /// There is nobody behind the link any more.
    Gone,
}

/// Ends what is not ticked, gives what is newly ticked, keeps the rest as it stands, and mails a receipt
/// if anything changed. Unticking the privacy policy ends everything.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn choose(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    subscriber_id: Uuid,
    choices: &Choices<'_>,
) -> Result<Chosen, Error> {
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else {
        return Ok(Chosen::Gone);
    };
    if let Some(name) = &choices.name {
        subscribers::rename(tx, subscriber_id, name.as_ref().map(Line::as_str)).await?;
    }
    let standing = consents::list(tx, subscriber_id).await?;
    let in_force =
        |purpose: &Purpose| standing.iter().any(|s| s.purpose == *purpose && s.state.in_force());
    let privacy_policy = Purpose::privacy_policy();
    let ticked = |purpose: &Purpose| choices.ticked.contains(purpose);
    // An import may stand without it, and stays until somebody says otherwise.
    let leaves = in_force(&privacy_policy) && !ticked(&privacy_policy);
    let shown = |purpose: &Purpose| choices.notices.iter().any(|n| n.purpose == *purpose);
    if !choices.ticked.iter().all(|purpose| in_force(purpose) || shown(purpose)) {
        return Ok(Chosen::NotShown);
    }
    let ending: Vec<&Standing> =
        standing.iter().filter(|s| leaves || !ticked(&s.purpose)).collect();
    let by = End { event_type: EventType::Withdrawn, method: Method::Form, source: choices.source };
    let ended = end(tx, at, terms, &subscriber, &ending, by).await?;
    let fresh: Vec<Words<'_>> = choices
        .notices
        .iter()
        .filter(|notice| !leaves && ticked(&notice.purpose) && !in_force(&notice.purpose))
        .map(|notice| words(notice))
        .collect();
    if !fresh.is_empty() {
        if !choices.policy_was_shown {
            return Ok(Chosen::OldPolicy);
        }
        if !ticked(&privacy_policy) {
            return Ok(Chosen::NeedsPrivacyPolicy);
        }
        let policy = choices.policy;
        let form = Form {
            signup_id: None,
            email: &subscriber.email,
            method: Method::Form,
            policy: (policy.policy_version_id, &policy.label, &policy.sha256),
            report: None,
            requested_at: at.now,
            source: choices.source,
            evidence: None,
        };
        let address_key = &subscriber.address_key;
        give(tx, at, terms, Giver { subscriber_id, address_key, report_id: None }, &form, &fresh)
            .await?;
    }
    if !ended.is_empty() || !fresh.is_empty() {
        outbox::insert(tx, at, MailKind::Change, About::Subscriber(subscriber_id)).await?;
    }
    Ok(Chosen::Stored)
}
