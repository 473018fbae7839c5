//! `assent export`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::actor::ACTOR;
use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::day_or_time::DayOrTime;
use crate::domain::day_span::DaySpan;
use crate::domain::slug::{Label, Slug};
use crate::export::{Format, Preset, Wanted};
use crate::flows::contacts::write_export::{Exporting, Made};
use crate::sealing::before_export::allow_to_begin;
use crate::store::catalog::{purposes, reports};
use crate::store::contacts::exportable::ExportFilter;
use crate::store::policy::versions;

/// How many rows pass between two words of progress.
const PROGRESS: u64 = 1000;

/// Write the contacts that may be written to for one purpose
#[derive(clap::Args)]
pub(super) struct Export {
    /// What they agreed to: `privacy-policy`, `newsletter:SLUG`, or a purpose of your own
    #[arg(long, value_name = "CODE")]
    purpose: Purpose,
    /// Only those whose signup asked for this report
    #[arg(long, value_name = "SLUG")]
    report: Option<Slug>,
    /// Only those confirmed from this day of the site's zone on, or from this time on (RFC 3339, with its offset)
    #[arg(long, value_name = "TIME")]
    since: Option<DayOrTime>,
    /// Only those confirmed until this day or time, which is included
    #[arg(long, value_name = "TIME")]
    until: Option<DayOrTime>,
    /// Only those who agreed under this policy version
    #[arg(long, value_name = "LABEL")]
    policy: Option<Label>,
    /// The form of the file
    #[arg(long, value_enum)]
    format: Format,
    /// Name the columns as another tool's import knows them
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// Add a link to change one's choices and one to unsubscribe, for newsletters that another tool sends
    #[arg(long)]
    links: bool,
    /// Where to write; standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let span = DaySpan::between(self.since, self.until, &core.flow_settings.timezone)
            .map_err(|error| refuse(format!("--since and --until: {error}")))?;
        let filter = ExportFilter {
            purpose: self.purpose,
            report: self.report,
            since: span.since,
            until: span.until,
            policy: self.policy,
        };
        if !purposes::exists(&mut core.db.read().await?, &filter.purpose).await? {
            return Err(refuse(format!(
                "there is no purpose `{}`: use `privacy-policy`, `newsletter:SLUG` with a slug of \
                 `assent newsletter list`, or a code of `assent purpose list`",
                filter.purpose
            )));
        }
        known(core, &filter).await?;
        let wanted = Wanted {
            filter: &filter,
            format: self.format,
            preset: self.preset,
            links: self.links.then_some(&core.links),
            authority: core.flow_settings.authority(),
            scratch: &core.settings.data_dir,
        };
        let exporting = Exporting {
            db: &core.db,
            settings: &core.flow_settings,
            clock: &core.clock,
            random: &core.random,
            actor: ACTOR,
            wanted,
            held: None,
        };
        let Some(file) = &self.out else {
            let made = write(core, exporting, std::io::stdout()).await?;
            return Ok(exporting.record(&made, None).await?);
        };
        // Written beside the file, and renamed once it is whole and in the audit: nobody takes a
        // half-written one for whole, or one that nobody knows of.
        let part = part(file)?;
        let finished = async {
            let out = std::fs::File::create(&part).map_err(|error| cannot_write(file, &error))?;
            let made = write(core, exporting, &out).await?;
            out.sync_all().map_err(|error| cannot_write(file, &error))?;
            exporting.record(&made, None).await?;
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
    let all = versions::list(&mut tx, LANG).await?;
    if let Some(label) = filter.policy.as_ref().filter(|l| all.iter().all(|p| p.label != **l)) {
        return Err(refuse(format!(
            "there is no policy version `{label}`: `assent policy list` names them"
        )));
    }
    Ok(())
}

/// Where a file is written until it is whole. A device or a pipe must not be replaced by a file.
fn part(file: &Path) -> Result<PathBuf, Error> {
    if file.exists() && !file.is_file() {
        return Err(refuse(format!(
            "{} is no file: leave --out away and send standard output there",
            file.display()
        )));
    }
    let mut name = file.file_name().ok_or_else(|| refuse("--out must name a file"))?.to_owned();
    name.push(".part");
    Ok(file.with_file_name(name))
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Error {
    refuse(format!("{} cannot be written ({error})", file.display()))
}

async fn write(
    core: &Core,
    exporting: Exporting<'_>,
    mut out: impl Write + Send,
) -> Result<Made, Error> {
    let shows = std::io::stderr().is_terminal();
    allow_to_begin(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    let progress = |rows| {
        if shows && rows % PROGRESS == 0 {
            eprint!("\r{rows} contacts");
        }
    };
    let made = exporting.write(&mut out, progress).await?;
    out.flush()?;
    if shows {
        eprintln!("\r{} contacts", made.written.rows);
    }
    eprintln!("who leaves from now on: `assent withdrawals --after {}`", made.place);
    Ok(made)
}
