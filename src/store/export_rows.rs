//! Contacts that may be written to, as the database hands them over.

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::domain::evidence_key::RowMac;
use crate::domain::timestamp::Timestamp;

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

/// Some rows as the database wrote them; what they say is read without copying it.
pub struct ExportRows(pub(super) Rows);

pub(super) enum Rows {
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
        match &self.0 {
            Rows::Sqlite(text) if text.is_empty() => Ok(()),
            Rows::Sqlite(text) => text.split('\u{1e}').try_for_each(|row| each(&read(row)?)),
            Rows::Postgres(rows) => rows.iter().try_for_each(|row| each(&columns(row)?)),
        }
    }
}

fn columns(row: &PgRow) -> sqlx::Result<ExportRow<'_>> {
    Ok(ExportRow {
        subscriber_id: row.try_get(0)?,
        email: row.try_get(1)?,
        name: row.try_get(2)?,
        organisation: row.try_get(3)?,
        job_title: row.try_get(4)?,
        state: row.try_get(5)?,
        notice_sha256: row.try_get(6)?,
        policy_version: row.try_get(7)?,
        requested_at: row.try_get(8)?,
        confirmed_at: row.try_get(9)?,
        report: row.try_get(10)?,
        source: row.try_get(11)?,
        receipt_id: row.try_get(12)?,
        ground: Ground {
            seq: row.try_get(13)?,
            event_type: row.try_get(14)?,
            leaf: row.try_get(15)?,
            event_mac: row.try_get::<Option<&[u8]>, _>(16)?.and_then(|mac| mac.try_into().ok()),
            report_id: row.try_get(17)?,
            consent_mac: row.try_get::<Option<&[u8]>, _>(18)?.and_then(|mac| mac.try_into().ok()),
            overtaken: row.try_get(19)?,
        },
    })
}

fn read(text: &str) -> sqlx::Result<ExportRow<'_>> {
    fields(text)
        .ok_or_else(|| sqlx::Error::Decode("a contact is not as this program writes it".into()))
}

/// Reads the one text; a field that held the divider would make one too many.
fn fields(text: &str) -> Option<ExportRow<'_>> {
    let (length, text) = text.split_once('\u{1f}')?;
    if length.parse() != Ok(text.len()) {
        return None;
    }
    let mut fields = text.split('\u{1f}');
    let mut next = || fields.next();
    let row = ExportRow {
        subscriber_id: Uuid::try_parse(next()?).ok()?,
        email: next()?,
        name: known(next()?),
        organisation: known(next()?),
        job_title: known(next()?),
        state: next()?,
        notice_sha256: next()?,
        policy_version: next()?,
        requested_at: Timestamp::from_micros(next()?.parse().ok()?),
        confirmed_at: Timestamp::from_micros(next()?.parse().ok()?),
        report: known(next()?),
        source: next()?,
        receipt_id: Uuid::try_parse(next()?).ok()?,
        ground: Ground {
            seq: next()?.parse().ok()?,
            event_type: next()?,
            leaf: next()?,
            event_mac: mac(next()?),
            report_id: Uuid::try_parse(next()?).ok(),
            consent_mac: mac(next()?),
            overtaken: next()? != "0",
        },
    };
    fields.next().is_none().then_some(row)
}

/// A MAC in hex, which has the form of a key.
fn mac(field: &str) -> Option<RowMac> {
    Uuid::try_parse(field).ok().map(Uuid::into_bytes)
}

fn known(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0198a0d1c9a87b3c8d4e5f60718293a4|a@b.test|Ada||Head|given|ab|2026-11|1|2||/x|\
                        0198A0D1C9A87B3C8D4E5F60718293A5|1|given|leaf|\
                        0198A0D1C9A87B3C8D4E5F60718293A6|||0";

    fn with_length(line: &str) -> String {
        format!("{}\u{1f}{line}", line.len())
    }

    #[test]
    fn one_text_is_read_field_by_field() {
        let text = with_length(&TEXT.replace('|', "\u{1f}"));
        let row = fields(&text).unwrap();
        assert_eq!((row.email, row.name, row.organisation), ("a@b.test", Some("Ada"), None));
        assert_eq!((row.requested_at.micros(), row.report, row.source), (1, None, "/x"));
        assert_eq!(row.receipt_id.as_u128() - row.subscriber_id.as_u128(), 1);
    }

    #[test]
    fn a_field_with_the_divider_is_not_read() {
        for text in [TEXT.replace("Ada", "A|da"), TEXT.replace("|given", ""), String::new()] {
            assert!(fields(&with_length(&text.replace('|', "\u{1f}"))).is_none(), "{text}");
        }
        // A row within a row: what is cut off is shorter than it says.
        let whole = with_length(&TEXT.replace("Ada", "A\u{1e}da").replace('|', "\u{1f}"));
        assert!(whole.split('\u{1e}').all(|row| fields(row).is_none()));
    }
}
