//! Consented contacts as files that other programs read.

pub mod csv;
mod ndjson;

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::domain::link::Links;
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::exports::{self, ExportFilter, ExportRow};

/// The columns, in their order.
pub const COLUMNS: [&str; 14] = [
    "subscriber_id",
    "email",
    "name",
    "organisation",
    "job_title",
    "purpose",
    "state",
    "notice_sha256",
    "policy_version",
    "requested_at",
    "confirmed_at",
    "report",
    "source",
    "receipt_id",
];

/// The columns that `links` adds: where each contact changes their choices, and leaves this purpose.
pub const LINK_COLUMNS: [&str; 2] = ["manage_url", "unsubscribe_url"];

/// What is exported, and how.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Which consents.
    pub filter: &'a ExportFilter,
    /// The form of the file.
    pub format: Format,
    /// With links for newsletters that another tool sends.
    pub links: Option<&'a Links>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// RFC 4180 with CRLF, UTF-8 with BOM, safe to open in a spreadsheet.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many contacts.
    pub rows: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database did not answer.
    #[error("the database did not answer")]
    Store(#[from] sqlx::Error),
    /// The bytes could not be written.
    #[error("the export could not be written")]
    Write(#[from] io::Error),
}

/// Writes every exportable contact, row by row, to `out`; `progress` is told the number written.
///
/// # Errors
/// When the database does not answer or `out` does not take the bytes.
pub async fn write(
    tx: &mut Tx,
    now: Timestamp,
    wanted: Wanted<'_>,
    out: impl Write + Send,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Written, ExportError> {
    let mut out = Hashing { out, hash: Sha256::new() };
    let Wanted { filter, format, links } = wanted;
    let mut columns = COLUMNS.to_vec();
    if links.is_some() {
        columns.extend(LINK_COLUMNS);
    }
    if format == Format::Csv {
        csv::begin(&mut out, &columns)?;
    }
    let mut rows = 0;
    exports::stream(tx, now, filter, |row| {
        let cells = cells(&row, links);
        match format {
            Format::Csv => csv::record(&mut out, &cells)?,
            Format::Ndjson => ndjson::row(&mut out, &columns, &cells)?,
        }
        rows += 1;
        progress(rows);
        Ok::<(), ExportError>(())
    })
    .await?;
    out.flush()?;
    Ok(Written { rows, sha256: out.hash.finalize().into() })
}

/// One contact as the texts of its columns; `None` where nothing is known.
fn cells(row: &ExportRow, links: Option<&Links>) -> Vec<Option<String>> {
    let mut cells = vec![
        Some(row.subscriber_id.to_string()),
        Some(row.email.clone()),
        row.name.clone(),
        row.organisation.clone(),
        row.job_title.clone(),
        Some(row.purpose.to_string()),
        Some(row.state.as_str().to_owned()),
        Some(row.notice_sha256.clone()),
        Some(row.policy_version.to_string()),
        Some(row.requested_at.to_string()),
        Some(row.confirmed_at.to_string()),
        row.report.as_ref().map(ToString::to_string),
        Some(row.source.clone()),
        Some(row.receipt_id.to_string()),
    ];
    if let Some(links) = links {
        cells.push(Some(links.manage(row.subscriber_id)));
        cells.push(Some(links.unsubscribe(row.subscriber_id, Some(&row.purpose))));
    }
    cells
}

struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
