//! `assent restore`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Error, Outcome, open, read_text, refuse};
use crate::backup::{
    Known, Manifest, Target, copy_keys, demand_address_key, known, put_back, read_notes,
};
use crate::clock::Clock;
use crate::config::{Keys, Settings};
use crate::domain::evidence_key::EvidenceKey;
use crate::files::Files;
use crate::flows::record_restore::{Restored, record_restore};
use crate::flows::resume_ledger::resume_ledger;
use crate::flows::standing::{find_standing, keep_known};
use crate::ledger::keys::LedgerKeys;
use crate::notary::seal_all;
use crate::outside::{Head, Outside};
use crate::random::Random;
use crate::store;
use crate::store::dump::MailPause;
use crate::tls;

/// Put a back-up in place of this installation's database and files; stop the program first
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The directory of the back-up
    dir: PathBuf,
    /// Signed tree heads from after the back-up: checkpoints, or the mails that brought them
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
        let url = &settings.database_url;
        manifest.demand_kind(url)?;
        if !self.replace && store::dump::is_there(url).await? {
            return Err(refuse(
                "there is a database already: name another, or replace it with --replace",
            ));
        }
        let keys = try_keys(&self.dir, &settings)?;
        let files = Files::open(&settings.files_url)?;
        let evidence_key = EvidenceKey::of(&keys.addresses);
        let outside = Outside::open(&settings.data_dir, &files, keys.ledger.clone(), evidence_key)?;
        demand_address_key(&self.dir, &keys.addresses)?;
        let own = known(&self.dir, &keys.ledger, &outside)?;
        let newer = self.newer(&keys.ledger, &outside)?;
        std::fs::create_dir_all(&settings.data_dir)?;
        outside.exchange().await?;
        // One that the operator gives may be older than others that were signed under this name.
        let knows_heads = outside.newest_head().await?.is_some();
        let is_known = knows_heads
            || !outside.endings().await?.is_empty()
            || !(newer.heads.is_empty() && newer.endings.is_empty());
        if !(is_known || self.without_newer) {
            return Err(refuse(
                "nothing here knows who left or what was signed after the back-up: give newer heads and endings \
                 (--heads, --endings), such as a mailed checkpoint and the endings.log of the old machine, or \
                 say --without-newer",
            ));
        }
        let data_dir = settings.data_dir.clone();
        let to = Target {
            data_dir: &data_dir,
            database_url: url,
            replace: self.replace,
            files: &files,
            outside: &outside,
        };
        let restored = Restored { taken_at: &manifest.taken_at, without_newer: !is_known };
        let pause = MailPause { why: restored.why_paused(), since: Clock::System.now() };
        let endings = [own.endings, newer.endings].concat();
        put_back(&manifest, &self.dir, to, endings, &pause).await?;
        let heads = [own.heads, newer.heads].concat();
        go_on(settings, restored, (&heads, knows_heads), manifest.parts.len()).await
    }

    /// What the operator has from after the back-up.
    fn newer(&self, keys: &LedgerKeys, outside: &Outside) -> Result<Known, Error> {
        let mut newer = Known::default();
        for file in &self.heads {
            let heads = read_notes(&read_text(file)?, keys);
            if heads.is_empty() {
                let name = file.display();
                return Err(refuse(format!("{name} holds no signed head of this ledger")));
            }
            newer.heads.extend(heads);
        }
        for file in &self.endings {
            let name = file.display().to_string();
            newer.endings.extend(outside.parse_endings(&name, &read_text(file)?)?);
        }
        Ok(newer)
    }
}

/// The keys that the installation will have. Their copies are gone when this returns, for a program that is ended
/// later must leave none.
fn try_keys(dir: &Path, settings: &Settings) -> Result<Keys, Error> {
    let scratch = tempfile::tempdir()?;
    copy_keys(dir, &settings.data_dir, scratch.path())?;
    let trial = Settings { data_dir: scratch.path().to_owned(), ..settings.clone() };
    let keys = Keys::load(&trial, &Random::System)?;
    scratch.close()?;
    Ok(keys)
}

/// The database is there, and no mail leaves it: heads are compared, endings were replayed by opening it.
async fn go_on(
    settings: Settings,
    restored: Restored<'_>,
    (heads, knows_heads): (&[Head], bool),
    files: usize,
) -> Outcome {
    let core = open(settings).await?;
    let mut tx = core.db.write().await?;
    record_restore(&mut tx, &core.moment(), super::ACTOR, &restored).await?;
    tx.commit().await?;
    keep_known(&core.db, &core.terms, heads).await?;
    let standing = find_standing(&core.db, &core.terms.ledger_keys).await?;
    if !knows_heads && standing.is_level() {
        // Whoever kept a newer head must never see another one of that name.
        let mut tx = core.db.write().await?;
        let epoch = resume_ledger(&mut tx, &core.moment(), &core.terms, super::ACTOR, None).await?;
        tx.commit().await?;
        seal_all(&core.db, &core.terms, &core.clock, &core.random).await?;
        println!("the ledger goes on as {}", epoch.name(core.terms.ledger_keys.origin()));
    } else {
        println!("{standing}");
    }
    core.db.close().await;
    println!("{}", json!({"restored": restored.taken_at, "files": files}));
    println!("no mail leaves until `assent mail resume`: look first at what waits");
    Ok(())
}
