//! Somebody is asked again, under a new policy, for what they agreed to before; and agrees to what they ticked.

use assent_ledger::digest::sha256_hex;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::submitted_form::Method;
use crate::domain::timestamp::Timestamp;
use crate::flows::catalog::show_notices::wording;
use crate::flows::consent::record_consent::{Giver, give};
use crate::flows::ledger::evidence::{Form, Words, Workflow};
use crate::flows::signup::sign_up::words;
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::catalog::newsletters::{self, Newsletter};
use crate::store::catalog::notices::{self, Notice};
use crate::store::catalog::purposes;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::renewals;
use crate::store::contacts::subscribers;
use crate::store::mail::outbox::{self, About};
use crate::store::policy::versions::{self, PolicyVersion};

/// What somebody is asked for again, as things stand.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The policy in force, under which they would agree.
    pub policy: PolicyVersion,
    /// The versions since the one they agreed to, newest first: each of those may have changed something for
    /// them.
    pub newer: Vec<PolicyVersion>,
    /// The version they agreed to: the oldest of them, if what they agreed to rests on several.
    pub agreed_under: Option<PolicyVersion>,
    /// What is asked for and can still be given.
    pub open: Vec<Open>,
    /// Everything they ever agreed to, whatever became of it.
    pub standing: Vec<CurrentConsent>,
    /// What is asked for again, whether or not its date is over.
    asked: Vec<Purpose>,
}

/// A consent in force that is asked for again.
#[derive(Clone, Debug)]
pub struct Open {
    /// The consent as it was given.
    pub standing: CurrentConsent,
    /// The words that it would be given by now; none when it is offered no more, and those agreed to before
    /// stand.
    pub notice: Option<Notice>,
    /// The report of the signup that consented.
    report_id: Option<Uuid>,
    /// The first moment at which it counts no more, unless it is given again.
    pub until: Timestamp,
}

impl Open {
    /// The words that it would be given by now.
    #[must_use]
    pub fn words(&self) -> Words<'_> {
        self.notice.as_ref().map_or_else(|| Words::from(&self.standing), words)
    }

    /// Whether these are others than those agreed to before.
    #[must_use]
    pub fn is_reworded(&self) -> bool {
        self.words().sha256 != self.standing.sha256
    }
}

impl Asking {
    /// What is asked for again of this subscriber; `None` while there is no policy at all.
    pub async fn read(
        tx: &mut Tx,
        now: Timestamp,
        controller: &str,
        subscriber_id: Uuid,
    ) -> Result<Option<Self>, Error> {
        let mut newer = versions::list(tx, LANG).await?;
        let Some(policy) = newer.first().cloned() else { return Ok(None) };
        let asked = renewals::list_asked(tx, subscriber_id, &policy).await?;
        let standing = consents::list(tx, subscriber_id).await?;
        let today = words_of_today(tx, controller).await?;
        let shown = notices::list(tx).await?;
        let open: Vec<Open> = standing
            .iter()
            .filter_map(|standing| {
                let asked = asked.iter().find(|asked| asked.purpose == standing.purpose)?;
                let worded = today.iter().find(|(purpose, _)| *purpose == standing.purpose);
                let notice = worded.and_then(|(purpose, sha256)| {
                    let same =
                        |notice: &&Notice| notice.purpose == *purpose && notice.sha256 == *sha256;
                    shown.iter().find(same)
                });
                (now < asked.until).then(|| Open {
                    standing: standing.clone(),
                    notice: notice.cloned(),
                    report_id: asked.report_id,
                    until: asked.until,
                })
            })
            .collect();
        let rests_on = |version: &PolicyVersion| {
            let id = version.policy_version_id;
            open.iter().any(|open| open.standing.policy_version_id == id)
        };
        let oldest = newer.iter().rposition(rests_on);
        let agreed_under = oldest.and_then(|at| newer.get(at).cloned());
        newer.truncate(oldest.unwrap_or_default());
        let asked = asked.into_iter().map(|asked| asked.purpose).collect();
        Ok(Some(Self { policy, newer, agreed_under, open, standing, asked }))
    }

    /// Whether anything that is in force is asked for again, its date being over or not.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether anything counts that is not asked for again.
    #[must_use]
    pub fn holds(&self) -> bool {
        let counts = |standing: &CurrentConsent| {
            standing.state.in_force() && !self.asked.contains(&standing.purpose)
        };
        self.standing.iter().any(counts)
    }

    /// Whether a consent was given again under the policy in force.
    fn is_renewed(&self, purpose: &Purpose) -> bool {
        self.standing.iter().any(|standing| {
            standing.purpose == *purpose
                && standing.state.in_force()
                && standing.policy_version_id == self.policy.policy_version_id
        })
    }

    /// Until when something can be agreed to again; `None` when nothing can.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.open.iter().map(|open| open.until).min()
    }
}

/// The hash of the words beside each box that is offered now.
async fn words_of_today(tx: &mut Tx, controller: &str) -> Result<Vec<(Purpose, String)>, Error> {
    let mut offered = newsletters::list(tx).await?;
    offered.retain(Newsletter::is_offered);
    let own = purposes::list(tx).await?;
    let words = wording(controller, &offered, &own).into_iter();
    Ok(words.map(|(purpose, words)| (purpose, sha256_hex(words.as_bytes()))).collect())
}

