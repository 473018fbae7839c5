//! `assent report …`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use assent_ledger::text_file::read_text;
use clap::{Args, Subcommand};

use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::address_rules::{AddressRules, DomainRule, NoAddressRule, read_answer};
use crate::domain::catalog::markdown::demand_own_images;
use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::{ReportStatus, RequiredField, readable_size};
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::catalog::add_report::{ReportOffers, add_report};
use crate::flows::catalog::edit_report::{NewReturn, ReportEdit, RuleChange, edit_report};
use crate::flows::catalog::publish_report::{publish_report, withdraw_report};
use crate::flows::catalog::report_error::ReportError;
use crate::random::Moment;
use crate::store::catalog::report_drawings::DrawnReport;
use crate::store::catalog::reports::{self, Report};

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
    /// A purpose of your own that its form offers; repeat for more
    #[arg(long = "purpose", value_name = "CODE")]
    purposes: Vec<Purpose>,
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
    /// Where readers can go on once they have it: a page of a site that may hold forms
    #[arg(long, value_name = "URL")]
    return_to: Option<String>,
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
    /// Where readers can go on once they have it: a page of a site that may hold forms; empty for nowhere
    #[arg(long, value_name = "URL")]
    return_to: Option<String>,
    /// What to do about addresses of free mail services: off, warn or refuse
    #[arg(long, value_name = "ANSWER")]
    work_addresses: Option<String>,
    /// The same about addresses at a domain of the file that `disposable_domains` names
    #[arg(long, value_name = "ANSWER")]
    disposable_addresses: Option<String>,
    /// Take no addresses but those at these domains and below, such as gov.uk,nhs.uk; after `warn:` others are only told;
    /// empty to take all
    #[arg(long, value_name = "DOMAINS")]
    allowed_domains: Option<String>,
    /// Take no addresses at these domains and below; after `warn:` they are only told; empty to take all
    #[arg(long, value_name = "DOMAINS")]
    refused_domains: Option<String>,
}

impl ReportCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let act = core.act();
        match self {
            Self::Add(add) => add.run(core).await,
            Self::Edit(edit) => edit.run(core).await,
            Self::List => list(core).await,
            Self::Publish { slug } => {
                let controller = &core.settings.controller;
                core.db.run(|tx| Box::pin(publish_report(tx, &act, &slug, controller))).await?;
                println!("published {}/reports/{slug}", core.settings.origin());
                Ok(())
            }
            Self::Withdraw { slug } => {
                core.db.run(|tx| Box::pin(withdraw_report(tx, &act, &slug))).await?;
                println!("withdrawn {slug}");
                Ok(())
            }
        }
    }
}

impl Add {
    async fn run(self, core: &Core) -> Outcome {
        let mut unnamed = Vec::new();
        let outcome = self.add(core, &mut unnamed).await;
        remove(core, unnamed).await?;
        outcome
    }

    /// Adds the report. `unnamed` are the files in the store that no row names: they go when it fails.
    async fn add(&self, core: &Core, unnamed: &mut Vec<String>) -> Outcome {
        let act = core.act();
        let id = act.at.new_id();
        let title = Line::parse(&self.title)?.ok_or_else(|| refuse("give the report a --title"))?;
        let summary = Line::parse(&self.summary)?.map(Line::into_string).unwrap_or_default();
        let body = self.body.as_deref().map(read_body).transpose()?;
        let return_to =
            self.return_to.as_deref().map(|text| read_return(core, text)).transpose()?;
        let file = core.files.put_report(id, &self.file).await?;
        unnamed.push(file.key.clone());
        let (cover_key, cover_type) =
            put_cover(core, &act.at, self.cover.as_deref()).await?.unzip();
        unnamed.extend(cover_key.clone());
        let requires = |field| self.required.contains(&field);
        let report = Report {
            report_id: id,
            slug: self.slug.clone(),
            title: title.into_string(),
            summary,
            body,
            file_key: file.key,
            media_type: file.media_type,
            byte_size: file.byte_size,
            sha256: file.sha256,
            pages: self.pages,
            cover_key,
            cover_media_type: cover_type,
            requires_name: requires(RequiredField::Name),
            requires_organisation: requires(RequiredField::Organisation),
            requires_job_title: requires(RequiredField::JobTitle),
            return_to,
            address_rules: AddressRules::default(),
            status: ReportStatus::Draft,
            created_at: act.at.now,
            published_at: None,
            drawn: DrawnReport::default(),
        };
        let offers = ReportOffers { newsletters: &self.newsletters, purposes: &self.purposes };
        let named = AtomicBool::new(false);
        let added = core.db.run(|tx| {
            Box::pin(async {
                add_report(tx, &act, &report, offers).await?;
                if self.publish {
                    publish_report(tx, &act, &self.slug, &core.settings.controller).await?;
                }
                // From here on a row may name them, even when the answer to the commit is lost.
                named.store(true, Ordering::Relaxed);
                Ok::<_, ReportError>(())
            })
        });
        let added = added.await;
        if named.into_inner() {
            unnamed.clear();
        }
        added?;
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
        let mut unnamed = Vec::new();
        let outcome = self.edit(core, &mut unnamed).await;
        remove(core, unnamed).await?;
        outcome
    }

