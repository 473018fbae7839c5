//! What happened with one person, newest first: facts of the ledger with the words they saw, mail, downloads.

use serde_json::{Value, json};

use crate::domain::consent::EventType;
use crate::domain::outbox::OutboxState;
use crate::domain::timestamp::Timestamp;
use crate::store::subscribers::Subscriber;
use crate::store::{Tx, held};
use crate::web::Error;
use crate::web::console::mail::words;

/// One thing that happened, before it is shown.
struct Entry {
    at: Timestamp,
    value: Value,
}

/// All of it, newest first.
pub(super) async fn of(tx: &mut Tx, person: &Subscriber) -> Result<Vec<Value>, Error> {
    let events = held::list_events(tx, person).await?;
    let mut entries = events.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    entries.extend(held::list_mails(tx, person).await?.iter().map(mail));
    entries.extend(held::list_bounces(tx, person).await?.iter().map(bounce));
    let grants = held::list_grants(tx, person.subscriber_id).await?;
    for (grant_id, at) in held::list_starts(tx, person.subscriber_id).await? {
        let grant = grants.iter().find(|grant| grant.download_grant_id == grant_id);
        let report = grant.map_or("", |grant| grant.report.as_str());
        entries.push(entry(at, ("Downloaded", ""), &facts(&[("Report", report)]), (None, None)));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(entries.into_iter().map(|entry| entry.value).collect())
}

fn entry(
    at: Timestamp,
    (title, kind): (&str, &str),
    facts: &[Value],
    (words, receipt): (Option<&str>, Option<String>),
) -> Entry {
    let value = json!({"at": at, "title": title, "kind": kind, "facts": facts, "words": words,
                       "receipt": receipt});
    Entry { at, value }
}

fn facts(facts: &[(&str, &str)]) -> Vec<Value> {
    let known = facts.iter().filter(|(_, text)| !text.is_empty());
    known.map(|(term, text)| json!({"term": term, "text": text})).collect()
}

fn event(event: &held::HeldEvent) -> Result<Entry, Error> {
    let (title, kind) = match event.event_type {
        EventType::Requested => ("Asked for by a form", "wait"),
        EventType::Given => ("Agreed", "on"),
        EventType::Renewed => ("Agreed again", "on"),
        EventType::Withdrawn => ("Withdrew", ""),
        EventType::Expired => ("Consent ended, not renewed in time", ""),
        EventType::Erased => ("Erased", ""),
    };
    let body = event.evidence().map_err(crate::flows::Error::from)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (policy, page, method) =
        (text(&body["policy"]["label"]), text(&body["source"]), text(&body["method"]));
    let (report, evidence) = (text(&body["report"]), text(&body["evidence"]));
    let facts = facts(&[
        ("Purpose", event.purpose.as_str()),
        ("Policy", &policy),
        ("By", &way(&method)),
        ("Where", &page),
        ("Report", &report),
        ("Evidence", &evidence),
    ]);
    let words = body["notice"]["text"].as_str();
    let receipt = event.body.is_some().then(|| format!("/console/receipts/{}", event.event_id));
    Ok(entry(event.recorded_at, (title, kind), &facts, (words, receipt)))
}

/// How a choice reached us, in words.
pub(super) fn way(method: &str) -> String {
    match method {
        "form" => "a form",
        "api" => "the signup API",
        "import" => "an import",
        "staff" => "staff, as they were told",
        "program" => "this program",
        other => other,
    }
    .to_owned()
}

fn mail(mail: &held::HeldMail) -> Entry {
    let colour = match mail.state {
        OutboxState::Queued => "wait",
        OutboxState::Parked => "bad",
        OutboxState::Sent | OutboxState::Dropped => "",
    };
    let title = format!("Mail: {}", words::kind(mail.kind));
    let facts = facts(&[("State", words::state(mail.state))]);
    entry(mail.created_at, (&title, colour), &facts, (None, None))
}

fn bounce(bounce: &held::HeldBounce) -> Entry {
    let status = bounce.status.as_deref().unwrap_or_default();
    let facts = facts(&[("Mail", words::kind(bounce.mail)), ("Status", status)]);
    entry(bounce.received_at, (words::bounced(bounce.kind), "bad"), &facts, (None, None))
}
