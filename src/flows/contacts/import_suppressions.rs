//! Another tool's list of addresses that are not to be mailed is brought along, with its reasons and where it comes
//! from. It undoes nothing that somebody decided here later.

use std::collections::{HashMap, HashSet};

use assent_ledger::event_type::EventType;
use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::record_consent::{End, end};
use crate::flows::consent::withdraw::Leaving;
use crate::flows::tell_webhooks::tell_import;
use crate::flows::{Act, By, Case, Error};
use crate::outside::{EndingReason, Endings, Scope};
use crate::store::catalog::purposes;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::contacts::subscribers;
use crate::store::contacts::suppressions::{self, Suppressed};
use crate::store::{Db, Tx};

/// What all rows of one list share.
#[derive(Clone, Copy)]
pub struct SuppressionImport<'a> {
    /// Where the list comes from.
    pub source: &'a Line,
    /// What who unsubscribed there has left here.
    pub purposes: &'a [Purpose],
}

/// One address of the list.
#[derive(Clone, Debug)]
pub struct ListRow {
    /// The key of the address.
    pub address_key: AddressKey,
    /// Why it is not to be mailed.
    pub reasons: Vec<SuppressionReason>,
    /// When that began, if the list says it.
    pub at: Option<Timestamp>,
}

/// What becomes of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// The address is suppressed from now on.
    Suppressed,
    /// It was, for all the reasons of the row.
    Already,
    /// Nothing follows from it.
    Refused(NotSuppressed),
}

/// Why nothing follows from a row. Names no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSuppressed {
    /// They agreed here later than they left there.
    CameBack(Timestamp),
    /// It was lifted here, and the list does not say that it happened again since.
    Lifted(SuppressionReason),
    /// There is nothing here that they could have left.
    NothingToLeave,
}

impl NotSuppressed {
    /// In words, with the day in this zone.
    #[must_use]
    pub fn words(self, timezone: &TimeZone) -> String {
        match self {
            Self::CameBack(at) => {
                format!("agreed here later than that, on {}", timezone.day(at))
            }
            Self::Lifted(reason) => format!(
                "{} was lifted here since: the list must say when it happened again",
                reason.as_str()
            ),
            Self::NothingToLeave => {
                "there is no newsletter or purpose yet that they could have left".to_owned()
            }
        }
    }
}

/// What somebody who left another tool's list leaves here when nobody says otherwise: all that can be written for.
pub async fn all_purposes(db: &Db) -> Result<Vec<Purpose>, Error> {
    let named = purposes::list_named(&mut db.read().await?).await?;
    let codes = named.into_iter().map(|(code, _)| code);
    Ok(codes.filter(|code| !code.is_privacy_policy()).collect())
}

/// What follows from one row: the suppressions that begin, or why none does.
type Decided = Result<Vec<Suppressed>, NotSuppressed>;

/// What becomes of these rows as things stand; changes nothing.
///
/// # Errors
/// When the database does not answer, or what is known outside it cannot be read.
pub async fn consider_suppressions(
    tx: &mut Tx,
    import: &SuppressionImport<'_>,
    rows: &[ListRow],
) -> Result<Vec<RowOutcome>, Error> {
    let keys: Vec<&AddressKey> = rows.iter().map(|row| &row.address_key).collect();
    let people = people_of(tx, &keys).await?;
    let decided = decide(tx, import, rows, &people).await?;
    let there: HashSet<Suppressed> =
        suppressions::list_among(tx, &keys).await?.into_iter().collect();
    let begins = decided.iter().flatten().flatten();
    Ok(tell(&decided, begins.filter(|one| !there.contains(one)).cloned().collect()))
}

/// Suppresses the addresses of these rows, and withdraws what their owners had agreed to and have left; no mail
/// follows from it.
///
/// # Errors
/// When the database does not take it; then nothing of it is written.
pub async fn import_suppressions(
    tx: &mut Tx,
    case: Case<'_>,
    import: &SuppressionImport<'_>,
    rows: &[ListRow],
) -> Result<Vec<RowOutcome>, Error> {
    let keys: Vec<&AddressKey> = rows.iter().map(|row| &row.address_key).collect();
    let people = people_of(tx, &keys).await?;
    // In the order in which imports take them, so that neither waits for the other in turn.
    let mut in_order: Vec<(&AddressKey, &Uuid)> = people.iter().collect();
    in_order.sort_unstable();
    let mut locked = HashMap::new();
    for (address_key, subscriber_id) in in_order {
        if let Some(subscriber) = subscribers::lock(tx, *subscriber_id).await? {
            locked.insert(address_key, subscriber);
        }
    }
    let decided = decide(tx, import, rows, &people).await?;
    let begins: Vec<Suppressed> = decided.iter().flatten().flatten().cloned().collect();
    let source = import.source.as_str();
    let new = suppressions::insert_all(tx, case.at.now, &begins, source).await?;
    for (row, begins) in rows.iter().zip(&decided) {
        let (Some(subscriber), Ok(begins)) = (locked.get(&row.address_key), begins) else {
            continue;
        };
        // A row before may have ended some of it.
        let consents = consents::list(tx, subscriber.subscriber_id).await?;
        let ended = |consent: &&CurrentConsent| begins.iter().any(|begun| ends(begun, consent));
        let consents = consents.iter().filter(ended).collect();
        let (event_type, by) = (EventType::Withdrawn, By { method: Method::Import, source });
        end(tx, case, subscriber, End { consents, event_type, by }).await?;
    }
    Ok(tell(&decided, new.into_iter().collect()))
}

