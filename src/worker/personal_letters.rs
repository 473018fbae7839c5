//! Mail about a subscriber's choices, read when it is sent.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use super::WorkerParts;
use super::mail_content::{Composed, GONE, MailContent, SUPPRESSED};
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::mail::outbox::MailKind;
use crate::domain::timestamp::Timestamp;
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
///
/// # Errors
/// When the database does not answer.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    mail: &ClaimedMail,
) -> sqlx::Result<Composed> {
    let found = match mail.subscriber_id {
        Some(id) => subscribers::find(tx, id).await?,
        None => None,
    };
    let Some(subscriber) = found else { return Ok(Composed::Nothing(GONE)) };
    let address = (subscriber.email.as_str(), &subscriber.address_key);
    let mac = subscriber.mac.as_deref();
    if let Err(error) = parts.settings.demand_own_address(subscriber.subscriber_id, address, mac) {
        return Ok(Composed::Changed(error));
    }
    if suppressions::forbids(tx, &subscriber.address_key, mail.kind, mail.created_at).await? {
        return Ok(Composed::Nothing(SUPPRESSED));
    }
    let standing = consents::list(tx, subscriber.subscriber_id).await?;
    match (mail.kind, mail.policy_version_id) {
        (MailKind::Change, _) => change(parts, tx, mail.created_at, &subscriber, &standing).await,
        (MailKind::PolicyNotice, Some(policy_version_id)) => {
            policy_notice(parts, tx, policy_version_id, &subscriber, &standing).await
        }
        (MailKind::Renewal | MailKind::RenewalReminder, Some(policy_version_id)) => {
            let Some(policy) = versions::find(tx, policy_version_id).await? else {
                return Ok(Composed::Nothing(GONE));
            };
            let reminder = mail.kind == MailKind::RenewalReminder;
            renewal(parts, tx, now, &policy, (&subscriber, &standing), reminder).await
        }
        (MailKind::PreferencesLink, _) => Ok(preferences_link(parts, &subscriber)),
        _ => Ok(Composed::Nothing(GONE)),
    }
}

fn reader(parts: &WorkerParts, subscriber: &Subscriber) -> Reader {
    Reader {
        address: subscriber.email.clone(),
        manage_url: parts.links.manage(subscriber.subscriber_id),
    }
}

fn preferences_link(parts: &WorkerParts, subscriber: &Subscriber) -> Composed {
    let mail = PreferencesLinkMail { reader: reader(parts, subscriber) };
    Composed::Mail(MailContent::new(subscriber.email.clone(), mail))
}

async fn change(
    parts: &WorkerParts,
    tx: &mut Tx,
    recorded_at: Timestamp,
    subscriber: &Subscriber,
    standing: &[CurrentConsent],
) -> sqlx::Result<Composed> {
    let changes = events::list_recorded(tx, subscriber.subscriber_id, recorded_at).await?;
    let (agreed, ended): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| change.event_type.in_force());
    let agreed = agreed.into_iter().map(|change| AgreedItem {
        name: change.purpose.named(change.name.as_deref()),
        words: change.words,
        at: recorded_at,
        policy_url: parts.links.policy(&change.policy_label),
        policy_label: change.policy_label,
    });
    let ended = ended.iter().map(|change| EndedItem {
        name: change.purpose.named(change.name.as_deref()),
        at: recorded_at,
    });
    let leaves = in_force(standing).any(|standing| !standing.purpose.is_privacy_policy());
    let leave = leaves.then(|| parts.links.unsubscribe(subscriber.subscriber_id, None));
    let mail = ChangeMail {
        agreed: agreed.collect(),
        ended: ended.collect(),
        standing: in_force(standing).map(name).collect(),
        reader: reader(parts, subscriber),
    };
    Ok(Composed::Mail(MailContent { leave, ..MailContent::new(subscriber.email.clone(), mail) }))
}

