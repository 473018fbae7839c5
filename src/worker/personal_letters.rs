//! Mail about a subscriber's choices, read when it is sent.

use serde_json::{Value, json};
use uuid::Uuid;

use super::WorkerParts;
use super::letters::{GONE, Letter, SUPPRESSED, Said};
use crate::domain::consent::EventType;
use crate::domain::outbox::MailKind;
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::consents::Standing;
use crate::store::outbox::ClaimedMail;
use crate::store::policy_versions::PolicyVersion;
use crate::store::subscribers::{self, Subscriber};
use crate::store::{Tx, consent_events, consents, policy_versions, suppressions};

/// Reads what a claimed mail to a subscriber is about.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    mail: &ClaimedMail,
) -> sqlx::Result<Said> {
    let found = match mail.subscriber_id {
        Some(id) => subscribers::find(tx, id).await?,
        None => None,
    };
    let Some(subscriber) = found else { return Ok(Said::Nothing(GONE)) };
    if suppressions::forbids(tx, &subscriber.address_key, mail.kind).await? {
        return Ok(Said::Nothing(SUPPRESSED));
    }
    let standing = consents::list(tx, subscriber.subscriber_id).await?;
    match (mail.kind, mail.policy_version_id) {
        (MailKind::Change, _) => change(parts, tx, mail.created_at, &subscriber, &standing).await,
        (MailKind::PolicyNotice, Some(policy_version_id)) => {
            policy_notice(parts, tx, policy_version_id, &subscriber, &standing).await
        }
        (MailKind::Renewal | MailKind::RenewalReminder, Some(policy_version_id)) => {
            let Some(policy) = policy_versions::find(tx, policy_version_id).await? else {
                return Ok(Said::Nothing(GONE));
            };
            let older = consents::list_older(tx, subscriber.subscriber_id, &policy).await?;
            let reminder = mail.kind == MailKind::RenewalReminder;
            Ok(renewal(parts, now, &policy, &subscriber, (&standing, &older), reminder))
        }
        (MailKind::PreferencesLink, _) => Ok(preferences_link(parts, &subscriber)),
        _ => Ok(Said::Nothing(GONE)),
    }
}

fn to(parts: &WorkerParts, subscriber: &Subscriber, mut context: Value) -> Letter {
    context["site"] = json!(*parts.site);
    context["address"] = json!(subscriber.email);
    context["manage_url"] = json!(parts.links.manage(subscriber.subscriber_id));
    Letter { to: subscriber.email.clone(), context, leave: None }
}

fn preferences_link(parts: &WorkerParts, subscriber: &Subscriber) -> Said {
    Said::Mail(to(parts, subscriber, json!({})))
}

async fn change(
    parts: &WorkerParts,
    tx: &mut Tx,
    recorded_at: Timestamp,
    subscriber: &Subscriber,
    standing: &[Standing],
) -> sqlx::Result<Said> {
    let changes = consent_events::list_recorded(tx, subscriber.subscriber_id, recorded_at).await?;
    let (agreed, ended): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| change.event_type.in_force());
    let agreed: Vec<Value> = agreed
        .iter()
        .map(|change| {
            json!({"name": change.purpose.named(change.name.as_deref()), "words": change.words,
                   "at": recorded_at, "policy_label": change.policy_label,
                   "policy_url": parts.links.policy(&change.policy_label)})
        })
        .collect();
    let ended: Vec<Value> = ended
        .iter()
        .map(|change| {
            json!({"name": change.purpose.named(change.name.as_deref()),
                   "at": recorded_at})
        })
        .collect();
    let leaves = in_force(standing).any(|standing| !standing.purpose.is_privacy_policy());
    let leave = leaves.then(|| parts.links.unsubscribe(subscriber.subscriber_id, None));
    let standing: Vec<String> = in_force(standing).map(name).collect();
    let context = json!({"agreed": agreed, "ended": ended, "standing": standing});
    Ok(Said::Mail(Letter { leave, ..to(parts, subscriber, context) }))
}

async fn policy_notice(
    parts: &WorkerParts,
    tx: &mut Tx,
    policy_version_id: Uuid,
    subscriber: &Subscriber,
    standing: &[Standing],
) -> sqlx::Result<Said> {
    let Some(policy) = policy_versions::find(tx, policy_version_id).await? else {
        return Ok(Said::Nothing(GONE));
    };
    if in_force(standing).next().is_none() {
        return Ok(Said::Nothing("they have left"));
    }
    Ok(Said::Mail(to(parts, subscriber, json!({"policy": shown(parts, &policy)}))))
}

fn renewal(
    parts: &WorkerParts,
    now: Timestamp,
    policy: &PolicyVersion,
    subscriber: &Subscriber,
    (standing, older): (&[Standing], &[Purpose]),
    reminder: bool,
) -> Said {
    let until = policy.renew_until.filter(|until| *until > now);
    let Some(until) = until else { return Said::Nothing("its date is over") };
    let topics: Vec<String> =
        in_force(standing).filter(|s| older.contains(&s.purpose)).map(name).collect();
    if topics.is_empty() {
        return Said::Nothing("they have agreed again, or left");
    }
    let context = json!({
        "policy": shown(parts, policy),
        "until": until,
        "topics": topics,
        "renew_url": parts.links.renew(subscriber.subscriber_id),
        "reminder": reminder,
    });
    Said::Mail(to(parts, subscriber, context))
}

fn shown(parts: &WorkerParts, policy: &PolicyVersion) -> Value {
    json!({"label": policy.label, "date": policy.published_at,
           "url": parts.links.policy(&policy.label)})
}

fn in_force(standing: &[Standing]) -> impl Iterator<Item = &Standing> {
    standing.iter().filter(|standing| EventType::in_force(standing.state))
}

fn name(standing: &Standing) -> String {
    standing.purpose.named(standing.name.as_deref())
}
