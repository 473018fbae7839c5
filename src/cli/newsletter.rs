//! `assent newsletter …`.

use clap::Subcommand;

use super::{ACTOR, Outcome, refuse};
use crate::app::Core;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::add_newsletter::add_newsletter;
use crate::store::newsletters;

#[derive(Subcommand)]
pub(super) enum NewsletterCommand {
    /// Add a newsletter that people can agree to
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
    /// Name all newsletters
    List,
}

impl NewsletterCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Add { slug, name, description } => add(core, &slug, &name, &description).await,
            Self::List => list(core).await,
        }
    }
}

async fn add(core: &Core, slug: &Slug, name: &str, description: &str) -> Outcome {
    let name = Line::parse(name)?.ok_or_else(|| refuse("give the newsletter a --name"))?;
    let description = Line::parse(description)?;
    let mut tx = core.db.write().await?;
    let added =
        add_newsletter(&mut tx, &core.moment(), ACTOR, slug, &name, description.as_ref()).await?;
    if added.is_none() {
        return Err(refuse(format!("there is a newsletter `{slug}` already: choose another slug")));
    }
    tx.commit().await?;
    println!("added newsletter:{slug}");
    Ok(())
}

async fn list(core: &Core) -> Outcome {
    let all = newsletters::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("none yet: `assent newsletter add SLUG --name NAME` adds one");
    }
    for newsletter in all {
        println!("{}\t{}\t{}", newsletter.slug, newsletter.name, newsletter.description);
    }
    Ok(())
}
