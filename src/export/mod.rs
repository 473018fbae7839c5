//! Consented contacts as files that other programs read.

mod columns;
mod csv;
mod ground;
mod ndjson;
mod out;
mod preset;
mod withdrawn;
mod xlsx;

use std::io;
use std::path::Path;

pub use columns::{COLUMNS, Column, LINK_COLUMNS, Named};
pub use csv::CsvRows;
pub use ground::Authority;
pub use out::Out;
pub use preset::columns;
pub use withdrawn::{TextFormat, WithdrawnRows};
pub use xlsx::MOST_ROWS as XLSX_MOST_ROWS;

pub use crate::domain::contacts::export_format::{Format, Preset};
use crate::domain::day::Day;
use crate::domain::signup::link::Links;
use crate::domain::timestamp::Timestamp;
use crate::outside::{OutsideError, SETTLED};
use crate::store::contacts::exportable::{self, ExportFilter, ExportPages};
use crate::store::ledger::{checkpoints, foreign, verifications};
use crate::store::snapshot::Snapshot;

/// What is exported, and how.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Which consents.
    pub filter: &'a ExportFilter,
    /// The form of the file.
    pub format: Format,
    /// The tool whose names the columns have; none for our own.
    pub preset: Option<Preset>,
    /// With links for newsletters that another tool sends.
    pub links: Option<&'a Links>,
    /// What each contact is checked with.
    pub authority: Authority<'a>,
    /// Where workbooks are put together, out of sight.
    pub scratch: &'a Path,
}

/// The database as it stands at one moment.
pub struct AsOf {
    /// What it holds.
    pub snapshot: Snapshot,
    /// When that is.
    pub now: Timestamp,
}

/// What the file of an export is called: its purpose, its report and its day, one of the site's.
#[must_use]
pub fn file_name(filter: &ExportFilter, day: Day, format: Format) -> String {
    let purpose = filter.purpose.as_str().replace(':', "-");
    let report = filter.report.as_ref().map(|slug| format!("-{slug}")).unwrap_or_default();
    format!("{purpose}{report}-{day}.{}", format.as_str())
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
    Store(#[source] sqlx::Error),
    /// The bytes could not be written.
    #[error("the export could not be written")]
    Write(#[from] io::Error),
    /// What ended could not be asked for.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The database says what this program did not write.
    #[error(
        "the consent ledger is not what it was: {0}. Nothing more is exported: run `assent ledger verify`"
    )]
    Changed(String),
    /// A sheet ends before the contacts do.
    #[error(
        "a workbook holds {XLSX_MOST_ROWS} contacts and these are more: choose CSV or NDJSON, or fewer of \
         them by report or date"
    )]
    TooManyRows,
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Decode(what) => Self::Changed(what.to_string()),
            error => Self::Store(error),
        }
    }
}

