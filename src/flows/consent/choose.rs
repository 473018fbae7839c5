//! Somebody changes what they agreed to, on the page behind their own link.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::submitted_form::Method;
use crate::domain::text::Line;
use crate::flows::consent::record_consent::{End, Giver, end, give};
use crate::flows::consent::withdraw::{Leaving, note_address_left, note_left};
use crate::flows::ledger::evidence::{Form, Words, Workflow};
use crate::flows::signup::sign_up::words;
use crate::flows::{By, Case, Error};
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::contacts::subscribers;
use crate::store::mail::outbox::{self, About};
use crate::store::policy::versions::PolicyVersion;

/// What the page was sent back with.
pub struct Choices<'a> {
    /// The boxes that came back ticked.
    pub ticked: &'a [Purpose],
    /// The newest of the subscriber's events that the page was filled from ([`consents::reach`]); `None` when
    /// the form does not say.
    pub seen: Option<i64>,
    /// The boxes that the page says it had ticked itself, whatever the database says of that now.
    pub shown: &'a [Purpose],
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Chosen {
    /// Whether something ended.
    pub ended: bool,
    /// Whether a box that the page showed ticked came back ticked, though its consent has ended meanwhile.
    pub overtaken: bool,
    /// What was newly ticked.
    pub wanted: Vec<Purpose>,
    /// Why it is not agreed to, if it is not.
    pub refused: Option<Refusal>,
}

/// Why what was newly ticked is not agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The page was older than what is agreed to by now, or did not say how old it was.
    OldPage,
    /// Its words were not shown, or it is not offered any more.
    NotShown,
    /// The policy shown is in force no more.
    OldPolicy,
    /// Nothing can be agreed to without the privacy policy.
    NeedsPrivacyPolicy,
}

/// The page as it was shown, told from the events it was filled from and by itself.
struct Shown<'a> {
    /// The boxes that the page itself had ticked; `None` when nobody knows.
    ticked: Option<Vec<Purpose>>,
    /// Those of which the page says so.
    said: &'a [Purpose],
    /// Whether nothing has happened since.
    is_present: bool,
}

impl<'a> Shown<'a> {
    async fn find(
        tx: &mut Tx,
        subscriber_id: Uuid,
        choices: &Choices<'a>,
        consents: &[CurrentConsent],
    ) -> Result<Self, Error> {
        let (reach, said) = (consents::reach(consents), choices.shown);
        // No page of ours was filled from what has not happened yet.
        let Some(seen) = choices.seen.filter(|seen| (0..=reach).contains(seen)) else {
            return Ok(Self { ticked: None, said, is_present: false });
        };
        let ticked = consents::list_in_force_at(tx, subscriber_id, seen).await?;
        Ok(Self { ticked: Some(ticked), said, is_present: seen == reach })
    }

    /// Whether this box was shown ticked.
    fn had_ticked(&self, purpose: &Purpose) -> bool {
        self.said.contains(purpose)
            || self.ticked.as_ref().is_some_and(|ticked| ticked.contains(purpose))
    }

    /// Whether this box may have been shown ticked, so that its missing tick is somebody's act. Leaving is never
    /// lost for want of a field.
    fn may_have_ticked(&self, purpose: &Purpose) -> bool {
        self.ticked.is_none() || self.had_ticked(purpose)
    }
}

/// Ends what was shown ticked and came back unticked, whatever else happened meanwhile; gives what was shown
/// unticked and came back ticked, if nothing did; keeps the rest as it stands. A tick that the page set itself
/// gives nothing, for it is nobody's act (GDPR Rec. 32). Mails a receipt if anything changed. Unticking the
/// privacy policy ends everything.
///
/// What ended and the name hold, even where what was newly ticked is refused. `None` when
/// the database knows nobody behind the link; then it is noted outside what they left.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn choose(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber_id: Uuid,
    choices: &Choices<'_>,
) -> Result<Option<Chosen>, Error> {
    let taken = choices.shown.iter().filter(|purpose| !choices.ticked.contains(purpose));
    let left: Vec<Leaving> = taken.cloned().map(Leaving::One).collect();
    for leaving in &left {
        note_left(tx, case, subscriber_id, leaving).await?;
    }
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else {
        return Ok(None);
    };
    for leaving in &left {
        note_address_left(tx, case, &subscriber, leaving).await?;
    }
    if let Some(name) = &choices.name {
        subscribers::rename(tx, subscriber_id, name.as_ref().map(Line::as_str)).await?;
    }
    let consents = consents::list(tx, subscriber_id).await?;
    let shown = Shown::find(tx, subscriber_id, choices, &consents).await?;
    let in_force =
        |purpose: &Purpose| consents.iter().any(|c| c.purpose == *purpose && c.state.in_force());
    let unticked =
        |purpose: &Purpose| shown.may_have_ticked(purpose) && !choices.ticked.contains(purpose);
    let privacy_policy = Purpose::privacy_policy();
    // An import may stand without it, and stays until somebody says otherwise.
    let leaves = in_force(&privacy_policy) && unticked(&privacy_policy);
    let ending = consents.iter().filter(|consent| leaves || unticked(&consent.purpose)).collect();
    let (event_type, by) = (EventType::Withdrawn, By::form(choices.source));
    let ended = end(tx, case, &subscriber, End { consents: ending, event_type, by }).await?;

    let idle: Vec<&Purpose> = choices.ticked.iter().filter(|p| !in_force(p)).collect();
    let (kept, wanted): (Vec<&Purpose>, Vec<&Purpose>) =
        idle.into_iter().partition(|purpose| shown.had_ticked(purpose));
    let fresh: Vec<Words<'_>> = choices
        .notices
        .iter()
        .filter(|notice| wanted.contains(&&notice.purpose))
        .map(|notice| words(notice))
        .collect();
    let agrees = !leaves && (in_force(&privacy_policy) || wanted.contains(&&privacy_policy));
    let refused = if wanted.is_empty() {
        None
    } else if !shown.is_present {
        Some(Refusal::OldPage)
    } else if wanted.iter().any(|purpose| fresh.iter().all(|words| words.purpose != *purpose)) {
        Some(Refusal::NotShown)
    } else if !choices.policy_was_shown {
        Some(Refusal::OldPolicy)
    } else if !agrees {
        Some(Refusal::NeedsPrivacyPolicy)
    } else {
        None
    };
    let gives = refused.is_none() && !fresh.is_empty();
    if gives {
        let policy = choices.policy;
        let form = Form {
            signup_id: None,
            email: &subscriber.email,
            method: Method::Form,
            policy: policy.into(),
            report: None,
            requested_at: case.at.now,
            source: choices.source,
            evidence: None,
            workflow: Workflow::default(),
        };
        give(tx, case, Giver::new(&subscriber, None, form), &fresh).await?;
    }
    if gives || !ended.is_empty() {
        outbox::insert(tx, case.at, MailKind::Change, About::Subscriber(subscriber_id)).await?;
    }
    Ok(Some(Chosen {
        ended: !ended.is_empty(),
        overtaken: !kept.is_empty(),
        wanted: wanted.into_iter().cloned().collect(),
        refused,
    }))
}
