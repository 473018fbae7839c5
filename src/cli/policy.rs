//! `assent policy …`.

use std::path::{Path, PathBuf};

use assent_ledger::text_file::read_text;
use clap::builder::PossibleValue;
use clap::{Subcommand, ValueEnum};

use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::notice::LANG;
use crate::domain::day::Day;
use crate::domain::policy::version::{Change, ChangeClass, Deadline, PolicyText, WhatChanges};
use crate::domain::slug::Label;
use crate::domain::time_zone::TimeZone;
use crate::flows::policy::publish_policy::publish_policy;
use crate::store::policy::versions::{self, NewPolicyVersion, PolicyVersion};

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
        /// With `reconsent`: the last day on which consents under older versions count
        #[arg(long, value_name = "DAY", required_if_eq("change", "reconsent"))]
        until: Option<Day>,
        /// With `notify` and `reconsent`: what changes for people, in a sentence that stands in their mail
        #[arg(
            long,
            value_name = "SENTENCE",
            required_if_eq_any([("change", "notify"), ("change", "reconsent")])
        )]
        what_changes: Option<WhatChanges>,
        /// The language, BCP 47
        #[arg(long, default_value = LANG)]
        lang: String,
    },
    /// Name all versions, newest first, with how many people's agreement to each stands
    List,
}

impl PolicyCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Publish { file, version, change, until, what_changes, lang } => {
                let until = until.map(|day| core.flow_settings.timezone.ends(day));
                let until = until.map(|until| Deadline::new(until, core.clock.now())).transpose();
                let until = until
                    .map_err(|_| refuse("--until is over already: leave people time to answer"))?;
                let change = decided(change, what_changes, until)?;
                if lang != LANG {
                    let words = format!("policies are published in {LANG}: leave --lang out");
                    return Err(refuse(words));
                }
                publish(core, &file, &version, &change).await
            }
            Self::List => list(core).await,
        }
    }
}

/// What is to be asked of people. That options which belong together stand together, the command line says.
fn decided(
    class: ChangeClass,
    what_changes: Option<WhatChanges>,
    until: Option<Deadline>,
) -> Result<Change, Error> {
    match (class, what_changes, until) {
        (ChangeClass::Editorial, None, None) => Ok(Change::Editorial),
        (ChangeClass::Notify, Some(changes), None) => Ok(Change::Notify(changes)),
        (ChangeClass::Reconsent, Some(changes), Some(until)) => {
            Ok(Change::Reconsent { changes, until })
        }
        (_, _, Some(_)) => {
            Err(refuse("--until is the last day of `--change reconsent`: leave it out"))
        }
        _ => Err(refuse(
            "--what-changes is told with `--change notify` and `--change reconsent`: leave it out",
        )),
    }
}

async fn publish(core: &Core, file: &Path, label: &Label, change: &Change) -> Outcome {
    let text = read_text(file)?;
    let text: PolicyText = text.parse()?;
    let act = core.act();
    let new = NewPolicyVersion { label, lang: LANG, text: &text, change };
    let published = core.db.run(|tx| Box::pin(publish_policy(tx, &act, new)));
    let Some(version) = published.await? else {
        return Err(refuse(format!(
            "version `{label}` is published already and never changes: choose another --version"
        )));
    };
    println!("published {label}, SHA-256 {}", version.sha256);
    Ok(())
}

/// A line for each version: label, when it took effect, hash, what it asked, how many people hold their
/// consent under it, and whether it is in force.
async fn list(core: &Core) -> Outcome {
    let mut tx = core.db.read().await?;
    let all = versions::list(&mut tx, LANG).await?;
    let people = versions::count_people(&mut tx).await?;
    if all.is_empty() {
        println!("none yet: `assent policy publish FILE.md --version LABEL` publishes the first");
    }
    for (at, version) in all.iter().enumerate() {
        let PolicyVersion { label, published_at, sha256, .. } = version;
        let held = people.iter().find(|(id, _)| *id == version.policy_version_id);
        let held = held.map_or(0, |(_, count)| *count);
        let state = if at == 0 { "in force" } else { "older" };
        let change = change(version, &core.flow_settings.timezone);
        println!("{label}\t{published_at}\t{sha256}\t{change}\t{held}\t{state}");
    }
    Ok(())
}

fn change(version: &PolicyVersion, timezone: &TimeZone) -> String {
    let class = version.change_class.to_possible_value();
    let class = class.as_ref().map_or("", PossibleValue::get_name);
    match version.renew_until {
        Some(until) => format!("{class} until {}", timezone.until(until)),
        None => class.to_owned(),
    }
}
