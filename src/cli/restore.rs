//! `assent restore`.

use std::path::PathBuf;

use assent_ledger::keys::LedgerKeys;
use assent_ledger::text_file::read_text;

use super::new_name::tell_of_witnesses;
use super::opening::open;
use super::outcome::{Error, Outcome, refuse};
use crate::app::Tables;
use crate::backup::{
    Known, Manifest, Newer, Target, address_fingerprint, keys_folder, known, put_back, read_notes,
};
use crate::clock::Clock;
use crate::config::{BackedUpKeys, RestoredKeys, Settings};
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::files::Files;
use crate::flows::ledger::compare_heads::{LedgerState, compare_heads};
use crate::flows::ledger::find_last_cosigned::find_last_cosigned;
use crate::flows::ledger::keep_known::keep_known;
use crate::flows::ledger::record_restore::{Restored, record_restore};
use crate::flows::ledger::resume_ledger::resume_ledger;
use crate::outside::{Head, Outside};
use crate::random::Random;
use crate::sealing::seal_all;
use crate::store::dump::MailPause;
use crate::{store, tls};

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
    /// Take the back-up's keys though a secret key is here that they do not follow from: compare fingerprints first
    #[arg(long)]
    with_keys: bool,
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
        if store::dump::is_there(url).await? {
            if !self.replace {
                return Err(refuse(
                    "there is a database already: name another, or stop the program and replace it with --replace",
                ));
            }
            if store::dump::is_in_use(url).await? {
                return Err(refuse(
                    "a program has this database open, and what it stores would be lost: stop `assent serve`, on all \
                     machines, and restore again",
                ));
            }
        }
        let from = BackedUpKeys {
            folder: &keys_folder(&self.dir),
            address_fingerprint: address_fingerprint(&self.dir)?,
            taken: self.with_keys,
        };
        let chosen = RestoredKeys::choose(&settings, &from, &Random::System)?;
        let keys = &chosen.keys;
        let files = Files::open(&settings.files_url)?;
        let evidence_key = EvidenceKey::from_secret(&keys.addresses);
        let outside = Outside::open(&settings.data_dir, &files, keys.ledger.clone(), evidence_key)?;
        let own = known(&manifest, &self.dir, (&keys.ledger, &keys.addresses), &outside).await?;
        let given = self.given(&keys.ledger, &outside)?;
        outside.exchange().await?;
        let noted = outside.parse_endings("endings.log", &outside.endings_text().await?)?;
        let found = outside.newest_head().await?;
        let newer = Newer::than(&manifest, &own, (found.as_ref(), &noted), &given);
        if newer.is_nothing() && !self.without_newer {
            return Err(refuse(
                "neither the data directory nor the file store holds a head or an ending newer than this back-up, so \
                 people who left since would come back: give newer ones (--heads, --endings), such as a mailed \
                 checkpoint and the endings.log of the old machine, or say --without-newer",
            ));
        }
        tell_keys(&chosen);
        let data_dir = settings.data_dir.clone();
        let restored = Restored { taken_at: &manifest.taken_at, without_newer: newer.is_nothing() };
        let pause = MailPause { why: restored.why_paused(), since: Clock::System.now() };
        let to = Target {
            data_dir: &data_dir,
            database_url: url,
            replace: self.replace,
            files: &files,
            outside: &outside,
            keys: &chosen.files,
            pause: &pause,
        };
        let endings = [own.endings, given.endings].concat();
        put_back(&manifest, &self.dir, to, endings).await?;
        let heads = [own.heads, given.heads].concat();
        Box::pin(go_on(settings, restored, (&heads, newer.heads), manifest.parts.len())).await
    }

    /// What the operator has from after the back-up.
    fn given(&self, keys: &LedgerKeys, outside: &Outside) -> Result<Known, Error> {
        let mut given = Known::default();
        for file in &self.heads {
            let heads = read_notes(&read_text(file)?, keys);
            if heads.is_empty() {
                let name = file.display();
                return Err(refuse(format!("{name} holds no signed head of this ledger")));
            }
            given.heads.extend(heads);
        }
        for file in &self.endings {
            let name = file.display().to_string();
            given.endings.extend(outside.parse_endings(&name, &read_text(file)?)?);
        }
        Ok(given)
    }
}

/// Which keys it goes on with: whose they are, only somebody who knew them before can say.
fn tell_keys(chosen: &RestoredKeys) {
    let RestoredKeys { keys, address, ledger, .. } = chosen;
    let signs = keys.ledger.first().vkey();
    println!("address key: {}, {address}", keys.addresses.fingerprint());
    println!("ledger key: {signs}, fingerprint {}, {ledger}", signs.fingerprint());
    println!(
        "compare both with what `assent backup` and `assent ledger key` printed on the old machine"
    );
}

/// The database is there, and no mail leaves it: heads are compared, endings were replayed by opening it.
async fn go_on(
    settings: Settings,
    restored: Restored<'_>,
    (heads, knows_newest): (&[Head], bool),
    files: usize,
) -> Outcome {
    // What was put back may be an earlier version's.
    let core = open(settings, Tables::Migrate).await?;
    let act = core.act();
    core.db.run(|tx| Box::pin(record_restore(tx, &act, &restored))).await?;
    keep_known(&core.db, &core.flow_settings, heads).await?;
    let standing = compare_heads(&core.db, &core.flow_settings.ledger_keys).await?;
    let is_unopposed = standing.is_level() || matches!(standing, LedgerState::Lost { .. });
    let resumes = !knows_newest && is_unopposed;
    if resumes {
        // Whoever kept a newer head must never see another one of that name. Nothing is kept outside before, or it
        // would be taken for the newest head by whoever puts the same back-up back once more.
        let last = find_last_cosigned(&core.db, &core.flow_settings.witnesses).await?;
        let act = core.act();
        let epoch =
            core.db.run(|tx| Box::pin(resume_ledger(tx, &act, &core.flow_settings, None))).await?;
        let name = epoch.name(core.flow_settings.ledger_keys.origin());
        println!("the ledger goes on as {name}");
        tell_of_witnesses(&core, &name, last.as_deref());
    } else {
        println!("{standing}");
    }
    if resumes || standing.is_level() {
        // So the ledger says that it was put back, and a head whose leaves are not here is found out.
        seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    }
    core.db.close().await;
    println!("put back what was backed up at {}, with {files} files", restored.taken_at);
    println!("no mail leaves until `assent mail resume`: look first at what waits");
    Ok(())
}