/// A page that was sent: what it showed, and what somebody ticked on it.
#[derive(Clone, Copy, Debug)]
pub struct Press<'a> {
    /// The label of the policy it showed.
    pub policy: &'a str,
    /// The hashes of the words it showed.
    pub notices: &'a [&'a str],
    /// The codes of the purposes that were ticked.
    pub ticked: &'a [&'a str],
    /// The page, as evidence names it.
    pub source: &'a str,
}

/// What a press came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Renewed {
    /// What was ticked is agreed to again.
    Done,
    /// Nothing that is asked for was ticked anew: it was pressed before, or nothing is asked for any more.
    Nothing,
    /// Nothing is agreed to, for this reason: the page must be read again.
    Refused(Stale),
}

/// Why a page that was sent gives nothing (GDPR Art. 4(11): consent is informed, and somebody's own act).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Nothing was ticked.
    #[error("Tick what you agree to. If you agree to nothing, you need not do anything")]
    NothingTicked,
    /// Another policy came into force since the page was shown.
    #[error("Our privacy policy has changed again: read what is new, then tick what you agree to")]
    Policy,
    /// Words beside a box changed since.
    #[error("What you are asked has changed: read it again, then tick what you agree to")]
    Words,
    /// Something that was ticked ended since.
    #[error(
        "Something that you ticked has ended meanwhile, so nothing was saved: tick again what you agree to"
    )]
    Ended,
    /// The privacy policy was not ticked, on which all else rests.
    #[error(
        "Tick Privacy policy as well: without it we cannot keep your address or send you anything"
    )]
    WithoutPolicy,
}

/// Renews what was ticked, if it is asked for and was read as it stands, and mails a receipt. What is not
/// ticked stays as it was. Of two presses at once the second finds nothing to do; neither does one of
/// somebody erased. A consent stays that of the report it was given with.
///
/// # Errors
/// When the database does not take it; then nothing is renewed.
pub async fn renew(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber_id: Uuid,
    press: Press<'_>,
) -> Result<Renewed, Error> {
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else {
        return Ok(Renewed::Nothing);
    };
    let controller = &case.settings.controller.name;
    let Some(asking) = Asking::read(tx, case.at.now, controller, subscriber_id).await? else {
        return Ok(Renewed::Nothing);
    };
    let chosen = match choose(&asking, press) {
        Ok(chosen) if chosen.is_empty() => return Ok(Renewed::Nothing),
        Ok(chosen) => chosen,
        Err(stale) => return Ok(Renewed::Refused(stale)),
    };
    let policy = &asking.policy;
    let mut reports: Vec<Option<Uuid>> = chosen.iter().map(|open| open.report_id).collect();
    reports.sort_unstable();
    reports.dedup();
    for report_id in reports {
        let of_report: Vec<&Open> =
            chosen.iter().copied().filter(|open| open.report_id == report_id).collect();
        let form = Form {
            signup_id: None,
            email: &subscriber.email,
            method: Method::Form,
            policy: policy.into(),
            report: of_report.first().and_then(|open| open.standing.report.as_ref()),
            requested_at: case.at.now,
            source: press.source,
            evidence: None,
            workflow: Workflow::default(),
        };
        let words: Vec<Words<'_>> = of_report.iter().map(|open| open.words()).collect();
        give(tx, case, Giver::new(&subscriber, report_id, form), &words).await?;
    }
    outbox::insert(tx, case.at, MailKind::Change, About::Subscriber(subscriber_id)).await?;
    Ok(Renewed::Done)
}

/// What a press renews.
fn choose<'a>(asking: &'a Asking, press: Press<'_>) -> Result<Vec<&'a Open>, Stale> {
    let is_renewed =
        |code: &&str| code.parse().is_ok_and(|purpose: Purpose| asking.is_renewed(&purpose));
    if asking.open.is_empty() {
        return if press.ticked.iter().all(is_renewed) { Ok(vec![]) } else { Err(Stale::Ended) };
    }
    if press.policy != asking.policy.label.as_str() {
        return Err(Stale::Policy);
    }
    let mut chosen: Vec<&Open> = Vec::new();
    for code in press.ticked {
        match asking.open.iter().find(|open| open.standing.purpose.as_str() == *code) {
            Some(open) if !press.notices.contains(&open.words().sha256) => {
                return Err(Stale::Words);
            }
            Some(open) if chosen.iter().any(|one| std::ptr::eq(*one, open)) => {}
            Some(open) => chosen.push(open),
            // Pressed before.
            None if is_renewed(code) => {}
            None => return Err(Stale::Ended),
        }
    }
    if press.ticked.is_empty() {
        return Err(Stale::NothingTicked);
    }
    let is_policy = |open: &&Open| open.standing.purpose.is_privacy_policy();
    let asks_policy = asking.open.iter().any(|open| is_policy(&open));
    if asks_policy && !chosen.is_empty() && !chosen.iter().any(is_policy) {
        return Err(Stale::WithoutPolicy);
    }
    Ok(chosen)
}