async fn policy_notice(
    parts: &WorkerParts,
    tx: &mut Tx,
    policy_version_id: Uuid,
    subscriber: &Subscriber,
    standing: &[CurrentConsent],
) -> sqlx::Result<Composed> {
    let holds: Vec<&CurrentConsent> = in_force(standing).collect();
    if holds.is_empty() {
        return Ok(Composed::Nothing("they have left"));
    }
    let Some(policy) = shown(parts, tx, policy_version_id, &holds).await? else {
        return Ok(Composed::Nothing(GONE));
    };
    let way_out = way_out(parts, subscriber, &holds);
    let leave = Some(way_out.leave_url.clone());
    let topics = holds.iter().map(|standing| name(standing)).collect();
    let mail = PolicyNoticeMail { policy, topics, way_out, reader: reader(parts, subscriber) };
    Ok(Composed::Mail(MailContent { leave, ..MailContent::new(subscriber.email.clone(), mail) }))
}

async fn renewal(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    policy: &PolicyVersion,
    (subscriber, standing): (&Subscriber, &[CurrentConsent]),
    reminder: bool,
) -> sqlx::Result<Composed> {
    let until = policy.renew_until.filter(|until| *until > now);
    let Some(until) = until else { return Ok(Composed::Nothing("its date is over")) };
    let older = consents::list_older(tx, subscriber.subscriber_id, policy).await?;
    let holds: Vec<&CurrentConsent> = in_force(standing).collect();
    let (asked, answered): (Vec<&CurrentConsent>, Vec<&CurrentConsent>) =
        holds.iter().partition(|standing| older.contains(&standing.purpose));
    if asked.is_empty() {
        return Ok(Composed::Nothing("they have agreed again, or left"));
    }
    if reminder && !answered.is_empty() {
        return Ok(Composed::Nothing("they have answered, and left the rest as it is"));
    }
    let Some(shown) = shown(parts, tx, policy.policy_version_id, &asked).await? else {
        return Ok(Composed::Nothing(GONE));
    };
    let kept = asked.iter().filter(|standing| !standing.purpose.is_privacy_policy());
    let way_out = way_out(parts, subscriber, &holds);
    let leave = Some(way_out.leave_url.clone());
    let mail = RenewalMail {
        policy: shown,
        until,
        topics: asked.iter().map(|standing| name(standing)).collect(),
        keep: kept.map(|standing| name(standing)).collect(),
        renew_url: parts.links.renew(subscriber.subscriber_id),
        reminder,
        way_out,
        reader: reader(parts, subscriber),
    };
    Ok(Composed::Mail(MailContent { leave, ..MailContent::new(subscriber.email.clone(), mail) }))
}

/// The link that ends by one press what somebody can be written for; where they can be written to for nothing, their
/// agreement to the privacy policy.
fn way_out(parts: &WorkerParts, subscriber: &Subscriber, holds: &[&CurrentConsent]) -> WayOut {
    let written_for = holds.iter().filter(|standing| !standing.purpose.is_privacy_policy());
    let written_for: Vec<String> = written_for.map(|standing| name(standing)).collect();
    let policy = Purpose::privacy_policy();
    let leaving = written_for.is_empty().then_some(&policy);
    WayOut {
        leave_url: parts.links.unsubscribe(subscriber.subscriber_id, leaving),
        policy_stays: holds.iter().any(|standing| standing.purpose == policy),
        leave_ends: written_for,
    }
}

/// A policy version, and what changed since the one that the oldest of these rests on.
async fn shown(
    parts: &WorkerParts,
    tx: &mut Tx,
    policy_version_id: Uuid,
    standing: &[&CurrentConsent],
) -> sqlx::Result<Option<NewPolicy>> {
    let mut versions = versions::list(tx, LANG).await?;
    let Some(at) = versions.iter().position(|one| one.policy_version_id == policy_version_id)
    else {
        return Ok(None);
    };
    // Newest first, from this one on.
    versions.drain(..at);
    let rests_on = |version: &PolicyVersion| {
        standing.iter().any(|one| one.policy_version_id == version.policy_version_id)
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

fn in_force(standing: &[CurrentConsent]) -> impl Iterator<Item = &CurrentConsent> {
    standing.iter().filter(|standing| EventType::in_force(standing.state))
}

fn name(standing: &CurrentConsent) -> String {
    standing.purpose.named(standing.name.as_deref())
}
