//! `assent import`.

mod contacts;
mod source_file;
mod suppressions;

use std::io::Write;
use std::path::PathBuf;

use assent_ledger::text_file::read_text;

use self::contacts::Importer;
use self::source_file::{Hashed, SourceFile};
use self::suppressions::Asked;
use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::file_columns::Given;
use crate::domain::contacts::imported_contact::ImportedWords;
use crate::domain::contacts::imported_suppression::BROUGHT;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::slug::Label;
use crate::domain::text::Line;
use crate::flows::contacts::import_contacts::Import as Terms;
use crate::flows::contacts::record_import::{ImportedFile, Tally, record_import, record_start};
use crate::store::catalog::purposes;
use crate::store::policy::versions;
use crate::store::policy::versions::PolicyVersion;

/// Bring in contacts who agreed elsewhere, each with evidence of it; with --suppress, addresses that another tool
/// knew not to mail
#[derive(clap::Args)]
pub(super) struct Import {
    /// A table with a header: CSV, or what a spreadsheet saves. Of contacts, with the columns `email`,
    /// `consented_at` and `method`, and, where known, `name`, `organisation` and `job_title`; or an export of this
    /// program, of Mailchimp, `HubSpot` or listmonk
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// What they agreed to: `privacy-policy`, `newsletter:SLUG`, or a purpose of your own. With --suppress, what who
    /// unsubscribed has left here; all that can be written for, if it is not named
    #[arg(long, value_name = "CODE", required_unless_present = "suppress")]
    purpose: Option<Purpose>,
    /// The policy version they agreed under
    #[arg(
        long,
        value_name = "LABEL",
        required_unless_present = "suppress",
        conflicts_with = "suppress"
    )]
    policy: Option<Label>,
    /// Where the file comes from, in a few words
    #[arg(long, value_name = "TEXT", value_parser = source)]
    source: Line,
    /// How they agreed, where the file does not say it
    #[arg(long, value_name = "TEXT", value_parser = method, conflicts_with = "suppress")]
    method: Option<Line>,
    /// The exact words they agreed to; without them it is recorded that they are not known here
    #[arg(long, value_name = "FILE", conflicts_with = "suppress")]
    words: Option<PathBuf>,
    /// Suppress these addresses: who unsubscribed, whose mail came back, who complained
    #[arg(long)]
    suppress: bool,
    /// Why, for all rows; without it, each row says it in a column
    #[arg(long, value_name = "REASON", value_parser = reason, conflicts_with = "policy")]
    reason: Option<SuppressionReason>,
    /// Say what would happen, and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn source(text: &str) -> Result<Line, String> {
    line(text, "say where the contacts come from")
}

fn method(text: &str) -> Result<Line, String> {
    line(text, "say how they agreed")
}

fn line(text: &str, blank: &str) -> Result<Line, String> {
    let line = Line::parse(text).map_err(|error| error.to_string())?;
    line.ok_or_else(|| blank.to_owned())
}

fn reason(text: &str) -> Result<SuppressionReason, String> {
    let reason = text.parse().ok().filter(|reason| BROUGHT.contains(reason));
    reason.ok_or_else(|| "say unsubscribed, bounced, complained or manual".to_owned())
}

impl Import {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        if let Some(purpose) = &self.purpose {
            demand_purpose(core, purpose).await?;
        }
        if self.suppress {
            let asked = Asked {
                file: &self.file,
                source: &self.source,
                purpose: self.purpose.as_ref(),
                reason: self.reason,
                dry_run: self.dry_run,
            };
            return asked.run(core).await;
        }
        match (&self.purpose, &self.policy) {
            (Some(purpose), Some(policy)) => self.contacts(core, purpose, policy).await,
            _ => Err(refuse("say what they agreed to with --purpose and --policy")),
        }
    }

    async fn contacts(&self, core: &Core, purpose: &Purpose, policy: &Label) -> Outcome {
        let version = policy_version(core, policy).await?;
        let words = match &self.words {
            Some(file) => read_text(file)?.parse()?,
            None => ImportedWords::unknown(&self.source),
        };
        let terms = Terms { purpose, policy: &version, source: &self.source, words: &words };
        let begin = |source: Hashed| contacts::begin(source, self.method.is_some());
        // Read to its end before anything is imported: one that cannot be read brings nobody in.
        let nothing = "there is no contact below the header";
        let file = SourceFile::look_through(&self.file, begin, nothing)?;
        if !self.dry_run {
            let act = core.act();
            core.db.run(|tx| Box::pin(record_start(tx, &act, &terms, &file.sha256))).await?;
        }
        let given = Given { purpose, policy, method: self.method.as_ref() };
        let mut importer = Importer::new(core, terms, given, self.dry_run);
        let (mut table, columns) = file.again(begin)?;
        let done = importer.import(&mut table, &columns).await;
        done.map_err(|cause| importer.stopped(cause))?;
        let tally = importer.tally;
        file.account_for(table, tally.rows())?;
        if !self.dry_run {
            let act = core.act();
            let done = ImportedFile { sha256: &file.sha256, tally };
            core.db.run(|tx| Box::pin(record_import(tx, &act, &terms, done))).await?;
        }
        let Tally { imported, already_agreed, refused } = tally;
        let imports = if self.dry_run { "would be imported" } else { "imported" };
        writeln!(
            std::io::stdout().lock(),
            "rows: {}, {imports}: {imported}, already agreed: {already_agreed}, refused: {refused}",
            tally.rows()
        )?;
        file.refused(refused)
    }
}

async fn demand_purpose(core: &Core, purpose: &Purpose) -> Outcome {
    if purposes::exists(&mut core.db.read().await?, purpose).await? {
        return Ok(());
    }
    Err(refuse(format!(
        "there is no purpose `{purpose}`: use `privacy-policy`, `newsletter:SLUG` with a slug of \
         `assent newsletter list`, or a code of `assent purpose list`"
    )))
}

async fn policy_version(core: &Core, label: &Label) -> Result<PolicyVersion, Error> {
    let mut tx = core.db.read().await?;
    let all = versions::list(&mut tx, LANG).await?;
    let found = all.iter().find(|version| version.label == *label).ok_or_else(|| {
        refuse(format!("there is no policy version `{label}`: `assent policy list` names them"))
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
