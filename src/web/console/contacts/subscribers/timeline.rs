//! What happened with one person, newest first: facts of the ledger with the words they saw, mail, downloads,
//! and what stops mail to them.

use assent_ledger::event_type::EventType;
use serde::Serialize;
use serde_json::Value;

use crate::domain::consent::how_given::HowGiven;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::catalog::reports::{self, Report};
use crate::store::contacts::subject_access;
use crate::store::contacts::subscribers::Subscriber;
use crate::web::Error;
use crate::web::console::mail::labels;

/// One thing that happened, as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct TimelineEntry {
    pub at: Timestamp,
    pub title: String,
    /// Its colour.
    pub kind: &'static str,
    pub facts: Vec<Fact>,
    /// The words they saw.
    pub words: Option<String>,
    /// Where its receipt is shown.
    pub receipt: Option<String>,
}

/// A term, and what it says.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Fact {
    pub term: &'static str,
    pub text: String,
}

/// One thing that happened, before it has its place.
struct Entry {
    /// What comes of what, of one instant; and the order of the ledger.
    after: (Step, i64),
    shown: TimelineEntry,
}

/// What happens in one instant, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Asked,
    Link,
    Decided,
    Mailed,
    Downloaded,
    CameBack,
    Stopped,
}

/// All of it, newest first; `named` is what readers know a purpose by, from its code.
pub(super) async fn list(
    tx: &mut Tx,
    person: &Subscriber,
    stopped: &[subject_access::HeldSuppression],
    named: impl Fn(&str) -> String,
) -> Result<Vec<TimelineEntry>, Error> {
    let reports = reports::list(tx).await?;
    let events = subject_access::list_events(tx, person).await?;
    let told = events.iter().map(|one| event(one, &named(one.purpose.as_str()), &reports));
    let mut entries = told.collect::<Result<Vec<_>, _>>()?;
    entries.extend(stopped.iter().filter_map(stop));
    entries.extend(subject_access::list_mails(tx, person).await?.iter().map(mail));
    entries.extend(subject_access::list_bounces(tx, person).await?.iter().map(bounce));
    let grants = subject_access::list_grants(tx, person.subscriber_id).await?;
    for (grant_id, at) in subject_access::list_starts(tx, person.subscriber_id).await? {
        let grant = grants.iter().find(|grant| grant.download_grant_id == grant_id);
        let report = grant.map_or("", |grant| title(&reports, grant.report.as_str()));
        let facts = facts(&[("Report", report)]);
        entries.push(entry((at, Step::Downloaded), ("Downloaded", ""), facts));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.shown.at, entry.after)));
    Ok(entries.into_iter().map(|entry| entry.shown).collect())
}

