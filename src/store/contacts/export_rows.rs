//! Contacts that may be written to, as the database hands them over.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::domain::consent::evidence_key::RowMac;
use crate::domain::timestamp::Timestamp;
use crate::store::policy::versions;
use crate::store::signup::signup_sources;
use crate::store::{Tx, on};

/// One contact that may be written to for the purpose, as it is read.
#[derive(Clone, Copy, Debug)]
pub struct ExportRow<'a> {
    /// The subscriber.
    pub subscriber_id: Uuid,
    /// Their verified address.
    pub email: &'a str,
    /// Their name, where they gave one.
    pub name: Option<&'a str>,
    /// Where they work, where they said so.
    pub organisation: Option<&'a str>,
    /// What they do there, where they said so.
    pub job_title: Option<&'a str>,
    /// `given` or `renewed`.
    pub state: &'a str,
    /// The hash of the words they saw.
    pub notice_sha256: &'a str,
    /// The policy they saw.
    pub policy_version: &'a str,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// The report of the signup that consented.
    pub report: Option<&'a str>,
    /// The page of its form.
    pub source: &'a str,
    /// The event that proves it.
    pub receipt_id: Uuid,
    /// Where they came from to that form, in the order of [`crate::domain::signup::signup_source::NAMES`].
    pub came_from: [Option<&'a str>; 7],
    /// What tells that this program wrote it.
    pub ground: Ground<'a>,
}

/// What a contact rests on, as the database has it.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The place of the event in the order of the subscriber's.
    pub seq: i64,
    /// What the event was about.
    pub event_type: &'a str,
    /// Its leaf.
    pub leaf: &'a str,
    /// Its MAC.
    pub event_mac: Option<RowMac>,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// The MAC of the consent.
    pub consent_mac: Option<RowMac>,
    /// Whether the same consent ended later.
    pub overtaken: bool,
}

/// What many contacts share, by its key: looked up here, it has not to be joined to each of a million rows.
#[derive(Debug)]
pub(in crate::store) struct Shared {
    /// The hashes of words.
    notices: HashMap<Uuid, String>,
    /// The labels of policies under which consents count at this moment.
    policies: HashMap<Uuid, String>,
    /// The names of reports.
    reports: HashMap<Uuid, String>,
    /// Whether it is known of anybody where they came from.
    pub(in crate::store) has_sources: bool,
}

impl Shared {
    /// All there is; a policy that this program did not publish so would hide that consents ran out.
    pub(in crate::store) async fn load(tx: &mut Tx, now: Timestamp) -> sqlx::Result<Self> {
        const NOTICES: &str = "SELECT notice_id, sha256 FROM notice";
        const REPORTS: &str = "SELECT report_id, slug FROM report";
        if let Some(label) = versions::list_strange(tx).await?.first() {
            let what =
                format!("policy {label} is in another language, or another one bears its label");
            return Err(sqlx::Error::Decode(what.into()));
        }
        let mut texts = [vec![], vec![]];
        for (texts, sql) in texts.iter_mut().zip([NOTICES, REPORTS]) {
            *texts =
                on!(tx, |conn| sqlx::query_as::<_, (Uuid, String)>(sql).fetch_all(conn).await)?;
        }
        let [notices, reports] = texts.map(|texts| texts.into_iter().collect());
        let policies = versions::list_counting(tx, now).await?;
        Ok(Self { notices, policies, reports, has_sources: signup_sources::any(tx).await? })
    }
}

/// Some rows as the database wrote them; what they say is read without copying it.
pub struct ExportRows {
    pub(in crate::store) rows: Rows,
    pub(in crate::store) shared: Arc<Shared>,
}

pub(in crate::store) enum Rows {
    /// One text: row by row, each would cross from the database's thread by itself, and that takes longer
    /// than reading it. Rows are divided by RS and fields by US, control characters that no field may hold; each row
    /// begins with its length, by which one that holds them is told.
    Sqlite(String),
    /// Columns in their binary form, which the server has not to put into words.
    Postgres(Vec<PgRow>),
}

