//! `assent policy …`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{ACTOR, Outcome, read_text, refuse};
use crate::app::Core;
use crate::domain::notice::LANG;
use crate::domain::policy::{ChangeClass, PolicyText};
use crate::domain::slug::Label;
use crate::flows::publish_policy::publish_policy;
use crate::store::policy_versions::{self, NewPolicyVersion};

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Publish a privacy policy, in force from now on and kept for good
    Publish {
        /// The text, Markdown in UTF-8
        file: PathBuf,
        /// What forms and exports call this version, such as `2026-11`
        #[arg(long, value_name = "LABEL")]
        version: Label,
        /// What it asks of those who agreed to an older version
        #[arg(long, value_enum, default_value = "editorial")]
        change: ChangeClass,
        /// The language, BCP 47
        #[arg(long, default_value = LANG)]
        lang: String,
    },
    /// Name all versions, newest first
    List,
}

impl PolicyCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Publish { file, version, change, lang } => {
                publish(core, &file, &version, change, &lang).await
            }
            Self::List => list(core).await,
        }
    }
}

async fn publish(
    core: &Core,
    file: &Path,
    label: &Label,
    change_class: ChangeClass,
    lang: &str,
) -> Outcome {
    if lang != LANG {
        return Err(refuse(format!("policies are published in {LANG}: leave --lang out")));
    }
    let text = read_text(file)?;
    let text: PolicyText = text.parse()?;
    let mut tx = core.db.write().await?;
    let new = NewPolicyVersion { label, lang, text: &text, change_class };
    let Some(version) = publish_policy(&mut tx, &core.moment(), ACTOR, new).await? else {
        return Err(refuse(format!(
            "version `{label}` is published already and never changes: choose another --version"
        )));
    };
    tx.commit().await?;
    println!("published {label}, SHA-256 {}", version.sha256);
    Ok(())
}

async fn list(core: &Core) -> Outcome {
    let all = policy_versions::list(&mut core.db.read().await?, LANG).await?;
    if all.is_empty() {
        println!("none yet: `assent policy publish FILE.md --version LABEL` publishes the first");
    }
    for (at, version) in all.iter().enumerate() {
        let state = if at == 0 { "in force" } else { "older" };
        println!("{}\t{}\t{}\t{state}", version.label, version.published_at, version.sha256);
    }
    Ok(())
}