/// Writes every exportable contact, piece by piece, to `out`; `progress` is told the number read. What one
/// workbook cannot hold is refused before anything is written.
///
/// # Errors
/// When the database does not answer or says what this program did not write, `out` does not take the bytes, or a
/// workbook is too small.
pub async fn write(
    AsOf { mut snapshot, now }: AsOf,
    wanted: Wanted<'_>,
    out: impl Out,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Written, ExportError> {
    let (sealed, size) = (
        verifications::count_sealed(snapshot.tx()).await?,
        checkpoints::find_size(snapshot.tx()).await?,
    );
    if sealed != size {
        return Err(ExportError::Changed(format!("of {size} sealed leaves there are {sealed}")));
    }
    let foreign = foreign::list_foreign(snapshot.tx()).await?;
    if !foreign.is_empty() {
        return Err(ExportError::Changed(foreign.join("; ")));
    }
    if wanted.format == Format::Xlsx {
        let most = i64::try_from(XLSX_MOST_ROWS).unwrap_or(i64::MAX);
        if exportable::count(snapshot.tx(), now, wanted.filter, most + 1).await? > most {
            return Err(ExportError::TooManyRows);
        }
    }
    // What is ending while this is read may be noted outside already, and not be in this moment of the database; the
    // clock of whoever noted it need not agree with ours to the second.
    let under_way = now.minus(SETTLED)..=now.plus(SETTLED);
    let endings = snapshot.tx().outside().endings().await?;
    let mut out = out::Hashing::new(out);
    let columns = columns(wanted.preset, wanted.links.is_some());
    let mut texts = columns::Texts::new(&wanted.filter.purpose, wanted.links);
    let mut writer = Writer::begin(&wanted, now, &columns)?;
    let mut pages = ExportPages::begin(snapshot, now, wanted.filter).await?;
    let mut rows = 0;
    while let Some(page) = pages.next().await? {
        page.read(|row| {
            let purpose = &wanted.filter.purpose;
            let changed = |what: &str| {
                let on = format!("the consent that rests on event {}", row.receipt_id);
                ExportError::Changed(format!("{on}: {what}"))
            };
            let address_key = wanted
                .authority
                .vouches_for(purpose, row)
                .ok_or_else(|| changed("this program did not write it, or it ended since"))?;
            // Where nobody ended anything, no contact needs a second key.
            let ended = if endings.is_empty() {
                None
            } else {
                let subscriber_key = wanted.authority.addresses.subscriber_key(row.subscriber_id);
                endings.forbids(&[address_key, subscriber_key], purpose, row.confirmed_at)
            };
            if ended.is_some_and(|began| !under_way.contains(&began)) {
                return Err(changed("it ended, as is known outside the database"));
            }
            texts.set(row);
            writer.row(columns.iter().map(|(name, column)| (*name, texts.cell(row, *column))))?;
            rows += 1;
            progress(rows);
            Ok::<(), ExportError>(())
        })?;
        out.take(writer.take()?).await?;
    }
    drop(pages);
    match writer {
        Writer::Csv(mut csv) => out.take(csv.take()?).await?,
        Writer::Ndjson(mut ndjson) => out.take(ndjson.take()).await?,
        Writer::Xlsx(sheet) => {
            let packed = tokio::task::spawn_blocking(move || sheet.pack());
            let mut file = packed.await.map_err(io::Error::other)??;
            loop {
                let piece = xlsx::piece(&mut file)?;
                if piece.is_empty() {
                    break;
                }
                out.take(piece).await?;
            }
        }
    }
    Ok(Written { rows, sha256: out.sha256() })
}

enum Writer {
    Csv(Box<csv::CsvRows>),
    Ndjson(ndjson::JsonRows),
    Xlsx(Box<xlsx::Sheet>),
}

impl Writer {
    fn begin(wanted: &Wanted<'_>, now: Timestamp, columns: &[Named]) -> io::Result<Self> {
        let names = columns.iter().map(|(name, _)| *name);
        Ok(match wanted.format {
            Format::Csv => Self::Csv(Box::new(csv::CsvRows::begin(names)?)),
            Format::Ndjson => Self::Ndjson(ndjson::JsonRows::default()),
            Format::Xlsx => Self::Xlsx(Box::new(xlsx::Sheet::begin(wanted.scratch, now, names)?)),
        })
    }

    fn row<'a>(
        &mut self,
        cells: impl Iterator<Item = (&'static str, Option<&'a str>)>,
    ) -> io::Result<()> {
        match self {
            Self::Csv(csv) => csv.row(cells.map(|(_, cell)| cell)),
            Self::Ndjson(ndjson) => ndjson.row(cells),
            Self::Xlsx(sheet) => sheet.row(cells.map(|(_, cell)| cell)),
        }
    }

    /// The bytes since the last time; a workbook has none before it is whole.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Csv(csv) => csv.take(),
            Self::Ndjson(ndjson) => Ok(ndjson.take()),
            Self::Xlsx(_) => Ok(Vec::new()),
        }
    }
}
