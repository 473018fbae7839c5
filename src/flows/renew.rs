//! Somebody agrees again, under a new policy, to what they agreed to before.

use std::sync::Arc;

use uuid::Uuid;

use super::evidence::{Form, Words};
use super::record_consent::{Giver, give};
use super::sign_up::words;
use super::{Error, Terms};
use crate::domain::outbox::MailKind;
use crate::domain::signup::Method;
use crate::random::Moment;
use crate::store::consents::{self, Standing};
use crate::store::notices::Notice;
use crate::store::outbox::{self, About};
use crate::store::policy_versions::PolicyVersion;
use crate::store::{Tx, renewals, subscribers};

/// What the page showed.
#[derive(Clone, Copy)]
pub struct Renewal<'a> {
    /// The policy in force.
    pub policy: &'a PolicyVersion,
    /// Today's words beside each box.
    pub notices: &'a [Arc<Notice>],
    /// The page.
    pub source: &'a str,
}

impl Renewal<'_> {
    /// The words that renew a consent: today's, or those agreed to before when it is offered no more.
    #[must_use]
    pub fn words<'w>(&'w self, standing: &'w Standing) -> Words<'w> {
        let today = self.notices.iter().find(|notice| notice.purpose == standing.purpose);
        today.map_or_else(|| Words::from(standing), |notice| words(notice))
    }
}

/// Renews each consent in force that is asked for again and whose date is not over, and mails a receipt;
/// `false`, and nothing to commit, when there is none. Of two presses at once the second finds none;
/// neither does one of somebody erased. A consent stays that of the report it was given with.
///
/// # Errors
/// When the database does not take it; then nothing is renewed.
pub async fn renew(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    subscriber_id: Uuid,
    renewal: Renewal<'_>,
) -> Result<bool, Error> {
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else {
        return Ok(false);
    };
    let Renewal { policy, source, .. } = renewal;
    let mut open = renewals::list_asked(tx, subscriber_id, policy).await?;
    open.retain(|asked| at.now < asked.until);
    if open.is_empty() {
        return Ok(false);
    }
    let standing = consents::list(tx, subscriber_id).await?;
    let mut reports: Vec<Option<Uuid>> = open.iter().map(|asked| asked.report_id).collect();
    reports.sort_unstable();
    reports.dedup();
    for report_id in reports {
        let of_report = |standing: &&Standing| {
            let same = |a: &&renewals::Asked| a.purpose == standing.purpose;
            open.iter().find(same).is_some_and(|asked| asked.report_id == report_id)
        };
        let renewed: Vec<&Standing> = standing.iter().filter(of_report).collect();
        let form = Form {
            signup_id: None,
            email: &subscriber.email,
            method: Method::Form,
            policy: (policy.policy_version_id, &policy.label, &policy.sha256),
            report: renewed.first().and_then(|standing| standing.report.as_ref()),
            requested_at: at.now,
            source,
            evidence: None,
        };
        let chosen: Vec<Words<'_>> = renewed.iter().map(|s| renewal.words(s)).collect();
        let address_key = &subscriber.address_key;
        give(tx, at, terms, Giver { subscriber_id, address_key, report_id }, &form, &chosen)
            .await?;
    }
    outbox::insert(tx, at, MailKind::Change, About::Subscriber(subscriber_id)).await?;
    Ok(true)
}
