//! Contacts who agreed elsewhere are brought in with the evidence of it. Nothing is `given` without, and
//! no import undoes what somebody decided here.

use std::collections::HashMap;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::ConsentFields;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::imported_contact::{ImportedContact, ImportedWords};
use crate::domain::contacts::search::SearchWords;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::submitted_form::Method;
use crate::domain::text::Line;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::contexts::Contexts;
use crate::flows::ledger::evidence::{Form, Order, Subject, Workflow};
use crate::flows::signup::sign_up::words;
use crate::flows::{Case, Error, FlowSettings};
use crate::outside::{EndingReason, Endings, Scope};
use crate::store::Tx;
use crate::store::catalog::notices;
use crate::store::catalog::notices::Notice;
use crate::store::consent::events;
use crate::store::contacts::imports::{
    self, ImportedConsent, ImportedSubscriber, ImportedTerms, KnownAddress, Taken,
};
use crate::store::policy::versions::PolicyVersion;

/// What all contacts of one import share.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// What they agreed to.
    pub purpose: &'a Purpose,
    /// The policy they agreed under.
    pub policy: &'a PolicyVersion,
    /// Where they come from.
    pub source: &'a Line,
    /// The words they agreed to.
    pub words: &'a ImportedWords,
}

/// One contact, and who that is.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// What the file says.
    pub contact: ImportedContact,
    /// Who it says it of.
    pub address_key: AddressKey,
}

/// What becomes of one contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Their consent is recorded.
    Imported,
    /// Their consent is in force already; nothing changes.
    AlreadyAgreed,
    /// Their consent is not recorded.
    Refused(Refusal),
}

/// Why consent given elsewhere does not count here. Names no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Suppression wins over everything at import.
    Suppressed(SuppressionReason),
    /// Their consent ended later than the file says they gave it.
    LeftAfter(Timestamp),
    /// They withdrew before that; a file is not their own tick.
    Withdrew(Timestamp),
}

impl Refusal {
    /// In words, with the day in this zone.
    #[must_use]
    pub fn words(self, timezone: &TimeZone) -> String {
        match self {
            Self::Suppressed(reason) => format!("suppressed: {}", because(reason)),
            Self::LeftAfter(at) => {
                format!("left after that: consent ended here on {}", timezone.day(at))
            }
            Self::Withdrew(at) => {
                format!("withdrew here on {}, and comes back by a form alone", timezone.day(at))
            }
        }
    }
}

fn because(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Unsubscribed => "unsubscribed",
        SuppressionReason::Bounced => "mail bounced",
        SuppressionReason::Complained => "complained of spam",
        SuppressionReason::Erased => "erased",
        SuppressionReason::NotMe => "did not ask",
        SuppressionReason::Manual => "set by staff",
    }
}

/// How one batch ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Batch {
    /// The verdict on each row, in their order.
    Done(Vec<Verdict>),
    /// Somebody decided otherwise at this moment, and nothing is imported: try again.
    Overtaken,
}

/// The verdict on consent given elsewhere at `consented_at`, by where the address stands here.
#[must_use]
pub fn judge(standing: &KnownAddress, consented_at: Timestamp) -> Verdict {
    if let Some(reason) = standing.suppressed {
        return Verdict::Refused(Refusal::Suppressed(reason));
    }
    match (standing.state, standing.changed_at) {
        (Some(EventType::Given | EventType::Renewed), _) => Verdict::AlreadyAgreed,
        (Some(_), Some(ended)) if ended > consented_at => {
            Verdict::Refused(Refusal::LeftAfter(ended))
        }
        (Some(EventType::Withdrawn), Some(ended)) => Verdict::Refused(Refusal::Withdrew(ended)),
        _ => Verdict::Imported,
    }
}

/// What is known outside the database that keeps consent given elsewhere from counting here, if anything does: the
/// database may have been made to forget it.
fn ended(
    endings: &Endings,
    (address_key, subscriber_key): (&AddressKey, Option<AddressKey>),
    purpose: &Purpose,
    consented_at: Timestamp,
) -> Option<Refusal> {
    // Nothing stands without the privacy policy.
    let of = [purpose.clone(), Purpose::privacy_policy()];
    let keys: Vec<AddressKey> =
        std::iter::once(address_key.clone()).chain(subscriber_key).collect();
    if !of.iter().any(|of| endings.forbids(&keys, of, Timestamp::EARLIEST).is_some()) {
        return None;
    }
    let holds = |reason: &SuppressionReason| {
        let is_of = |of: Option<&Purpose>| {
            let (address_key, reason) = (address_key.clone(), EndingReason::Suppressed(*reason));
            let began = endings.began(Scope { address_key, reason, purpose: of.cloned() });
            began.is_some_and(|began| !began.lifted)
        };
        match reason {
            // Not having asked for a confirmation is not about consent.
            SuppressionReason::NotMe => false,
            SuppressionReason::Unsubscribed => of.iter().any(|of| is_of(Some(of))),
            _ => is_of(None),
        }
    };
    if let Some(reason) = SuppressionReason::ALL.into_iter().find(holds) {
        return Some(Refusal::Suppressed(reason));
    }
    endings.forbids(&keys, purpose, consented_at).map(Refusal::LeftAfter)
}

