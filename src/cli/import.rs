//! `assent import`.

mod contact_file;

use std::collections::HashMap;
use std::fs::File;
use std::io::{IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};

use self::contact_file::{ContactFile, NumberedRow};
use super::{ACTOR, Error, Outcome, read_text, refuse};
use crate::app::Core;
use crate::domain::address_key::AddressKey;
use crate::domain::imported_contact::{ImportedContact, ImportedWords};
use crate::domain::notice::LANG;
use crate::domain::purpose::Purpose;
use crate::domain::slug::Label;
use crate::domain::text::Line;
use crate::flows::import_contacts::{
    Batch, Import as Terms, ImportRow, Tally, Verdict, consider, import_contacts, record_import,
    record_start,
};
use crate::store::policy_versions::PolicyVersion;
use crate::store::{policy_versions, purposes};

/// How many rows one transaction imports.
const BATCH: usize = 1000;

/// Bring in contacts who agreed elsewhere, each with evidence of it
#[derive(clap::Args)]
pub(super) struct Import {
    /// CSV in UTF-8 with the columns `email`, `consented_at` and `method`, and, where known, `name`,
    /// `organisation` and `job_title`
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// What they agreed to: `privacy-policy`, `newsletter:SLUG`, or a purpose of your own
    #[arg(long, value_name = "CODE")]
    purpose: Purpose,
    /// The policy version they agreed under
    #[arg(long, value_name = "LABEL")]
    policy: Label,
    /// Where the contacts come from, in a few words
    #[arg(long, value_name = "TEXT", value_parser = source)]
    source: Line,
    /// The exact words they agreed to; without them it is recorded that they are not known here
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Say what would happen, and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn source(text: &str) -> Result<Line, String> {
    let line = Line::parse(text).map_err(|error| error.to_string())?;
    line.ok_or_else(|| "say where the contacts come from".to_owned())
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

impl Import {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let policy = self.policy_version(core).await?;
        let words = match &self.words {
            Some(file) => read_text(file)?.parse()?,
            None => ImportedWords::unknown(&self.source),
        };
        let terms =
            Terms { purpose: &self.purpose, policy: &policy, source: &self.source, words: &words };
        let file = &self.file;
        // Read to its end before anything is imported: a file that is broken further down brings nobody
        // in.
        let opened = File::open(file).map_err(|error| cannot_read(file, &error))?;
        let mut contacts = ContactFile::begin(opened).map_err(|error| of_file(file, error))?;
        if contacts.next().map_err(|error| of_file(file, error))?.is_none() {
            return Err(of_file(file, refuse("there is no contact below the header")));
        }
        while contacts.next().map_err(|error| of_file(file, error))?.is_some() {}
        let (mut opened, sha256) = contacts.finish();
        opened.rewind().map_err(|error| cannot_read(file, &error))?;
        if !self.dry_run {
            let mut tx = core.db.write().await?;
            record_start(&mut tx, &core.moment(), ACTOR, &terms, &sha256).await?;
            tx.commit().await?;
        }
        let mut importer = Importer::new(core, terms, self.dry_run);
        let sha256 = importer.import(opened).await.map_err(|cause| importer.stopped(cause))?;
        let tally = importer.tally;
        if !self.dry_run {
            let mut tx = core.db.write().await?;
            record_import(&mut tx, &core.moment(), ACTOR, &terms, (&sha256, tally)).await?;
            tx.commit().await?;
        }
        let Tally { imported, already_agreed, refused } = tally;
        let imports = if self.dry_run { "would be imported" } else { "imported" };
        println!("{imports}: {imported}, already agreed: {already_agreed}, refused: {refused}");
        if imported + already_agreed == 0 {
            return Err(of_file(file, refuse("every row was refused, for the reason beside it")));
        }
        Ok(())
    }

    async fn policy_version(&self, core: &Core) -> Result<PolicyVersion, Error> {
        let mut tx = core.db.read().await?;
        if !purposes::exists(&mut tx, &self.purpose).await? {
            return Err(refuse(format!(
                "there is no purpose `{}`: use `privacy-policy`, `newsletter:SLUG` with a slug of \
                 `assent newsletter list`, or a code of `assent purpose list`",
                self.purpose
            )));
        }
        let all = policy_versions::list(&mut tx, LANG).await?;
        let found = all.iter().find(|version| version.label == self.policy).ok_or_else(|| {
            refuse(format!(
                "there is no policy version `{}`: `assent policy list` names them",
                self.policy
            ))
        })?;
        let now = core.clock.now();
        let over = all.iter().find(|newer| {
            newer.published_at > found.published_at && newer.renew_until.is_some_and(|u| u <= now)
        });
        match over {
            Some(newer) => Err(refuse(format!(
                "consent under version `{}` no longer counts: version `{}` asked everybody to agree again",
                found.label, newer.label
            ))),
            None => Ok(found.clone()),
        }
    }
}

fn cannot_read(file: &Path, error: &std::io::Error) -> Error {
    refuse(format!("{} cannot be read ({error})", file.display()))
}

fn of_file(file: &Path, error: impl std::fmt::Display) -> Error {
    refuse(format!("{}: {error}", file.display()))
}

/// Reads rows, and imports them a batch at a time.
struct Importer<'a> {
    core: &'a Core,
    terms: Terms<'a>,
    dry_run: bool,
    shows: bool,
    tally: Tally,
    /// On which line each address stood first. Kept for the whole file, so as bare as can be.
    seen: HashMap<[u8; 32], u64>,
    /// The rows of this batch that may be imported, by line.
    waiting: Vec<(u64, ImportRow)>,
    /// Those that may not, and why.
    refused: Vec<(u64, String)>,
}

