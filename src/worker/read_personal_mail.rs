//! Mail about a subscriber's choices, read when it is sent.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use super::WorkerParts;
use super::attach_promises::attach_promises;
use super::mail_content::{FoundContent, GONE, MailContent, SUPPRESSED};
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::mail::outbox::MailKind;
use crate::domain::timestamp::Timestamp;
use crate::mail::letters::AnyMail;
use crate::mail::letters::consent::{
    AgreedItem, ChangeMail, EndedItem, PreferencesLinkMail, Reader,
};
use crate::mail::letters::policy::{NewPolicy, PolicyNoticeMail, RenewalMail, WayOut};
use crate::store::Tx;
use crate::store::consent::consents::CurrentConsent;
use crate::store::consent::{consents, events};
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::store::contacts::suppressions;
use crate::store::mail::outbox::ClaimedMail;
use crate::store::policy::versions;
use crate::store::policy::versions::PolicyVersion;

/// Reads what a claimed mail to a subscriber is about.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    mail: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    let found = match mail.subscriber_id {
        Some(id) => subscribers::find(tx, id).await?,
        None => None,
    };
    let Some(subscriber) = found else { return Ok(FoundContent::Nothing(GONE)) };
    let address = (subscriber.email.as_str(), &subscriber.address_key);
    let mac = subscriber.mac.as_deref();
    if let Err(error) = parts.settings.demand_own_address(subscriber.subscriber_id, address, mac) {
        return Ok(FoundContent::Changed(error));
    }
    if suppressions::forbids(tx, &subscriber.address_key, mail.kind, mail.created_at).await? {
        return Ok(FoundContent::Nothing(SUPPRESSED));
    }
    let consents = consents::list(tx, subscriber.subscriber_id).await?;
    let recipient = Recipient { parts, mail, subscriber: &subscriber, consents: &consents };
    match (mail.kind, mail.policy_version_id) {
        (MailKind::Change, _) => recipient.change(tx, now).await,
        (MailKind::PolicyNotice, Some(policy_version_id)) => {
            recipient.policy_notice(tx, policy_version_id).await
        }
        (MailKind::Renewal | MailKind::RenewalReminder, Some(policy_version_id)) => {
            recipient.renewal(tx, now, policy_version_id).await
        }
        (MailKind::PreferencesLink, _) => Ok(recipient.preferences_link()),
        _ => Ok(FoundContent::Nothing(GONE)),
    }
}

/// Who is written to, with all that they ever agreed to.
struct Recipient<'a> {
    parts: &'a WorkerParts,
    mail: &'a ClaimedMail,
    subscriber: &'a Subscriber,
    consents: &'a [CurrentConsent],
}

