//! `assent import --suppress`: addresses that another tool knew not to mail.

use std::io::Write;
use std::path::Path;

use super::super::outcome::{Error, Outcome, refuse};
use super::source_file::{Hashed, Opened, SourceFile};
use crate::app::Core;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::file_columns::ColumnsError;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::contacts::table::TableError;
use crate::domain::text::Line;
use crate::flows::contacts::import_list::{ListError, ListImport, begin_list};
use crate::flows::contacts::import_suppressions::{
    ImportedList, ListTally, SuppressionImport, all_purposes, record_list_import,
    record_list_import_start,
};
use crate::random::Moments;

/// What is said of a header that names too little.
const COLUMNS: &str = "the columns are email, reason and, where known, unsubscribed_at; with --reason, one address a \
                       line is enough";

/// A list that was cut short.
#[derive(Debug, thiserror::Error)]
#[error(
    "the import stopped after {suppressed} addresses, which stay suppressed: run the same command again"
)]
struct Stopped {
    suppressed: u64,
    #[source]
    cause: Error,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub file: &'a Path,
    pub source: &'a Line,
    /// What who unsubscribed has left; without it, all that can be written for.
    pub purpose: Option<&'a Purpose>,
    /// The reason of all rows.
    pub reason: Option<SuppressionReason>,
    pub dry_run: bool,
}

impl Asked<'_> {
    fn begin(&self, source: Hashed) -> Result<Opened, Error> {
        begin_list(source, self.reason.is_some()).map_err(|error| match error {
            ListError::Table(TableError::NoHeader | TableError::NoAddress) => {
                refuse(format!("{error}: {COLUMNS}"))
            }
            ListError::Columns(ColumnsError::NoReason) => refuse(format!("{error} with --reason")),
            error => Error::from(error),
        })
    }

    pub(super) async fn run(self, core: &Core) -> Outcome {
        if self.source.as_str().contains('@') {
            return Err(refuse(
                "say where the list comes from without an address: these words stay for good",
            ));
        }
        let begin = |source| self.begin(source);
        let file = SourceFile::look_through(self.file, begin, "there is no address in it")?;
        let purposes = match self.purpose {
            Some(purpose) => vec![purpose.clone()],
            None => all_purposes(&core.db).await?,
        };
        let import = SuppressionImport { source: self.source, purposes: &purposes };
        if !self.dry_run {
            let (act, sha256) = (core.act(), &file.sha256);
            let recorded =
                core.db.run(|tx| Box::pin(record_list_import_start(tx, &act, &import, sha256)));
            recorded.await?;
        }
        let tally = self.bring(core, import, &file).await?;
        if !self.dry_run {
            let act = core.act();
            let done = ImportedList { sha256: &file.sha256, tally };
            core.db.run(|tx| Box::pin(record_list_import(tx, &act, &import, done))).await?;
        }
        let would = if self.dry_run { "would be " } else { "" };
        let ListTally { suppressed, already, refused } = tally;
        writeln!(
            std::io::stdout().lock(),
            "rows: {}, {would}suppressed: {suppressed}, already suppressed: {already}, refused: {refused}",
            tally.rows()
        )?;
        file.refused(refused)
    }

    async fn bring(
        &self,
        core: &Core,
        import: SuppressionImport<'_>,
        file: &SourceFile<'_>,
    ) -> Result<ListTally, Error> {
        let (mut table, columns) = file.again(|source| self.begin(source))?;
        let list = ListImport {
            db: &core.db,
            settings: &core.flow_settings,
            moments: Moments::new(&core.clock, &core.random),
            import,
            reason: self.reason,
            dry_run: self.dry_run,
        };
        let mut tally = ListTally::default();
        let told = |line, why: String| writeln!(std::io::stdout().lock(), "line {line}: {why}");
        let brought = list.run((&mut table, &columns), told, &mut tally).await;
        brought.map_err(|cause| -> Error {
            match tally.suppressed {
                0 => cause.into(),
                suppressed => Box::new(Stopped { suppressed, cause: cause.into() }),
            }
        })?;
        file.account_for(table, tally.rows())?;
        Ok(tally)
    }
}
