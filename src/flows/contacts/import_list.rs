//! A whole list of addresses that are not to be mailed, row by row: the same whether it is a file or was pasted.

use std::io::{self, Read};

use crate::domain::contacts::file_columns::{Columns, ColumnsError, is_address};
use crate::domain::contacts::imported_suppression::ImportedSuppression;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::contacts::table::{FirstLine, Table, TableError};
use crate::flows::contacts::import_suppressions::{
    ListRow, ListTally, RowOutcome, SuppressionImport, consider_suppressions, import_suppressions,
};
use crate::flows::{Error, FlowSettings};
use crate::random::{Moment, Moments};
use crate::store::Db;

/// How many rows one transaction takes.
const BATCH: usize = 1000;

/// Why a list cannot be read. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// It lacks a column.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
}

/// Why a list was not gone through to its end. What came in before stays.
#[derive(Debug, thiserror::Error)]
pub enum ListImportError {
    /// The list, or whoever is told of its rows.
    #[error("the list could not be read to its end")]
    Read(#[from] io::Error),
    /// The database.
    #[error(transparent)]
    Flow(#[from] Error),
}

impl From<sqlx::Error> for ListImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Reads the header of a list; one address a line is a list too, if `says_why` whoever brings it.
///
/// # Errors
/// Says what is wrong with it.
pub fn begin_list<R: Read>(source: R, says_why: bool) -> Result<(Table<R>, Columns), ListError> {
    let mut table = Table::begin(source, FirstLine::HeaderOrAddress, is_address)?;
    let columns = Columns::of_suppressions(table.names(), says_why)?;
    let (address, least) = columns.expected();
    table.place_address(address, least);
    Ok((table, columns))
}

/// How a list is gone through.
#[derive(Clone, Copy)]
pub struct ListImport<'a> {
    /// The database that it goes to.
    pub db: &'a Db,
    /// What use cases go by.
    pub settings: &'a FlowSettings,
    /// Where the moments of its transactions come from.
    pub moments: Moments<'a>,
    /// What its rows share.
    pub import: SuppressionImport<'a>,
    /// The reason of all rows, whatever they say.
    pub reason: Option<SuppressionReason>,
    /// Whether nothing is written.
    pub dry_run: bool,
}

impl ListImport<'_> {
    /// Goes through a list, a transaction for each thousand rows; `refused` is told of each row from which nothing
    /// follows, by line and cause, in their order. `tally` counts what is committed, whatever happens after it.
    ///
    /// # Errors
    /// When the list or the database cannot be read on.
    pub async fn run<R: Read>(
        &self,
        (table, columns): (&mut Table<R>, &Columns),
        mut refused: impl FnMut(u64, String) -> io::Result<()>,
        tally: &mut ListTally,
    ) -> Result<(), ListImportError> {
        loop {
            let at = self.moments.now();
            let (lines, rows, mut faults) = self.read_some(table, columns, &at)?;
            if rows.is_empty() && faults.is_empty() {
                return Ok(());
            }
            let verdicts = self.verdicts(&at, &rows).await?;
            for (line, verdict) in lines.into_iter().zip(verdicts) {
                match verdict {
                    RowOutcome::Suppressed => tally.suppressed += 1,
                    RowOutcome::Already => tally.already += 1,
                    RowOutcome::Refused(why) => {
                        faults.push((line, why.words(&self.settings.timezone)));
                    }
                }
            }
            faults.sort_by_key(|(line, _)| *line);
            for (line, why) in faults {
                tally.refused += 1;
                refused(line, why)?;
            }
        }
    }

    fn read_some<R: Read>(
        &self,
        table: &mut Table<R>,
        columns: &Columns,
        at: &Moment,
    ) -> Result<SomeRows, ListImportError> {
        let (mut lines, mut rows, mut faults) = (vec![], vec![], vec![]);
        let when = (at.now, &self.settings.timezone);
        while rows.len() + faults.len() < BATCH {
            let Some(row) = table.next_row()? else { break };
            let read = row.cells.map_err(|error| error.to_string()).and_then(|cells| {
                ImportedSuppression::read(columns, cells, self.reason, when)
                    .map_err(|error| error.to_string())
            });
            match read {
                Err(why) => faults.push((row.line, why)),
                Ok(ImportedSuppression { email, reasons, at }) => {
                    let address_key = self.settings.address_secret.key(&email);
                    lines.push(row.line);
                    rows.push(ListRow { address_key, reasons, at });
                }
            }
        }
        Ok((lines, rows, faults))
    }

    async fn verdicts(
        &self,
        at: &Moment,
        rows: &[ListRow],
    ) -> Result<Vec<RowOutcome>, ListImportError> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        if self.dry_run {
            let mut tx = self.db.read().await?;
            return Ok(consider_suppressions(&mut tx, &self.import, rows).await?);
        }
        let (case, import) = (self.settings.at(at), &self.import);
        let imported = self.db.run(|tx| Box::pin(import_suppressions(tx, case, import, rows)));
        Ok(imported.await?)
    }
}

/// The lines of some rows, the rows, and those from which nothing follows.
type SomeRows = (Vec<u64>, Vec<ListRow>, Vec<(u64, String)>);