impl Recipient<'_> {
    fn reader(&self) -> Reader {
        Reader {
            address: self.subscriber.email.clone(),
            manage_url: self.parts.links.manage(self.subscriber.subscriber_id),
        }
    }

    fn in_force(&self) -> impl Iterator<Item = &CurrentConsent> {
        self.consents.iter().filter(|consent| EventType::in_force(consent.state))
    }

    /// This mail to them; `leave` ends such mail by one press.
    fn content(&self, mail: impl AnyMail + 'static, leave: Option<String>) -> FoundContent {
        let content = MailContent::new(self.subscriber.email.clone(), mail);
        FoundContent::Mail(MailContent { leave, ..content })
    }

    fn preferences_link(&self) -> FoundContent {
        self.content(PreferencesLinkMail { reader: self.reader() }, None)
    }

    async fn change(&self, tx: &mut Tx, now: Timestamp) -> sqlx::Result<FoundContent> {
        let (links, recorded_at) = (&self.parts.links, self.mail.created_at);
        let subscriber_id = self.subscriber.subscriber_id;
        let changes = events::list_recorded(tx, subscriber_id, recorded_at).await?;
        let told: Vec<Uuid> = changes.iter().map(|change| change.event_id).collect();
        let attached = attach_promises(self.parts, tx, now, &told).await?;
        let (agreed, ended): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.event_type.in_force());
        let agreed = agreed.into_iter().map(|change| AgreedItem {
            name: change.purpose.named(change.name.as_deref()),
            words: change.words,
            at: recorded_at,
            policy_url: links.policy(&change.policy_label),
            policy_label: change.policy_label,
        });
        let ended = ended.iter().map(|change| EndedItem {
            name: change.purpose.named(change.name.as_deref()),
            at: recorded_at,
        });
        let leaves = self.in_force().any(|consent| !consent.purpose.is_privacy_policy());
        let mail = ChangeMail {
            agreed: agreed.collect(),
            ended: ended.collect(),
            standing: self.in_force().map(name).collect(),
            verify_url: attached.as_ref().map(|_| links.verifier()),
            reader: self.reader(),
        };
        let leave = leaves.then(|| links.unsubscribe(subscriber_id, None));
        let content = MailContent::new(self.subscriber.email.clone(), mail);
        Ok(FoundContent::Mail(MailContent { leave, attached, ..content }))
    }

    async fn policy_notice(
        &self,
        tx: &mut Tx,
        policy_version_id: Uuid,
    ) -> sqlx::Result<FoundContent> {
        let holds: Vec<&CurrentConsent> = self.in_force().collect();
        if holds.is_empty() {
            return Ok(FoundContent::Nothing("they have left"));
        }
        let Some(policy) = shown(self.parts, tx, policy_version_id, &holds).await? else {
            return Ok(FoundContent::Nothing(GONE));
        };
        let way_out = self.way_out(&holds);
        let leave = Some(way_out.leave_url.clone());
        let topics = holds.iter().map(|consent| name(consent)).collect();
        Ok(self.content(PolicyNoticeMail { policy, topics, way_out, reader: self.reader() }, leave))
    }

    async fn renewal(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        policy_version_id: Uuid,
    ) -> sqlx::Result<FoundContent> {
        let Some(policy) = versions::find(tx, policy_version_id).await? else {
            return Ok(FoundContent::Nothing(GONE));
        };
        let until = policy.renew_until.filter(|until| *until > now);
        let Some(until) = until else { return Ok(FoundContent::Nothing("its date is over")) };
        let older = consents::list_older(tx, self.subscriber.subscriber_id, &policy).await?;
        let holds: Vec<&CurrentConsent> = self.in_force().collect();
        let (asked, answered): (Vec<&CurrentConsent>, Vec<&CurrentConsent>) =
            holds.iter().partition(|consent| older.contains(&consent.purpose));
        if asked.is_empty() {
            return Ok(FoundContent::Nothing("they have agreed again, or left"));
        }
        let reminder = self.mail.kind == MailKind::RenewalReminder;
        if reminder && !answered.is_empty() {
            return Ok(FoundContent::Nothing("they have answered, and left the rest as it is"));
        }
        let Some(shown) = shown(self.parts, tx, policy_version_id, &asked).await? else {
            return Ok(FoundContent::Nothing(GONE));
        };
        let kept = asked.iter().filter(|consent| !consent.purpose.is_privacy_policy());
        let way_out = self.way_out(&holds);
        let leave = Some(way_out.leave_url.clone());
        let mail = RenewalMail {
            policy: shown,
            until,
            topics: asked.iter().map(|consent| name(consent)).collect(),
            keep: kept.map(|consent| name(consent)).collect(),
            renew_url: self.parts.links.renew(self.subscriber.subscriber_id),
            reminder,
            way_out,
            reader: self.reader(),
        };
        Ok(self.content(mail, leave))
    }

    /// The link that ends by one press what somebody can be written for; where they can be written to for nothing,
    /// their agreement to the privacy policy.
    fn way_out(&self, holds: &[&CurrentConsent]) -> WayOut {
        let written_for = holds.iter().filter(|consent| !consent.purpose.is_privacy_policy());
        let written_for: Vec<String> = written_for.map(|consent| name(consent)).collect();
        let policy = Purpose::privacy_policy();
        let leaving = written_for.is_empty().then_some(&policy);
        WayOut {
            leave_url: self.parts.links.unsubscribe(self.subscriber.subscriber_id, leaving),
            policy_stays: holds.iter().any(|consent| consent.purpose == policy),
            leave_ends: written_for,
        }
    }
}

/// A policy version, and what changed since the one that the oldest of these rests on.
async fn shown(
    parts: &WorkerParts,
    tx: &mut Tx,
    policy_version_id: Uuid,
    consents: &[&CurrentConsent],
) -> sqlx::Result<Option<NewPolicy>> {
    let mut versions = versions::list(tx, LANG).await?;
    let Some(at) = versions.iter().position(|one| one.policy_version_id == policy_version_id)
    else {
        return Ok(None);
    };
    // Newest first, from this one on.
    versions.drain(..at);
    let rests_on = |version: &PolicyVersion| {
        consents.iter().any(|one| one.policy_version_id == version.policy_version_id)
    };
    let oldest = versions.iter().rposition(rests_on).unwrap_or(0);
    let changes =
        versions.iter().take(oldest.max(1)).rev().filter_map(|one| one.changes.as_deref());
    let policy = &versions[0];
    let compared =
        (oldest > 0).then(|| parts.links.policy_changes(&policy.label, &versions[oldest].label));
    Ok(Some(NewPolicy {
        label: policy.label.clone(),
        date: policy.published_at,
        url: parts.links.policy(&policy.label),
        changes: changes.map(ToOwned::to_owned).collect(),
        changes_url: compared,
    }))
}

fn name(consent: &CurrentConsent) -> String {
    consent.purpose.named(consent.name.as_deref())
}
