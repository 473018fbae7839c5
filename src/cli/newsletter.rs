//! `assent newsletter …`.

use clap::Subcommand;

use super::outcome::{Outcome, refuse};
use crate::app::Core;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::catalog::add_newsletter::add_newsletter;
use crate::flows::catalog::offer_newsletter::{Moved, offer_newsletter, withdraw_newsletter};
use crate::store::catalog::newsletters::NewNewsletter;
use crate::store::catalog::newsletters::{self, Newsletter};

#[derive(Subcommand)]
pub(super) enum NewsletterCommand {
    /// Add a newsletter that people can agree to; it is offered at once
    Add {
        /// Its short name, such as `weekly-briefing`
        slug: Slug,
        /// Its name, as readers see it
        #[arg(long)]
        name: String,
        /// What to expect from it, in one sentence
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Name all newsletters, and whether each is offered
    List,
    /// Offer a newsletter that was archived
    Offer {
        /// Which
        slug: Slug,
    },
    /// Archive a newsletter: no form or page offers it, and whoever agreed stays agreed
    Withdraw {
        /// Which
        slug: Slug,
    },
}

impl NewsletterCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Add { slug, name, description } => add(core, &slug, &name, &description).await,
            Self::List => list(core).await,
            Self::Offer { slug } => {
                let act = core.act();
                let moved = core.db.run(|tx| Box::pin(offer_newsletter(tx, &act, &slug)));
                known(moved.await?, &slug)?;
                println!("offered newsletter:{slug}");
                Ok(())
            }
            Self::Withdraw { slug } => {
                let act = core.act();
                let moved = core.db.run(|tx| Box::pin(withdraw_newsletter(tx, &act, &slug)));
                known(moved.await?, &slug)?;
                println!("archived newsletter:{slug}");
                Ok(())
            }
        }
    }
}

async fn add(core: &Core, slug: &Slug, name: &str, description: &str) -> Outcome {
    let name = Line::parse(name)?.ok_or_else(|| refuse("give the newsletter a --name"))?;
    let description = Line::parse(description)?;
    let (act, description) = (core.act(), description.as_ref());
    let new = NewNewsletter { slug, name: &name, description, offered: true };
    if core.db.run(|tx| Box::pin(add_newsletter(tx, &act, new))).await?.is_none() {
        return Err(refuse(format!("there is a newsletter `{slug}` already: choose another slug")));
    }
    println!("added newsletter:{slug}");
    Ok(())
}

fn known(moved: Moved, slug: &Slug) -> Outcome {
    match moved {
        Moved::Done | Moved::Already => Ok(()),
        Moved::Unknown => Err(refuse(format!(
            "there is no newsletter `{slug}`: `assent newsletter list` names them"
        ))),
    }
}

async fn list(core: &Core) -> Outcome {
    let all = newsletters::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("none yet: `assent newsletter add SLUG --name NAME` adds one");
    }
    for newsletter in all {
        let state = if newsletter.is_offered() { "offered" } else { "archived" };
        let Newsletter { slug, name, description, .. } = newsletter;
        println!("{slug}\t{state}\t{name}\t{description}");
    }
    Ok(())
}