/// The verdicts on these rows as things stand, in the database and outside it, in their order; changes nothing.
///
/// # Errors
/// When the database does not answer, or what is known outside it cannot be read.
pub async fn consider(
    tx: &mut Tx,
    settings: &FlowSettings,
    purpose: &Purpose,
    rows: &[&ImportRow],
) -> Result<Vec<Verdict>, Error> {
    let keys: Vec<&AddressKey> = rows.iter().map(|row| &row.address_key).collect();
    let standings = imports::list_known(tx, purpose, &keys).await?;
    let by_key: HashMap<&AddressKey, &KnownAddress> =
        standings.iter().map(|standing| (&standing.address_key, standing)).collect();
    let endings = tx.outside().endings().await?;
    let verdict = |row: &&ImportRow| {
        let consented_at = row.contact.consented_at;
        let standing = by_key.get(&row.address_key)?;
        let verdict = judge(standing, consented_at);
        if verdict != Verdict::Imported {
            return Some(verdict);
        }
        let subscriber_key =
            standing.subscriber_id.map(|id| settings.address_secret.subscriber_key(id));
        let ended = ended(&endings, (&row.address_key, subscriber_key), purpose, consented_at);
        Some(ended.map_or(verdict, Verdict::Refused))
    };
    // A row that the database did not answer for is not taken for an unknown address.
    rows.iter().map(|row| verdict(row).ok_or(Error::Store(sqlx::Error::RowNotFound))).collect()
}

/// Records the consent of those rows that may be imported: subscriber made or found, one `given` event
/// with its evidence, present state. Each address may stand in `rows` once. Lifts no suppression.
///
/// # Errors
/// When the database does not take it; then none is imported.
pub async fn import_contacts(
    tx: &mut Tx,
    case: Case<'_>,
    import: &Import<'_>,
    rows: &[&ImportRow],
) -> Result<Batch, Error> {
    let Case { at, settings } = case;
    let verdicts = consider(tx, settings, import.purpose, rows).await?;
    let mut coming = Vec::with_capacity(rows.len());
    for (row, verdict) in rows.iter().zip(&verdicts) {
        if *verdict == Verdict::Imported {
            coming.push(*row);
        }
    }
    if coming.is_empty() {
        return Ok(Batch::Done(verdicts));
    }
    let notice = notices::insert_or_find(tx, at, import.purpose, import.words.as_str()).await?;
    let subscribers: Vec<_> = coming.iter().map(|row| subscriber(case, row)).collect();
    let taken = imports::upsert_subscribers(tx, at.now, &subscribers).await?;
    // Whoever was confirming, leaving or being erased when this began has finished, for the rows are
    // locked now: what they decided counts.
    let again = consider(tx, settings, import.purpose, &coming).await?;
    if again.iter().any(|verdict| *verdict != Verdict::Imported) {
        tx.give_up();
        return Ok(Batch::Overtaken);
    }
    record(tx, case, Agreed { import, notice: &notice }, &arrived(&coming, &taken)?).await?;
    Ok(Batch::Done(verdicts))
}

fn subscriber<'a>(case: Case<'_>, row: &'a ImportRow) -> ImportedSubscriber<'a> {
    let Case { at, settings } = case;
    let subscriber_id = at.new_id();
    let contact = &row.contact;
    let email = contact.email.as_str();
    let name = contact.name.as_ref().map(Line::as_str);
    let organisation = contact.organisation.as_ref().map(Line::as_str);
    let job_title = contact.job_title.as_ref().map(Line::as_str);
    ImportedSubscriber {
        subscriber_id,
        email,
        address_key: &row.address_key,
        name,
        organisation,
        words: SearchWords::new(email, [name, organisation, job_title]).kept(),
        job_title,
        mac: settings.evidence_key.subscriber(subscriber_id, &row.address_key),
    }
}

/// What all contacts of one import agreed to, and the notice with its words.
#[derive(Clone, Copy)]
struct Agreed<'a> {
    import: &'a Import<'a>,
    notice: &'a Notice,
}

/// A contact of the file, and the subscriber that was made or found for it.
type Arrived<'a> = (&'a ImportedContact, &'a Taken);

fn arrived<'a>(rows: &[&'a ImportRow], taken: &'a [Taken]) -> Result<Vec<Arrived<'a>>, Error> {
    let by_key: HashMap<&AddressKey, &'a ImportRow> =
        rows.iter().map(|row| (&row.address_key, *row)).collect();
    let pair = |taken: &'a Taken| {
        let row = by_key.get(&taken.address_key);
        Ok((&row.ok_or(Error::Store(sqlx::Error::RowNotFound))?.contact, taken))
    };
    taken.iter().map(pair).collect()
}