    async fn edit(&self, core: &Core, unnamed: &mut Vec<String>) -> Outcome {
        let act = core.act();
        let title = match &self.title {
            Some(title) => {
                Some(Line::parse(title)?.ok_or_else(|| refuse("the title cannot be empty"))?)
            }
            None => None,
        };
        let summary = self.summary.as_deref().map(Line::parse).transpose()?;
        let body = self.body.as_deref().map(read_body).transpose()?;
        let return_to = match self.return_to.as_deref() {
            None => None,
            Some("") => Some(NewReturn::Nowhere),
            Some(text) => Some(NewReturn::To(read_return(core, text)?)),
        };
        let cover = put_cover(core, &act.at, self.cover.as_deref()).await?;
        unnamed.extend(cover.as_ref().map(|(key, _)| key.clone()));
        let edit = ReportEdit {
            title: title.map(Line::into_string),
            summary: summary.map(|line| line.map(Line::into_string).unwrap_or_default()),
            body,
            return_to,
            rules: self.rules()?,
            cover,
        };
        let named = AtomicBool::new(false);
        let edited = core.db.run(|tx| {
            Box::pin(async {
                let replaced = edit_report(tx, &act, &self.slug, &edit).await?;
                named.store(true, Ordering::Relaxed);
                Ok::<_, ReportError>(replaced)
            })
        });
        let edited = edited.await;
        if named.into_inner() {
            unnamed.clear();
        }
        let replaced = edited?;
        // No row names it any more.
        unnamed.extend(replaced);
        println!("changed {}", self.slug);
        let holds = |rule: &RuleChange| matches!(rule, RuleChange::Disposable(Some(_)));
        if edit.rules.iter().any(holds) && core.settings.disposable_domains.is_none() {
            println!("disposable_domains names no file yet, so no address is at such a domain");
        }
        Ok(())
    }
}

impl Edit {
    /// The rules for addresses that change.
    fn rules(&self) -> Result<Vec<RuleChange>, NoAddressRule> {
        let answer = |text: Option<&String>| text.map(|text| read_answer(text)).transpose();
        let domains = |text: Option<&String>| text.map(|text| read_domains(text)).transpose();
        let changes = [
            answer(self.work_addresses.as_ref())?.map(RuleChange::Work),
            answer(self.disposable_addresses.as_ref())?.map(RuleChange::Disposable),
            domains(self.allowed_domains.as_ref())?.map(RuleChange::Allowed),
            domains(self.refused_domains.as_ref())?.map(RuleChange::Refused),
        ];
        Ok(changes.into_iter().flatten().collect())
    }
}

/// A rule that names domains; none where nothing is written.
fn read_domains(text: &str) -> Result<Option<DomainRule>, NoAddressRule> {
    if text.trim().is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// Puts a cover into the store, if there is one; where it lies, and its media type.
async fn put_cover(
    core: &Core,
    at: &Moment,
    cover: Option<&Path>,
) -> Result<Option<(String, MediaType)>, Error> {
    let Some(cover) = cover else { return Ok(None) };
    Ok(Some(core.files.put_cover(at.new_id(), cover).await?))
}

/// Where readers can go on: a page of a site that may hold our forms, for others are not linked.
fn read_return(core: &Core, text: &str) -> Result<ReturnAddress, Error> {
    let address: ReturnAddress = text.parse()?;
    if address.is_of(&core.settings.embed_origins) {
        return Ok(address);
    }
    let origin = address.origin();
    let words =
        format!("{origin} is not in embed_origins: add it there, or name a page of a site that is");
    Err(refuse(words))
}

/// The Markdown of a report's page.
fn read_body(file: &Path) -> Result<String, Error> {
    let text = read_text(file)?;
    demand_own_images(&text)?;
    Ok(text)
}

/// Removes files that no row came to name, for nobody else ever would.
async fn remove(core: &Core, unnamed: Vec<String>) -> Outcome {
    for key in unnamed {
        core.files.delete_of_report(&key).await?;
    }
    Ok(())
}

async fn list(core: &Core) -> Outcome {
    let all = reports::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("none yet: `assent report add FILE --slug SLUG --title TITLE --publish` adds one");
    }
    for report in all {
        let format = report.media_type.format;
        let status = report.status.as_str();
        let size = readable_size(report.byte_size);
        println!("{}\t{status}\t{format}, {size}\t{}", report.slug, report.title);
    }
    Ok(())
}
