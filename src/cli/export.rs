//! `assent export`.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{ACTOR, Outcome, refuse};
use crate::app::Core;
use crate::domain::purpose::Purpose;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::export::{self, ExportError, Format, Written};
use crate::flows::export_consented::{ExportRun, record_export};
use crate::store::exports::ExportFilter;
use crate::store::newsletters;

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
        let written = match &self.out {
            Some(file) => to_file(core, &filter, self.format, file).await?,
            None => write(core, &filter, self.format, BufWriter::new(std::io::stdout())).await?,
        };
        let run = ExportRun {
            filter: &filter,
            format: self.format.as_str(),
            rows: written.rows,
            sha256: written.sha256,
        };
        let mut tx = core.db.write().await?;
        record_export(&mut tx, &core.moment(), ACTOR, &run).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Writes beside the file and renames, so that nobody takes a half-written one for whole.
async fn to_file(
    core: &Core,
    filter: &ExportFilter,
    format: Format,
    file: &Path,
) -> Result<Written, Box<dyn std::error::Error + Send + Sync>> {
    let mut name = file.file_name().ok_or_else(|| refuse("--out must name a file"))?.to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let cannot = |error| refuse(format!("{} cannot be written ({error})", file.display()));
    let out = std::fs::File::create(&part).map_err(cannot)?;
    let written = write(core, filter, format, BufWriter::new(&out)).await?;
    out.sync_all().map_err(cannot)?;
    std::fs::rename(&part, file).map_err(cannot)?;
    Ok(written)
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
