//! Contacts of a file, a batch at a time.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};

use super::super::outcome::{Error, Outcome, refuse};
use super::source_file::{Hashed, Opened};
use crate::app::Core;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::file_columns::{Columns, ColumnsError, Given, is_address};
use crate::domain::contacts::imported_contact::ImportedContact;
use crate::domain::contacts::table::{FirstLine, Row, Table, TableError};
use crate::flows::contacts::import_contacts::{
    Batch, Import as Terms, ImportRow, Verdict, consider, import_contacts,
};
use crate::flows::contacts::record_import::Tally;

/// How many rows one transaction imports.
const BATCH: usize = 1000;

/// What is said of a header that names too little.
const COLUMNS: &str = "the columns are email, name, organisation, job_title, consented_at and method, of which email, \
                       consented_at and method are required; the exports of this program, of Mailchimp, HubSpot and \
                       listmonk are read as they are";

/// Reads the header of a file of contacts; `says_how` where the command says how they agreed.
pub(super) fn begin(source: Hashed, says_how: bool) -> Result<Opened, Error> {
    let mut table =
        Table::begin(source, FirstLine::Header, is_address).map_err(|error| match error {
            TableError::NoHeader | TableError::NoAddress => refuse(format!("{error}: {COLUMNS}")),
            error => Error::from(error),
        })?;
    let columns = Columns::of_contacts(table.names(), says_how).map_err(|error| match error {
        ColumnsError::Lacks(_) => refuse(format!("{error}: {COLUMNS}")),
        error => Error::from(error),
    })?;
    let (address, least) = columns.expected();
    table.place_address(address, least);
    Ok((table, columns))
}

/// An import that was cut short.
#[derive(Debug, thiserror::Error)]
#[error(
    "the import stopped after {imported} contacts, which stay: when the cause is gone, run the same \
     command again, and it goes on from there"
)]
struct Stopped {
    imported: u64,
    #[source]
    cause: Error,
}

/// Reads rows, and imports them a batch at a time.
pub(super) struct Importer<'a> {
    core: &'a Core,
    terms: Terms<'a>,
    given: Given<'a>,
    dry_run: bool,
    shows: bool,
    /// What became of the rows so far.
    pub tally: Tally,
    /// On which line each address stood first, by the first bytes of its key. Kept for the whole file, so as bare as
    /// can be: of a million addresses, two are alike in these bytes once in ten million files.
    seen: HashMap<[u8; 8], u32>,
    /// The rows of this batch that may be imported, by line.
    waiting: Vec<(u64, ImportRow)>,
    /// Those that may not, and why.
    refused: Vec<(u64, String)>,
}

impl<'a> Importer<'a> {
    pub(super) fn new(core: &'a Core, terms: Terms<'a>, given: Given<'a>, dry_run: bool) -> Self {
        Self {
            core,
            terms,
            given,
            dry_run,
            shows: std::io::stderr().is_terminal(),
            tally: Tally::default(),
            seen: HashMap::new(),
            waiting: Vec::with_capacity(BATCH),
            refused: Vec::new(),
        }
    }

    /// Imports a whole file.
    pub(super) async fn import(&mut self, table: &mut Table<Hashed>, columns: &Columns) -> Outcome {
        while let Some(row) = table.next_row()? {
            self.take(row, columns);
            if self.waiting.len() + self.refused.len() >= BATCH {
                self.flush().await?;
            }
        }
        self.flush().await?;
        self.shows("\n");
        Ok(())
    }

    /// Shows somebody at a terminal how far it is.
    fn shows(&self, how_far: &str) {
        if self.shows {
            let _ = write!(std::io::stderr(), "{how_far}");
        }
    }

    /// What to do after an error: what came in stays in.
    pub(super) fn stopped(&self, cause: Error) -> Error {
        match self.tally.imported {
            0 => cause,
            imported => Box::new(Stopped { imported, cause }),
        }
    }

    fn take(&mut self, Row { line, cells }: Row<'_>, columns: &Columns) {
        let now = self.core.clock.now();
        let contact = cells.map_err(|error| error.to_string()).and_then(|cells| {
            let texts = columns.contact(cells, &self.given);
            let zone = &self.core.flow_settings.timezone;
            texts
                .and_then(|texts| ImportedContact::parse(&texts.cells(), now, zone))
                .map_err(|error| error.to_string())
        });
        match contact {
            Err(why) => self.refused.push((line, why)),
            Ok(contact) => {
                let address_key = self.core.flow_settings.address_secret.key(&contact.email);
                match self.seen_before(&address_key, line) {
                    Some(first) => {
                        self.refused.push((line, format!("the same address as on line {first}")));
                    }
                    None => self.waiting.push((line, ImportRow { contact, address_key })),
                }
            }
        }
    }

    /// The line on which this address stood first, if it did before.
    fn seen_before(&mut self, address_key: &AddressKey, line: u64) -> Option<u32> {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let first = *self.seen.entry(*address_key.as_bytes().first_chunk()?).or_insert(line);
        (first != line).then_some(first)
    }

    async fn flush(&mut self) -> Outcome {
        let waiting = std::mem::take(&mut self.waiting);
        let mut refused = std::mem::take(&mut self.refused);
        let rows: Vec<&ImportRow> = waiting.iter().map(|(_, row)| row).collect();
        let verdicts = self.verdicts(&rows).await?;
        for ((line, _), verdict) in waiting.iter().zip(verdicts) {
            match verdict {
                Verdict::Imported => self.tally.imported += 1,
                Verdict::AlreadyAgreed => self.tally.already_agreed += 1,
                Verdict::Refused(why) => {
                    refused.push((*line, why.words(&self.core.flow_settings.timezone)));
                }
            }
        }
        refused.sort_by_key(|(line, _)| *line);
        let mut out = std::io::stdout().lock();
        for (line, why) in refused {
            self.tally.refused += 1;
            writeln!(out, "line {line}: {why}")?;
        }
        self.shows(&format!("\r{} rows", self.tally.rows()));
        Ok(())
    }

    async fn verdicts(&self, rows: &[&ImportRow]) -> Result<Vec<Verdict>, Error> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let db = &self.core.db;
        if self.dry_run {
            return Ok(consider(
                &mut db.read().await?,
                &self.core.flow_settings,
                self.terms.purpose,
                rows,
            )
            .await?);
        }
        loop {
            let at = self.core.moment();
            let case = self.core.flow_settings.at(&at);
            let imported = db.run(|tx| Box::pin(import_contacts(tx, case, &self.terms, rows)));
            // Each time it is overtaken somebody else got on, so this ends.
            if let Batch::Done(verdicts) = imported.await? {
                return Ok(verdicts);
            }
        }
    }
}
