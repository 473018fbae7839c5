//! `assent purpose …`.

use clap::Subcommand;

use super::outcome::{Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use crate::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use crate::flows::catalog::offer_purpose::offer_purpose;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::store::catalog::{purposes, reports};

#[derive(Subcommand)]
pub(super) enum PurposeCommand {
    /// Add a purpose of your own that people can agree to; always optional
    Add {
        /// Its code: a slug such as `partner-offers`
        code: Purpose,
        /// Its name, as readers see it
        #[arg(long)]
        name: String,
        /// The exact words beside its box: what it is for, who does it, and how to withdraw
        #[arg(long, value_name = "TEXT")]
        words: String,
        /// A report whose form offers it; repeat for more
        #[arg(long = "report", value_name = "SLUG")]
        reports: Vec<Slug>,
    },
    /// Change its name or its words; whoever agreed before agreed to the old words
    Edit {
        /// Which
        code: Purpose,
        /// Its name
        #[arg(long, required_unless_present = "words")]
        name: Option<String>,
        /// The exact words beside its box
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// Name the purposes of your own, oldest first, with the reports whose forms offer them
    List,
    /// Offer a purpose on a report's form
    Offer {
        /// Which
        code: Purpose,
        /// On which form; repeat for more
        #[arg(long = "report", value_name = "SLUG", required = true)]
        reports: Vec<Slug>,
    },
}

impl PurposeCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Add { code, name, words, reports } => {
                let name = Line::parse(&name)?;
                let name = name.ok_or_else(|| refuse("give the purpose a --name"))?;
                let new = NewPurpose { code: code.clone(), name, words: words.parse()? };
                let act = core.act();
                core.db.run(|tx| Box::pin(add_purpose(tx, &act, &new, &reports))).await?;
                println!("added {code}");
                Ok(())
            }
            Self::Edit { code, name, words } => edit(core, &code, name, words).await,
            Self::List => list(core).await,
            Self::Offer { code, reports } => {
                let act = core.act();
                let offered = core.db.run(|tx| {
                    Box::pin(async {
                        for report in &reports {
                            offer_purpose(tx, &act, &code, report).await?;
                        }
                        Ok::<_, PurposeError>(())
                    })
                });
                offered.await?;
                println!("offered {code}");
                Ok(())
            }
        }
    }
}

async fn edit(
    core: &Core,
    which: &Purpose,
    name: Option<String>,
    words: Option<String>,
) -> Outcome {
    let name = match name {
        Some(name) => Some(Line::parse(&name)?.ok_or_else(|| refuse("the name cannot be empty"))?),
        None => None,
    };
    let words = words.map(|words| words.parse()).transpose()?;
    let (act, edit) = (core.act(), PurposeEdit { name, words });
    core.db.run(|tx| Box::pin(edit_purpose(tx, &act, which, &edit))).await?;
    println!("changed {which}");
    Ok(())
}

async fn list(core: &Core) -> Outcome {
    let mut tx = core.db.read().await?;
    let all = purposes::list(&mut tx).await?;
    let (reports, offers) = (reports::list(&mut tx).await?, reports::list_offers(&mut tx).await?);
    drop(tx);
    if all.is_empty() {
        println!("none yet: `assent purpose add CODE --name NAME --words TEXT` adds one");
    }
    for own in all {
        let offering = reports.iter().filter(|report| {
            offers.iter().any(|(id, purpose)| *id == report.report_id && *purpose == own.code)
        });
        let offering: Vec<&str> = offering.map(|report| report.slug.as_str()).collect();
        println!("{}\t{}\t{}\t{}", own.code, own.name, offering.join(","), own.words);
    }
    Ok(())
}
