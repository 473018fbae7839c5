//! `assent backup`.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::outcome::Outcome;
use crate::app::Core;
use crate::backup::{Sources, take};

/// Write all that this installation needs to go on into a directory, while it serves
#[derive(clap::Args)]
pub(super) struct Backup {
    /// An empty or new directory
    dir: PathBuf,
    /// The keys too: whoever has them and the rest can act as this installation
    #[arg(long)]
    with_keys: bool,
}

impl Backup {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let shows = std::io::stderr().is_terminal();
        let from = Sources {
            db: &core.db,
            database_url: &core.settings.database_url,
            files: &core.files,
            data_dir: &core.settings.data_dir,
            addresses: &core.flow_settings.address_secret,
            with_keys: self.with_keys,
        };
        let manifest = take(&from, &self.dir, core.clock.now(), |what| {
            if shows {
                eprint!("\r\x1b[K{what}");
            } else {
                eprintln!("{what}");
            }
        })
        .await?;
        if shows {
            eprintln!();
        }
        let bytes: u64 = manifest.parts.iter().map(|part| part.bytes).sum();
        println!("{} files, {bytes} bytes, of {}", manifest.parts.len(), manifest.taken_at);
        // What a restore prints is compared with these.
        let signs = core.flow_settings.ledger_keys.first().vkey();
        println!("address key: {}", core.flow_settings.address_secret.fingerprint());
        println!("ledger key: {signs}, fingerprint {}", signs.fingerprint());
        Ok(())
    }
}
