//! `assent dkim`.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::outcome::{Outcome, refuse};
use crate::config::Settings;
use crate::domain::slug::Slug;
use crate::mail::dkim::zone_text;
use crate::mail::dkim_key::{DkimAlgorithm, DkimKey, new_pem};
use crate::random::Random;

#[derive(clap::Subcommand)]
pub(super) enum DkimCommand {
    /// Make a key that signs mail, and print the DNS record to publish for it
    #[command(
        after_help = "Publish the record first, wait until it is seen (`dig TXT NAME`), then add the key to \
                            mail.dkim_keys and start again. Name a new selector for each new key, such as the year \
                            and a letter, and leave the old record in DNS for a week after the change. With both an \
                            rsa and an ed25519 key each mail gets two signatures; receivers need to understand one."
    )]
    New(New),
}

#[derive(clap::Args)]
pub(super) struct New {
    /// Where to write the key; it must not exist yet
    file: PathBuf,
    /// The name receivers look the key up by: lower-case letters, digits and hyphens
    #[arg(long)]
    selector: Slug,
    /// How it signs: rsa, which every receiver understands, or ed25519 beside it
    #[arg(long, value_enum, default_value = "rsa")]
    algorithm: DkimAlgorithm,
}

impl DkimCommand {
    pub(super) fn run(self, settings: &Settings) -> Outcome {
        let Self::New(New { file, selector, algorithm }) = self;
        let mail = &settings.mail;
        if mail.dkim_domain == "localhost" {
            return Err(refuse("set mail.from first: the record belongs to its domain"));
        }
        let pem = new_pem(algorithm, Random::System.bytes())?;
        write(&file, &pem).map_err(|error| {
            let what = match error.kind() {
                ErrorKind::AlreadyExists => {
                    "it exists, and a key is never written over: name a new file"
                }
                ErrorKind::NotFound => "its directory does not exist: make it first",
                _ => "let the user that runs this write there",
            };
            refuse(format!("{} cannot be written ({error}): {what}", file.display()))
        })?;
        let key = DkimKey::load(selector.as_str(), &file)?;
        let name = key.record_name(&mail.dkim_domain);
        println!("Publish this record:\n\n{name}. IN TXT {}\n", zone_text(&key.record()));
        println!("Once it is seen, add the key to the settings:\n");
        let new = (selector, full(&file));
        let keys: Vec<String> = mail
            .dkim_keys
            .iter()
            .chain([&new])
            .map(|(selector, file)| format!("\"{selector}:{}\"", file.display()))
            .collect();
        println!("[mail]\ndkim_keys = [{}]\n", keys.join(", "));
        println!("The user that assent runs as must be able to read it.");
        Ok(())
    }
}

/// Readable by its owner alone, on disk before anything is published.
fn write(file: &Path, pem: &str) -> std::io::Result<()> {
    let mut out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    out.write_all(pem.as_bytes())?;
    out.sync_all()
}

fn full(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}