impl<'a> Importer<'a> {
    fn new(core: &'a Core, terms: Terms<'a>, dry_run: bool) -> Self {
        Self {
            core,
            terms,
            dry_run,
            shows: std::io::stderr().is_terminal(),
            tally: Tally::default(),
            seen: HashMap::new(),
            waiting: Vec::with_capacity(BATCH),
            refused: Vec::new(),
        }
    }

    /// Imports a whole file; returns the hash of what was read.
    async fn import(&mut self, file: File) -> Result<[u8; 32], Error> {
        let mut contacts = ContactFile::begin(file)?;
        while let Some(row) = contacts.next()? {
            self.take(row);
            if self.waiting.len() + self.refused.len() >= BATCH {
                self.flush().await?;
            }
        }
        self.flush().await?;
        if self.shows {
            eprintln!();
        }
        Ok(contacts.finish().1)
    }

    /// What to do after an error: what came in stays in.
    fn stopped(&self, cause: Error) -> Error {
        match self.tally.imported {
            0 => cause,
            imported => Box::new(Stopped { imported, cause }),
        }
    }

    fn take(&mut self, (line, cells): NumberedRow<'_>) {
        let now = self.core.clock.now();
        let contact = cells.and_then(|cells| {
            ImportedContact::parse(&cells, now, &self.core.terms.timezone)
                .map_err(|error| error.to_string())
        });
        match contact {
            Err(why) => self.refused.push((line, why)),
            Ok(contact) => {
                let address_key = self.core.terms.address_secret.key(&contact.email);
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
    fn seen_before(&mut self, address_key: &AddressKey, line: u64) -> Option<u64> {
        let first = *self.seen.entry(address_key.as_bytes().try_into().ok()?).or_insert(line);
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
                    refused.push((*line, why.words(&self.core.terms.timezone)));
                }
            }
        }
        refused.sort_by_key(|(line, _)| *line);
        let mut out = std::io::stdout().lock();
        for (line, why) in refused {
            self.tally.refused += 1;
            writeln!(out, "line {line}: {why}")?;
        }
        if self.shows {
            let Tally { imported, already_agreed, refused } = self.tally;
            eprint!("\r{} rows", imported + already_agreed + refused);
        }
        Ok(())
    }

    async fn verdicts(&self, rows: &[&ImportRow]) -> Result<Vec<Verdict>, Error> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let db = &self.core.db;
        if self.dry_run {
            return Ok(
                consider(&mut db.read().await?, &self.core.terms, self.terms.purpose, rows).await?
            );
        }
        loop {
            let mut tx = db.write().await?;
            let (at, terms) = (self.core.moment(), &self.core.terms);
            // Each time it is overtaken somebody else got on, so this ends.
            if let Batch::Done(verdicts) =
                import_contacts(&mut tx, &at, terms, &self.terms, rows).await?
            {
                tx.commit().await?;
                return Ok(verdicts);
            }
        }
    }
}
