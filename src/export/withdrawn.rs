//! Who must be removed from copies, as a file: those whose consent ended.

use std::io;

use assent_ledger::epoch::Epoch;
use strum::EnumString;

use super::csv::CsvRows;
use crate::domain::contacts::export_format::Format;
use crate::domain::ledger::cursor::Cursor;
use crate::store::consent::withdrawals::Withdrawal;

/// The form of such a file: a workbook would hold nothing that a program needs to remove somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum TextFormat {
    /// RFC 4180, as exports are.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl TextFormat {
    /// Its word, and the ending of its files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Format::from(self).as_str()
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        Format::from(self).media_type()
    }
}

impl From<TextFormat> for Format {
    fn from(format: TextFormat) -> Self {
        match format {
            TextFormat::Csv => Self::Csv,
            TextFormat::Ndjson => Self::Ndjson,
        }
    }
}

/// Writes withdrawals.
pub struct WithdrawnRows {
    rows: Rows,
    epoch: Epoch,
}

enum Rows {
    Csv(Box<CsvRows>),
    Ndjson(Vec<u8>),
}

const NAMES: [&str; 6] = ["cursor", "subscriber_id", "email", "purpose", "event", "at"];

impl WithdrawnRows {
    /// Begins a file, whose cursors are of this epoch.
    ///
    /// # Errors
    /// Never: memory takes what it is given.
    pub fn begin(format: TextFormat, epoch: Epoch) -> io::Result<Self> {
        let rows = match format {
            TextFormat::Csv => Rows::Csv(Box::new(CsvRows::begin(NAMES.into_iter())?)),
            TextFormat::Ndjson => Rows::Ndjson(Vec::new()),
        };
        Ok(Self { rows, epoch })
    }

    /// One row. Where nothing is known, such as the address of somebody erased, it is empty.
    ///
    /// # Errors
    /// Never: memory takes what it is given.
    pub fn row(&mut self, withdrawal: &Withdrawal) -> io::Result<()> {
        let Withdrawal { cursor, subscriber_id, email, purpose, event, at } = withdrawal;
        let cursor = cursor.map(|after| Cursor { epoch: self.epoch, after });
        match &mut self.rows {
            Rows::Csv(csv) => {
                let (cursor, at) = (cursor.map(|cursor| cursor.to_string()), at.to_string());
                let id = subscriber_id.to_string();
                let cells = [
                    cursor.as_deref(),
                    Some(id.as_str()),
                    email.as_deref(),
                    Some(purpose.as_str()),
                    Some(event.as_str()),
                    Some(at.as_str()),
                ];
                csv.row(cells.into_iter())
            }
            Rows::Ndjson(lines) => {
                let row = serde_json::json!({"cursor": cursor, "subscriber_id": subscriber_id,
                                             "email": email, "purpose": purpose, "event": event, "at": at});
                lines.extend(format!("{row}\n").bytes());
                Ok(())
            }
        }
    }

    /// The bytes since the last time.
    ///
    /// # Errors
    /// Never: memory gives what it has.
    pub fn take(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.rows {
            Rows::Csv(csv) => csv.take(),
            Rows::Ndjson(lines) => Ok(std::mem::take(lines)),
        }
    }
}