async fn people_of(tx: &mut Tx, keys: &[&AddressKey]) -> Result<HashMap<AddressKey, Uuid>, Error> {
    Ok(suppressions::list_subscribers(tx, keys).await?.into_iter().collect())
}

async fn decide(
    tx: &mut Tx,
    import: &SuppressionImport<'_>,
    rows: &[ListRow],
    people: &HashMap<AddressKey, Uuid>,
) -> Result<Vec<Decided>, Error> {
    let endings = tx.outside().endings().await?;
    let mut decided = Vec::with_capacity(rows.len());
    for row in rows {
        let standing = match people.get(&row.address_key) {
            Some(subscriber_id) => consents::list(tx, *subscriber_id).await?,
            None => vec![],
        };
        decided.push(decide_row(import, row, &standing, &endings));
    }
    Ok(decided)
}

fn decide_row(
    import: &SuppressionImport<'_>,
    row: &ListRow,
    standing: &[CurrentConsent],
    endings: &Endings,
) -> Decided {
    let (mut begins, mut why) = (vec![], None);
    let key = &row.address_key;
    for reason in &row.reasons {
        let of: Vec<Option<&Purpose>> = match reason {
            SuppressionReason::Unsubscribed => import.purposes.iter().map(Some).collect(),
            _ => vec![None],
        };
        for purpose in of {
            let back = purpose.and_then(|purpose| came_back(standing, purpose, row.at));
            let stays = back.map(NotSuppressed::CameBack).or_else(|| {
                let scope = Scope {
                    address_key: key.clone(),
                    reason: EndingReason::Suppressed(*reason),
                    purpose: purpose.cloned(),
                };
                let lifted = was_lifted(endings, scope, row.at);
                lifted.then_some(NotSuppressed::Lifted(*reason))
            });
            match stays {
                Some(stays) => why = why.or(Some(stays)),
                None => begins.push(Suppressed::new(key, *reason, purpose)),
            }
        }
    }
    if begins.is_empty() { Err(why.unwrap_or(NotSuppressed::NothingToLeave)) } else { Ok(begins) }
}

/// When they agreed to this, if that is in force and later than the list says they left.
fn came_back(
    standing: &[CurrentConsent],
    purpose: &Purpose,
    left: Option<Timestamp>,
) -> Option<Timestamp> {
    let of = standing.iter().find(|one| one.purpose == *purpose && one.state.in_force())?;
    (of.confirmed_at > left?).then_some(of.confirmed_at)
}

/// Whether this began before and was lifted, and the list says of no later moment that it began again: so bringing a
/// list a second time does not stop mail to who came back in between.
fn was_lifted(endings: &Endings, scope: Scope, at: Option<Timestamp>) -> bool {
    let began = endings.began(scope).filter(|began| began.lifted);
    began.is_some_and(|began| at.is_none_or(|at| at <= began.at))
}

/// Whether a consent ends by this: what was left, and after a complaint all that can be written for, as when it comes
/// from a mailbox of ours (GDPR Art. 21(2)).
fn ends(begun: &Suppressed, standing: &CurrentConsent) -> bool {
    let leaving = match begun.reason {
        SuppressionReason::Unsubscribed => begun.purpose.clone().map(Leaving::One),
        SuppressionReason::Complained => Some(Leaving::Writing),
        _ => None,
    };
    leaving.is_some_and(|leaving| leaving.ends(&standing.purpose))
}

/// What became of each row. A suppression is new for the first row that has it.
fn tell(decided: &[Decided], mut new: HashSet<Suppressed>) -> Vec<RowOutcome> {
    let tell_one = |decided: &Decided| match decided {
        Err(why) => RowOutcome::Refused(*why),
        Ok(begins) => {
            let is_new = begins.iter().filter(|begun| new.remove(begun)).count() > 0;
            if is_new { RowOutcome::Suppressed } else { RowOutcome::Already }
        }
    };
    decided.iter().map(tell_one).collect()
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListTally {
    /// Addresses that are suppressed from now on.
    pub suppressed: u64,
    /// Addresses that were suppressed before.
    pub already: u64,
    /// Rows refused.
    pub refused: u64,
}

impl ListTally {
    /// All rows.
    #[must_use]
    pub fn rows(self) -> u64 {
        self.suppressed + self.already + self.refused
    }
}

/// Writes down that a list begins to be brought along, so that one that is cut short is in the audit too.
pub async fn record_list_import_start(
    tx: &mut Tx,
    act: &Act,
    import: &SuppressionImport<'_>,
    sha256: &[u8],
) -> Result<(), Error> {
    let detail = json!({
        "source": import.source.as_str(), "purposes": import.purposes, "sha256": HEXLOWER.encode(sha256),
    });
    act.audit(tx, Action::ImportSuppressStart, &detail).await?;
    Ok(())
}

/// A list that was gone through.
#[derive(Clone, Copy)]
pub struct ImportedList<'a> {
    /// The hash of its bytes.
    pub sha256: &'a [u8],
    /// What its rows came to.
    pub tally: ListTally,
}