async fn record(
    tx: &mut Tx,
    case: Case<'_>,
    Agreed { import, notice }: Agreed<'_>,
    arrived: &[Arrived<'_>],
) -> Result<(), Error> {
    let settings = case.settings;
    let known: Vec<(Uuid, i64)> = arrived
        .iter()
        .filter(|(_, taken)| taken.seq > 1)
        .map(|(_, taken)| (taken.described.subscriber_id, taken.seq - 1))
        .collect();
    let leaves = events::list_leaves(tx, &known).await?;
    let (mut events, mut consents, contexts) = (vec![], vec![], Contexts::default());
    for (contact, taken) in arrived {
        let data = contact.data();
        let form = Form {
            signup_id: None,
            email: contact.email.as_str(),
            method: Method::Import,
            policy: import.policy.into(),
            report: None,
            requested_at: contact.consented_at,
            source: import.source.as_str(),
            evidence: Some(contact.method.as_str()),
            workflow: Workflow { data: &data, ..Workflow::default() },
        };
        let subscriber_id = taken.described.subscriber_id;
        let owner = (taken.described.email.as_str(), &taken.address_key);
        settings.demand_own_address(subscriber_id, owner, taken.mac.as_deref())?;
        let leaf = leaves.get(&subscriber_id).map(String::as_str);
        let mut order = Order::after(case, Subject::Subscriber(subscriber_id), taken.seq, leaf);
        let shown = contexts.shown(settings, &form, &words(notice))?;
        let event = order.event(EventType::Given, &form, &shown)?;
        let mac = settings.evidence_key.consent(&ConsentFields {
            subscriber_id,
            address_key: &taken.address_key,
            purpose: import.purpose,
            state: EventType::Given,
            event_id: event.event_id,
            seq: event.seq,
            notice_sha256: &notice.sha256,
            policy_label: import.policy.label.as_str(),
            report_id: None,
            source: import.source.as_str(),
            requested_at: contact.consented_at,
            confirmed_at: contact.consented_at,
        });
        consents.push(ImportedConsent {
            subscriber_id,
            event_id: event.event_id,
            consented_at: contact.consented_at,
            mac,
        });
        events.push(event);
    }
    events::append_all(tx, &events).await?;
    let shared = ImportedTerms {
        purpose: import.purpose,
        notice_id: notice.notice_id,
        policy_version_id: import.policy.policy_version_id,
        source: import.source.as_str(),
    };
    imports::upsert_consents(tx, &shared, &consents).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::domain::contacts::email_address::EmailAddress;

    fn standing(state: Option<EventType>, changed: Option<&str>) -> KnownAddress {
        let address = EmailAddress::parse("ada@b.example").unwrap();
        KnownAddress {
            address_key: AddressSecret::new([1; 32]).key(&address),
            subscriber_id: None,
            suppressed: None,
            state,
            changed_at: changed.and_then(Timestamp::parse),
        }
    }

    #[test]
    fn what_somebody_decided_here_wins_over_a_file() {
        let consented = Timestamp::parse("2024-06-01T00:00:00Z").unwrap();
        let verdict = |state, changed| judge(&standing(Some(state), Some(changed)), consented);
        let refused = |why: fn(Timestamp) -> Refusal, changed| {
            Verdict::Refused(why(Timestamp::parse(changed).unwrap()))
        };
        let (earlier, later) = ("2024-05-31T00:00:00Z", "2024-06-02T00:00:00Z");
        assert_eq!(judge(&standing(None, None), consented), Verdict::Imported);
        for changed in [earlier, later] {
            assert_eq!(verdict(EventType::Given, changed), Verdict::AlreadyAgreed);
            assert_eq!(verdict(EventType::Renewed, changed), Verdict::AlreadyAgreed);
        }
        assert_eq!(verdict(EventType::Withdrawn, later), refused(Refusal::LeftAfter, later));
        assert_eq!(verdict(EventType::Withdrawn, earlier), refused(Refusal::Withdrew, earlier));
        assert_eq!(verdict(EventType::Expired, later), refused(Refusal::LeftAfter, later));
        assert_eq!(verdict(EventType::Expired, earlier), Verdict::Imported);
    }

    #[test]
    fn suppression_wins_over_consent_in_force() {
        let mut suppressed = standing(Some(EventType::Given), Some("2024-06-01T00:00:00Z"));
        suppressed.suppressed = Some(SuppressionReason::Bounced);
        let verdict = judge(&suppressed, Timestamp::parse("2024-06-01T00:00:00Z").unwrap());
        let Verdict::Refused(why) = verdict else { panic!("{verdict:?}") };
        assert_eq!(why.words(&TimeZone::UTC), "suppressed: mail bounced");
    }
}
