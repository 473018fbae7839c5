//! `assent report …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ACTOR, Outcome, read_text, refuse};
use crate::app::Core;
use crate::domain::media_type::MediaType;
use crate::domain::notice::LANG;
use crate::domain::report::{ReportStatus, RequiredField, readable_size};
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::files::StoredFile;
use crate::flows::add_report::{add_report, edit_report, publish_report, withdraw_report};
use crate::random::Moment;
use crate::store::reports::{self, Report, ReportEdit};

#[derive(Subcommand)]
pub(super) enum ReportCommand {
    /// Add a report: a PDF, EPUB or ZIP file
    Add(Add),
    /// Change what a report's page says
    Edit(Edit),
    /// Name all reports, newest first
    List,
    /// Offer a report on its page
    Publish {
        /// Which
        slug: Slug,
    },
    /// Take a report back; download links mailed before still work
    Withdraw {
        /// Which
        slug: Slug,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// The file that readers get
    file: PathBuf,
    /// Its short name: the page is /reports/SLUG
    #[arg(long)]
    slug: Slug,
    /// Its title
    #[arg(long)]
    title: String,
    /// One or two sentences about it
    #[arg(long, default_value = "")]
    summary: String,
    /// A newsletter that its form offers; repeat for more
    #[arg(long = "newsletter", value_name = "SLUG")]
    newsletters: Vec<Slug>,
    /// The text of its page, Markdown
    #[arg(long, value_name = "FILE.md")]
    body: Option<PathBuf>,
    /// Its cover: PNG, JPEG or WebP
    #[arg(long, value_name = "IMG")]
    cover: Option<PathBuf>,
    /// How many pages it has
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..100_000))]
    pages: Option<i64>,
    /// A field that its form requires besides the address; repeat for more
    #[arg(long = "require", value_enum, value_name = "FIELD")]
    required: Vec<RequiredField>,
    /// Offer it at once
    #[arg(long)]
    publish: bool,
}

#[derive(Args)]
pub(super) struct Edit {
    /// Which
    slug: Slug,
    /// Its title
    #[arg(long)]
    title: Option<String>,
    /// One or two sentences about it
    #[arg(long)]
    summary: Option<String>,
    /// The text of its page, Markdown
    #[arg(long, value_name = "FILE.md")]
    body: Option<PathBuf>,
    /// Its cover: PNG, JPEG or WebP
    #[arg(long, value_name = "IMG")]
    cover: Option<PathBuf>,
}

impl ReportCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let at = core.moment();
        match self {
            Self::Add(add) => add.run(core).await,
            Self::Edit(edit) => edit.run(core).await,
            Self::List => list(core).await,
            Self::Publish { slug } => {
                let mut tx = core.db.write().await?;
                let complete = core.settings.controller.is_complete();
                publish_report(&mut tx, &at, ACTOR, &slug, complete, LANG).await?;
                tx.commit().await?;
                println!("published {}/reports/{slug}", core.settings.origin());
                Ok(())
            }
            Self::Withdraw { slug } => {
                let mut tx = core.db.write().await?;
                withdraw_report(&mut tx, &at, ACTOR, &slug).await?;
                tx.commit().await?;
                println!("withdrawn {slug}");
                Ok(())
            }
        }
    }
}

impl Add {
    async fn run(self, core: &Core) -> Outcome {
        let at = core.moment();
        let id = at.new_id();
        let title = Line::parse(&self.title)?.ok_or_else(|| refuse("give the report a --title"))?;
        let summary = Line::parse(&self.summary)?.map(Line::into_string).unwrap_or_default();
        let body = self.body.as_deref().map(read_text).transpose()?;
        let file = core.files.put_report(id, &self.file).await?;
        let stored = self.store(core, &at, id, (title, summary, body), &file).await;
        if stored.is_err() {
            // No row names the file, so nobody would ever remove it.
            core.files.delete(&file.key).await?;
        }
        stored
    }

    async fn store(
        &self,
        core: &Core,
        at: &Moment,
        id: uuid::Uuid,
        (title, summary, body): (Line, String, Option<String>),
        file: &StoredFile,
    ) -> Outcome {
        let cover = match &self.cover {
            Some(cover) => Some(core.files.put_cover(at.new_id(), cover).await?),
            None => None,
        };
        let (cover_key, cover_type) = cover.unzip();
        let requires = |field| self.required.contains(&field);
        let report = Report {
            report_id: id,
            slug: self.slug.clone(),
            title: title.into_string(),
            summary,
            body,
            file_key: file.key.clone(),
            media_type: file.media_type.name.to_owned(),
            byte_size: file.byte_size,
            sha256: file.sha256.clone(),
            pages: self.pages,
            cover_key,
            cover_media_type: cover_type.map(|kind| kind.name.to_owned()),
            requires_name: requires(RequiredField::Name),
            requires_organisation: requires(RequiredField::Organisation),
            requires_job_title: requires(RequiredField::JobTitle),
            status: ReportStatus::Draft,
            created_at: at.now,
            published_at: None,
        };
        let mut tx = core.db.write().await?;
        add_report(&mut tx, at, ACTOR, &report, &self.newsletters).await?;
        if self.publish {
            let complete = core.settings.controller.is_complete();
            publish_report(&mut tx, at, ACTOR, &self.slug, complete, LANG).await?;
        }
        tx.commit().await?;
        let slug = &self.slug;
        if self.publish {
            println!("published {}/reports/{slug}", core.settings.origin());
        } else {
            println!("added {slug}: `assent report publish {slug}` offers it");
        }
        Ok(())
    }
}

impl Edit {
    async fn run(self, core: &Core) -> Outcome {
        let at = core.moment();
        let cover = match &self.cover {
            Some(cover) => Some(core.files.put_cover(at.new_id(), cover).await?),
            None => None,
        };
        let title = match &self.title {
            Some(title) => {
                Some(Line::parse(title)?.ok_or_else(|| refuse("the title cannot be empty"))?)
            }
            None => None,
        };
        let summary = self.summary.as_deref().map(Line::parse).transpose()?;
        let edit = ReportEdit {
            title: title.map(Line::into_string),
            summary: summary.map(|line| line.map(Line::into_string).unwrap_or_default()),
            body: self.body.as_deref().map(read_text).transpose()?,
            cover: cover.map(|(key, kind)| (key, kind.name)),
        };
        let mut tx = core.db.write().await?;
        edit_report(&mut tx, &at, ACTOR, &self.slug, &edit).await?;
        tx.commit().await?;
        println!("changed {}", self.slug);
        Ok(())
    }
}

async fn list(core: &Core) -> Outcome {
    let all = reports::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("none yet: `assent report add FILE --slug SLUG --title TITLE --publish` adds one");
    }
    for report in all {
        let format = MediaType::named(&report.media_type).map_or("file", |kind| kind.format);
        let status = match report.status {
            ReportStatus::Draft => "draft",
            ReportStatus::Published => "published",
            ReportStatus::Withdrawn => "withdrawn",
        };
        let size = readable_size(report.byte_size);
        println!("{}\t{status}\t{format}, {size}\t{}", report.slug, report.title);
    }
    Ok(())
}