fn entry(
    (at, step): (Timestamp, Step),
    (title, kind): (&str, &'static str),
    facts: Vec<Fact>,
) -> Entry {
    let title = title.to_owned();
    let shown = TimelineEntry { at, title, kind, facts, words: None, receipt: None };
    Entry { after: (step, 0), shown }
}

fn facts(facts: &[(&'static str, &str)]) -> Vec<Fact> {
    let known = facts.iter().filter(|(_, text)| !text.is_empty());
    known.map(|(term, text)| Fact { term, text: (*text).to_owned() }).collect()
}

/// What a report is called.
fn title<'a>(reports: &'a [Report], slug: &'a str) -> &'a str {
    let known = reports.iter().find(|report| report.slug.as_str() == slug);
    known.map_or(slug, |report| report.title.as_str())
}

/// Where a choice was made, in words; what came with an import, or from a program, stands as it is.
fn place(source: &str, reports: &[Report]) -> String {
    match source {
        "/preferences" => "Their own choices page",
        "/unsubscribe" => "The page that a newsletter’s link to unsubscribe leads to",
        "/newsletters" => "The newsletters page",
        "/renew" => "The page that asks again under a new policy",
        "/confirm" => "The page behind the link that was mailed",
        "/check-your-inbox/code" => "The page that a mailed code led to",
        "/embed/newsletters" => "The form for newsletters, in a frame",
        "/api/v1/signups" => "The API, from a page that was not named",
        "complaint" => "They reported a mail as spam",
        "console" => "This console",
        source => {
            if let Some(slug) = source.strip_prefix("/reports/") {
                return format!("The form of the report {}", title(reports, slug));
            }
            if let Some(slug) = source.strip_prefix("/embed/") {
                return format!("The form of the report {}, in a frame", title(reports, slug));
            }
            return source.to_owned();
        }
    }
    .to_owned()
}

fn event(
    event: &subject_access::HeldEvent,
    purpose: &str,
    reports: &[Report],
) -> Result<Entry, Error> {
    let (heading, kind) = match event.event_type {
        EventType::Requested => ("Asked for by a form", "wait"),
        EventType::Given => ("Agreed", "on"),
        EventType::Renewed => ("Agreed again", "on"),
        EventType::Withdrawn => ("Withdrew", ""),
        EventType::Expired => ("Consent ended, not renewed in time", ""),
        EventType::Erased => ("Erased", ""),
    };
    let body = event.evidence().map_err(crate::flows::Error::from)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let how = HowGiven::read(&body);
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let (policy, source, method) =
        (text(&body["policy"]["label"]), known(&how.source), known(&how.method));
    let (report, evidence) = (text(&body["report"]), text(&body["evidence"]));
    let agreed = matches!(event.event_type, EventType::Given | EventType::Renewed);
    let pressed = agreed && body["signup_id"].is_string() && matches!(&*method, "form" | "api");
    let its_own = source == format!("/reports/{report}");
    let confirmed = match how.confirmed_by.as_deref() {
        None if pressed => OLDER_CONFIRMATION,
        by => by.map_or("", confirmed_by),
    };
    let facts = facts(&[
        ("Purpose", purpose),
        ("Confirmed", confirmed),
        ("Policy", &policy),
        ("By", &way(&method)),
        ("Where", &place(&source, reports)),
        ("Page around the form, as stated", how.page.as_deref().unwrap_or_default()),
        ("Words shown by", how.drawn_by.as_deref().map_or("", shown_by)),
        ("Blank form", how.form.as_deref().unwrap_or_default()),
        ("Report", if its_own { "" } else { title(reports, &report) }),
        ("Evidence", &evidence),
    ]);
    let words = body["notice"]["text"].as_str().map(str::to_owned);
    let receipt = event.body.is_some().then(|| format!("/console/receipts/{}", event.event_id));
    let step = if event.event_type == EventType::Requested { Step::Asked } else { Step::Decided };
    let Entry { shown, .. } = entry((event.recorded_at, step), (heading, kind), facts);
    Ok(Entry { after: (step, event.seq), shown: TimelineEntry { words, receipt, ..shown } })
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

/// Who showed the words of a form, in words.
pub(super) fn shown_by(drawn_by: &str) -> &str {
    match drawn_by {
        "ours" => "this program, as far as whoever sent the form said",
        "element" => "our script, as the page said that it stood on",
        "page" => "somebody else, as they say",
        other => other,
    }
}

/// By what an address was confirmed, in words.
pub(super) fn confirmed_by(by: &str) -> &str {
    match by {
        "link" => "By the button behind the mailed link",
        "code" => "By the mailed code",
        other => other,
    }
}

/// Of an event that does not say by which of them.
const OLDER_CONFIRMATION: &str = "By the button behind the mailed link, or the mailed code";

fn mail(mail: &subject_access::HeldMail) -> Entry {
    let colour = match mail.state {
        OutboxState::Queued => "wait",
        OutboxState::Parked => "bad",
        OutboxState::Sent | OutboxState::Dropped => "",
    };
    let step = if mail.kind == MailKind::Confirm { Step::Link } else { Step::Mailed };
    let title = format!("Mail: {}", labels::kind(mail.kind));
    let facts = facts(&[("State", labels::state(mail.state))]);
    entry((mail.created_at, step), (&title, colour), facts)
}

fn bounce(bounce: &subject_access::HeldBounce) -> Entry {
    let status = bounce.status.as_deref().unwrap_or_default();
    let facts = facts(&[("Mail", labels::kind(bounce.mail)), ("Status", status)]);
    let at = (bounce.received_at, Step::CameBack);
    entry(at, (labels::bounced(bounce.kind), "bad"), facts)
}

/// What stops mail to them now. Of what they left, the withdrawal tells; what was lifted is known by the audit
/// alone, which names nobody.
fn stop(stopped: &subject_access::HeldSuppression) -> Option<Entry> {
    let (title, why) = match stopped.reason {
        SuppressionReason::Bounced => ("All mail stopped", "Mail came back for good"),
        SuppressionReason::Complained => ("All mail stopped", "They reported our mail as spam"),
        SuppressionReason::Manual => ("All mail stopped by staff", ""),
        SuppressionReason::Erased => ("All mail stopped", "The address was erased"),
        SuppressionReason::NotMe => {
            ("Confirmation mail stopped", "They said that they had not asked")
        }
        SuppressionReason::Unsubscribed => return None,
    };
    let at = (stopped.since, Step::Stopped);
    let from = stopped.source.as_deref().unwrap_or_default();
    Some(entry(at, (title, "bad"), facts(&[("Why", why), ("From", from)])))
}