/// Writes down what a list came to: where it comes from, its hash, and how many rows came to what.
pub async fn record_list_import(
    tx: &mut Tx,
    act: &Act,
    import: &SuppressionImport<'_>,
    done: ImportedList<'_>,
) -> Result<(), Error> {
    let ImportedList { sha256, tally } = done;
    let detail = json!({
        "source": import.source.as_str(), "purposes": import.purposes, "sha256": HEXLOWER.encode(sha256),
        "suppressed": tally.suppressed, "already": tally.already, "refused": tally.refused,
    });
    act.audit(tx, Action::ImportSuppress, &detail).await?;
    let about = json!({"kind": "suppressions", "purposes": import.purposes, "suppressed": tally.suppressed,
                       "already": tally.already, "refused": tally.refused});
    Ok(tell_import(tx, &act.at, about).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::domain::contacts::email_address::EmailAddress;
    use crate::outside::{Ending, Turn};

    fn key() -> AddressKey {
        AddressSecret::new([1; 32]).key(&EmailAddress::parse("ada@b.example").unwrap())
    }

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn ending(at: &str, turn: Turn, reason: SuppressionReason, purpose: Option<&str>) -> Ending {
        let purpose = purpose.map(|code| code.parse().unwrap());
        let reason = EndingReason::Suppressed(reason);
        Scope { address_key: key(), reason, purpose }.turned(moment(at), turn)
    }

    fn decided(reasons: &[SuppressionReason], at: Option<&str>, endings: Vec<Ending>) -> Decided {
        let source = Line::parse("The old list").unwrap().unwrap();
        let purposes: Vec<Purpose> =
            ["newsletter:weekly", "offers"].map(|code| code.parse().unwrap()).to_vec();
        let import = SuppressionImport { source: &source, purposes: &purposes };
        let row = ListRow { address_key: key(), reasons: reasons.to_vec(), at: at.map(moment) };
        decide_row(&import, &row, &[], &Endings::from_lines(endings))
    }

    fn code(begun: &Suppressed) -> Option<&str> {
        begun.purpose.as_ref().map(Purpose::as_str)
    }

    #[test]
    fn who_unsubscribed_leaves_each_purpose_and_the_rest_stops_all_mail() {
        let both = [SuppressionReason::Unsubscribed, SuppressionReason::Bounced];
        let begins = decided(&both, None, vec![]).unwrap();
        let scopes: Vec<(SuppressionReason, Option<&str>)> =
            begins.iter().map(|begun| (begun.reason, code(begun))).collect();
        let (weekly, offers) = (Some("newsletter:weekly"), Some("offers"));
        assert_eq!(scopes, [(both[0], weekly), (both[0], offers), (both[1], None)]);
        assert_eq!(decided(&[], None, vec![]), Err(NotSuppressed::NothingToLeave));
    }

    #[test]
    fn what_was_lifted_here_stays_lifted_until_it_happens_again() {
        use SuppressionReason::{Bounced, Unsubscribed};
        let began = ending("2026-01-01T00:00:00Z", Turn::Began, Bounced, None);
        let lifted = ending("2026-02-01T00:00:00Z", Turn::Lifted, Bounced, None);
        let both = vec![began.clone(), lifted];
        assert!(decided(&[Bounced], None, vec![began]).is_ok());
        assert_eq!(decided(&[Bounced], None, both.clone()), Err(NotSuppressed::Lifted(Bounced)));
        let before = Some("2025-12-01T00:00:00Z");
        assert_eq!(decided(&[Bounced], before, both.clone()), Err(NotSuppressed::Lifted(Bounced)));
        assert!(decided(&[Bounced], Some("2026-03-01T00:00:00Z"), both).is_ok());
        // One purpose that somebody came back to leaves the other.
        let back = vec![
            ending("2026-01-01T00:00:00Z", Turn::Began, Unsubscribed, Some("offers")),
            ending("2026-02-01T00:00:00Z", Turn::Lifted, Unsubscribed, Some("offers")),
        ];
        let begins = decided(&[Unsubscribed], None, back).unwrap();
        assert_eq!((begins.len(), code(&begins[0])), (1, Some("newsletter:weekly")));
    }

    #[test]
    fn a_suppression_is_new_once() {
        let begins = decided(&[SuppressionReason::Manual], None, vec![]);
        let new = begins.clone().unwrap().into_iter().collect();
        let told = tell(&[begins.clone(), begins, Err(NotSuppressed::NothingToLeave)], new);
        let refused = RowOutcome::Refused(NotSuppressed::NothingToLeave);
        assert_eq!(told, [RowOutcome::Suppressed, RowOutcome::Already, refused]);
    }
}
