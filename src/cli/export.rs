//! `assent export`.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{ACTOR, Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::notice::LANG;
use crate::domain::purpose::Purpose;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::export::{self, ExportError, Format, Written};
use crate::flows::record_export::{ExportRun, record_export};
use crate::store::exports::ExportFilter;
use crate::store::{newsletters, policy_versions, reports};

/// How many rows pass between two words of progress.
const PROGRESS: u64 = 1000;

/// Write the contacts that may be written to for one purpose
#[derive(clap::Args)]
pub(super) struct Export {
    /// What they agreed to: `privacy-policy`, or `newsletter:SLUG`
    #[arg(long, value_name = "CODE")]
    purpose: Purpose,
    /// Only those whose signup asked for this report
    #[arg(long, value_name = "SLUG")]
    report: Option<Slug>,
    /// Only those confirmed at or after this time: RFC 3339, or a day
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only those who agreed under this policy version
    #[arg(long, value_name = "LABEL")]
    policy: Option<Label>,
    /// The form of the file
    #[arg(long, value_enum)]
    format: Format,
    /// Where to write; standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| {
        "write a time such as 2026-11-23T09:00:00Z or a day such as 2026-11-23".to_owned()
    })
}

impl Export {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let filter = ExportFilter {
            purpose: self.purpose,
            report: self.report,
            since: self.since,
            policy: self.policy,
        };
        if !newsletters::purpose_exists(&mut core.db.read().await?, &filter.purpose).await? {
            return Err(refuse(format!(
                "there is no purpose `{}`: use `privacy-policy` or `newsletter:SLUG` with a slug of \
                 `assent newsletter list`",
                filter.purpose
            )));
        }
        known(core, &filter).await?;
        let format = self.format;
        let Some(file) = &self.out else {
            let written = write(core, &filter, format, BufWriter::new(std::io::stdout())).await?;
            return audit(core, &filter, format, written).await;
        };
        // Written beside the file, and renamed once it is whole and in the audit: nobody takes a
        // half-written one for whole, or one that nobody knows of.
        let part = part(file)?;
        let finished = async {
            let out = std::fs::File::create(&part).map_err(|error| cannot_write(file, &error))?;
            let written = write(core, &filter, format, BufWriter::new(&out)).await?;
            out.sync_all().map_err(|error| cannot_write(file, &error))?;
            audit(core, &filter, format, written).await?;
            std::fs::rename(&part, file).map_err(|error| cannot_write(file, &error))
        };
        let finished = finished.await;
        if finished.is_err() && part.exists() {
            std::fs::remove_file(&part)?;
        }
        finished
    }
}

/// A name that nobody has would make an empty export that looks like an answer.
async fn known(core: &Core, filter: &ExportFilter) -> Outcome {
    let mut tx = core.db.read().await?;
    let all = reports::list(&mut tx).await?;
    if let Some(slug) = filter.report.as_ref().filter(|slug| all.iter().all(|r| r.slug != **slug)) {
        return Err(refuse(format!(
            "there is no report `{slug}`: `assent report list` names them"
        )));
    }
    let all = policy_versions::list(&mut tx, LANG).await?;
    if let Some(label) = filter.policy.as_ref().filter(|l| all.iter().all(|p| p.label != **l)) {
        return Err(refuse(format!(
            "there is no policy version `{label}`: `assent policy list` names them"
        )));
    }
    Ok(())
}

async fn audit(core: &Core, filter: &ExportFilter, format: Format, written: Written) -> Outcome {
    let Written { rows, sha256 } = written;
    let run = ExportRun { filter, format: format.as_str(), rows, sha256 };
    let mut tx = core.db.write().await?;
    record_export(&mut tx, &core.moment(), ACTOR, &run).await?;
    tx.commit().await?;
    Ok(())
}

fn part(file: &Path) -> Result<PathBuf, Error> {
    let mut name = file.file_name().ok_or_else(|| refuse("--out must name a file"))?.to_owned();
    name.push(".part");
    Ok(file.with_file_name(name))
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Error {
    refuse(format!("{} cannot be written ({error})", file.display()))
}

async fn write(
    core: &Core,
    filter: &ExportFilter,
    format: Format,
    out: impl Write + Send,
) -> Result<Written, ExportError> {
    let shows = std::io::stderr().is_terminal();
    let mut tx = core.db.read().await?;
    let written = export::write(&mut tx, filter, format, out, |rows| {
        if shows && rows % PROGRESS == 0 {
            eprint!("\r{rows} contacts");
        }
    })
    .await?;
    if shows {
        eprintln!("\r{} contacts", written.rows);
    }
    Ok(written)
}
