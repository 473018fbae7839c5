//! `assent restore`.

use std::path::PathBuf;

use serde_json::json;

use super::{Error, Outcome, open, read_text, refuse};
use crate::backup::{Manifest, Newer, put_back, read_note};
use crate::config::{Keys, Settings};
use crate::files::Files;
use crate::flows::record_restore::{Restored, record_restore};
use crate::flows::resume_ledger::resume_ledger;
use crate::flows::standing::{find_standing, keep_known};
use crate::notary::seal_all;
use crate::outside::Outside;
use crate::random::Random;
use crate::store;
use crate::tls;

/// Put a back-up in place of this installation's database and files; stop the program first
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The directory of the back-up
    dir: PathBuf,
    /// A signed tree head from after the back-up: a checkpoint, or the mail that brought it
    #[arg(long, value_name = "FILE")]
    heads: Vec<PathBuf>,
    /// The `endings.log` of a data directory: who left or was erased after the back-up
    #[arg(long, value_name = "FILE")]
    endings: Vec<PathBuf>,
    /// Nothing is left that knows what happened after the back-up
    #[arg(long)]
    without_newer: bool,
    /// Replace the database that is there
    #[arg(long)]
    replace: bool,
}

impl Restore {
    pub(super) async fn run(self, settings: Settings) -> Outcome {
        tls::use_ring();
        let manifest = Manifest::read(&self.dir)?;
        std::fs::create_dir_all(&settings.data_dir)?;
        manifest.put_keys(&self.dir, &settings.data_dir)?;
        let keys = Keys::load(&settings, &Random::System)?;
        let files = Files::open(&settings.files_url)?;
        let outside = Outside::open(&settings.data_dir, &files, keys.ledger.clone())?;
        let url = &settings.database_url;
        if !self.replace && store::dump::is_there(url).await? {
            return Err(refuse(
                "there is a database already: name another, or replace it with --replace",
            ));
        }
        let mut newer = Newer::default();
        for file in &self.heads {
            let head = read_note(&read_text(file)?, &keys.ledger);
            newer.heads.push(head.ok_or_else(|| {
                refuse(format!("{} holds no signed head of this ledger", file.display()))
            })?);
        }
        for file in &self.endings {
            newer.endings.push((file.display().to_string(), read_text(file)?));
        }
        outside.exchange().await?;
        let knows = outside.newest_head().await?.is_some() || !outside.endings().await?.is_empty();
        let given = !newer.heads.is_empty() || !newer.endings.is_empty();
        if !(knows || given || self.without_newer) {
            return Err(refuse(
                "nothing here knows who left or what was signed after the back-up: give newer heads and endings \
                 (--heads, --endings), such as a mailed checkpoint and the endings.log of the old machine, or \
                 say --without-newer",
            ));
        }
        for (name, text) in &newer.endings {
            outside.take_in(name, text).await?;
        }
        let newest =
            put_back(&manifest, &self.dir, (url, self.replace), (&files, &outside), &keys.ledger)
                .await?;
        newer.heads.extend(newest);
        self.go_on(settings, &manifest, &newer, knows || given).await
    }

    /// The database is there: no mail leaves, heads are compared, endings were replayed by opening it.
    async fn go_on(
        &self,
        settings: Settings,
        manifest: &Manifest,
        newer: &Newer,
        knows: bool,
    ) -> Outcome {
        let core = open(settings).await?;
        let restored = Restored { taken_at: &manifest.taken_at, without_newer: !knows };
        let mut tx = core.db.write().await?;
        record_restore(&mut tx, &core.moment(), super::ACTOR, &restored).await?;
        tx.commit().await?;
        keep_known(&core.db, &core.terms, &newer.heads).await?;
        let standing = find_standing(&core.db, &core.terms.ledger_keys).await?;
        if !knows && standing.is_level() {
            // Whoever kept a newer head must never see another one of that name.
            let mut tx = core.db.write().await?;
            let epoch =
                resume_ledger(&mut tx, &core.moment(), &core.terms, super::ACTOR, None).await?;
            tx.commit().await?;
            seal_all(&core.db, &core.terms, &core.clock, &core.random).await?;
            println!("the ledger goes on as {}", epoch.name(core.terms.ledger_keys.origin()));
        } else {
            println!("{standing}");
        }
        core.db.close().await;
        println!("{}", json!({"restored": manifest.taken_at, "files": manifest.parts.len()}));
        println!("no mail leaves until `assent mail resume`: look first at what waits");
        Ok::<(), Error>(())
    }
}