impl ExportRows {
    /// Hands over each contact in order.
    ///
    /// # Errors
    /// When one is not as this program writes it, or what `each` returned.
    pub fn read<E: From<sqlx::Error>>(
        &self,
        mut each: impl FnMut(&ExportRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let shared = &self.shared;
        match &self.rows {
            Rows::Sqlite(text) if text.is_empty() => Ok(()),
            Rows::Sqlite(text) => {
                text.split('\u{1e}').try_for_each(|row| each(&read(row, shared)?))
            }
            Rows::Postgres(rows) => rows.iter().try_for_each(|row| each(&columns(row, shared)?)),
        }
    }
}

fn columns<'a>(row: &'a PgRow, shared: &'a Shared) -> sqlx::Result<ExportRow<'a>> {
    // The statement is ours, and so are the types of its columns: asking for each of each row takes longer than reading
    // it.
    macro_rules! column {
        ($number:literal) => {
            row.try_get_unchecked($number)?
        };
        ($number:literal as $read:ty) => {
            row.try_get_unchecked::<$read, _>($number)?
        };
    }
    let mac = |mac: Option<&[u8]>| mac.and_then(|mac| mac.try_into().ok());
    let report_id: Option<Uuid> = column!(10);
    let report = report_id.map(|id| find(&shared.reports, id)).transpose()?;
    Ok(ExportRow {
        subscriber_id: column!(0),
        email: column!(1),
        name: column!(2),
        organisation: column!(3),
        job_title: column!(4),
        state: column!(5),
        notice_sha256: find(&shared.notices, column!(6))?,
        policy_version: find(&shared.policies, column!(7))?,
        requested_at: column!(8),
        confirmed_at: column!(9),
        report,
        source: column!(11),
        receipt_id: column!(12),
        ground: Ground {
            seq: column!(13),
            event_type: column!(14),
            leaf: column!(15),
            event_mac: mac(column!(16 as Option<&[u8]>)),
            report_id,
            consent_mac: mac(column!(17 as Option<&[u8]>)),
            overtaken: column!(18),
        },
        came_from: [
            column!(19),
            column!(20),
            column!(21),
            column!(22),
            column!(23),
            column!(24),
            column!(25),
        ],
    })
}

fn find(texts: &HashMap<Uuid, String>, key: Uuid) -> sqlx::Result<&str> {
    texts.get(&key).map(String::as_str).ok_or_else(not_ours)
}

fn not_ours() -> sqlx::Error {
    sqlx::Error::Decode("a contact is not as this program writes it".into())
}

fn read<'a>(text: &'a str, shared: &'a Shared) -> sqlx::Result<ExportRow<'a>> {
    fields(text, shared).ok_or_else(not_ours)
}

/// Reads the one text; a field that held the divider would make one too many.
fn fields<'a>(text: &'a str, shared: &'a Shared) -> Option<ExportRow<'a>> {
    let (length, text) = text.split_once('\u{1f}')?;
    if length.parse() != Ok(text.len()) {
        return None;
    }
    let mut fields = text.split('\u{1f}');
    let mut next = || fields.next();
    let (subscriber_id, email) = (key(next()?)?, next()?);
    let (name, organisation, job_title) = (known(next()?), known(next()?), known(next()?));
    let state = next()?;
    let notice_sha256 = shared.notices.get(&key(next()?)?)?;
    let policy_version = shared.policies.get(&key(next()?)?)?;
    let requested_at = Timestamp::from_micros(next()?.parse().ok()?);
    let confirmed_at = Timestamp::from_micros(next()?.parse().ok()?);
    let report_id = match known(next()?) {
        Some(id) => Some(key(id)?),
        None => None,
    };
    let report = match report_id {
        Some(id) => Some(shared.reports.get(&id)?.as_str()),
        None => None,
    };
    let (source, receipt_id) = (next()?, key(next()?)?);
    let ground = Ground {
        seq: next()?.parse().ok()?,
        event_type: next()?,
        leaf: next()?,
        event_mac: key(next()?).map(Uuid::into_bytes),
        report_id,
        consent_mac: key(next()?).map(Uuid::into_bytes),
        overtaken: next()? != "0",
    };
    let mut came_from = [None; 7];
    for place in &mut came_from {
        *place = known(next()?);
    }
    let row = ExportRow {
        subscriber_id,
        email,
        name,
        organisation,
        job_title,
        state,
        notice_sha256,
        policy_version,
        requested_at,
        confirmed_at,
        report,
        source,
        receipt_id,
        came_from,
        ground,
    };
    fields.next().is_none().then_some(row)
}

/// A key in hex, or a MAC, which has the same form.
fn key(field: &str) -> Option<Uuid> {
    Uuid::try_parse(field).ok()
}

fn known(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0198a0d1c9a87b3c8d4e5f60718293a4|a@b.test|Ada||Head|given|\
                        00000000000000000000000000000001|00000000000000000000000000000002|1|2||/x|\
                        0198A0D1C9A87B3C8D4E5F60718293A5|1|given|leaf|\
                        0198A0D1C9A87B3C8D4E5F60718293A6||0|mail||||||https://press.example";

    fn shared() -> Shared {
        let one = |key, text: &str| [(Uuid::from_u128(key), text.to_owned())].into();
        Shared {
            notices: one(1, "ab"),
            policies: one(2, "2026-11"),
            reports: one(3, "sample"),
            has_sources: true,
        }
    }

    fn with_length(line: &str) -> String {
        format!("{}\u{1f}{line}", line.len())
    }

    #[test]
    fn one_text_is_read_field_by_field() {
        let text = with_length(&TEXT.replace('|', "\u{1f}"));
        let shared = shared();
        let row = fields(&text, &shared).unwrap();
        assert_eq!((row.notice_sha256, row.policy_version), ("ab", "2026-11"));
        assert_eq!((row.email, row.name, row.organisation), ("a@b.test", Some("Ada"), None));
        assert_eq!((row.requested_at.micros(), row.report, row.source), (1, None, "/x"));
        assert_eq!(row.came_from[..2], [Some("mail"), None]);
        assert_eq!(row.came_from[6], Some("https://press.example"));
        assert_eq!(row.receipt_id.as_u128() - row.subscriber_id.as_u128(), 1);
    }

    #[test]
    fn a_field_with_the_divider_is_not_read() {
        let other_words = TEXT.replace("0001|", "0004|");
        for text in
            [TEXT.replace("Ada", "A|da"), TEXT.replace("|given", ""), String::new(), other_words]
        {
            let text = with_length(&text.replace('|', "\u{1f}"));
            assert!(fields(&text, &shared()).is_none(), "{text}");
        }
        // A row within a row: what is cut off is shorter than it says.
        let whole = with_length(&TEXT.replace("Ada", "A\u{1e}da").replace('|', "\u{1f}"));
        assert!(whole.split('\u{1e}').all(|row| fields(row, &shared()).is_none()));
    }
}
