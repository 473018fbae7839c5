//! A program that is stopped and started again, on its own database or on an older copy of it.

use std::path::Path;

use assent::app::Core;
use assent::clock::Clock;
use assent::outside::Outside;
use assent::random::Random;
use assent::store::{CONNECTIONS, Db};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::app::{TestApp, hex, seals_soon};
use super::postgres;

/// A program that was stopped, with its database.
pub struct Stopped {
    pub dir: TempDir,
    database_url: Option<String>,
    clock: Clock,
    /// Draws other chances than the one it is a twin of.
    twin: bool,
}

/// What a database was when it was copied.
pub enum Copied {
    Sqlite(Vec<u8>),
    Postgres(String),
}

impl TestApp {
    /// Stops the program, to be started again.
    pub async fn halt(self) -> Stopped {
        let (database_url, clock) = (self.database_url.clone(), self.clock.clone());
        Stopped { dir: self.stop().await, database_url, clock, twin: false }
    }

    /// Copies the database as it is at this moment; the program stops meanwhile.
    pub async fn copied(self) -> (Self, Copied) {
        let stopped = self.halt().await;
        let copied = stopped.copy().await;
        (stopped.start(&[]).await, copied)
    }

    /// What the database of a program is to a process on another machine, or to one that began later: it saw nothing of
    /// what was before, and keeps in this directory what it comes to know. The file store is the same.
    pub async fn database_seen_from(&self, data_dir: &Path) -> Db {
        let (core, terms) = (&self.core, &self.core.flow_settings);
        let (keys, key) = (terms.ledger_keys.clone(), terms.evidence_key.clone());
        let outside = Outside::open(data_dir, &core.files, keys, key).expect("a place");
        let url = core.settings.database_url.expose_secret();
        Db::open(url, &outside, CONNECTIONS).await.expect("a database")
    }

    /// From here on the story looks on as a process would that begins now.
    pub async fn look_anew(&mut self) {
        self.core.db = self.database_seen_from(self.dir.path()).await;
    }

    /// Puts an older copy of the database in place of the present one, and starts again.
    pub async fn gone_back(self, copied: &Copied) -> Self {
        let mut stopped = self.halt().await;
        stopped.put_back(copied).await;
        stopped.start(&[]).await
    }
}

impl Stopped {
    pub fn database(&self) -> std::path::PathBuf {
        self.dir.path().join("assent.db")
    }

    pub async fn copy(&self) -> Copied {
        match &self.database_url {
            None => Copied::Sqlite(std::fs::read(self.database()).expect("a database")),
            Some(url) => {
                let name = url.rsplit('/').next().expect("a name");
                let copy = format!("copy_{}", hex(&Random::System.bytes::<8>()));
                postgres::server().create_database(&copy, Some(name)).await;
                Copied::Postgres(copy)
            }
        }
    }

    pub async fn put_back(&mut self, copied: &Copied) {
        match copied {
            Copied::Sqlite(bytes) => std::fs::write(self.database(), bytes).expect("written"),
            Copied::Postgres(copy) => {
                let name = format!("story_{}", hex(&Random::System.bytes::<8>()));
                postgres::server().create_database(&name, Some(copy)).await;
                self.database_url = Some(postgres::server().url(&name));
            }
        }
    }

    /// Another program on a copy of this one's data and database; files are shared as `set` says.
    pub async fn twin(&self) -> Stopped {
        let dir = tempfile::tempdir().expect("a temporary directory");
        copy_directory(self.dir.path(), dir.path());
        let mut twin = Stopped { dir, database_url: None, clock: self.clock.clone(), twin: true };
        if self.database_url.is_some() {
            twin.put_back(&self.copy().await).await;
        }
        twin
    }

    pub async fn start(self, set: &[(&str, &str)]) -> TestApp {
        self.start_tuned(set, |_| ()).await
    }

    /// The same, with a worker that seals as it goes.
    pub async fn start_sealing(self, set: &[(&str, &str)]) -> TestApp {
        self.start_tuned(set, seals_soon).await
    }

    async fn start_tuned(self, set: &[(&str, &str)], tune: impl FnOnce(&mut Core)) -> TestApp {
        // Another start draws other chances.
        let seed = u64::try_from(self.clock.now().micros()).expect("after 1970");
        let at = (self.clock, Random::seeded(seed + u64::from(self.twin)));
        TestApp::start_on((self.dir, self.database_url), set, at, tune).await
    }
}

/// The heads in both places are lost.
pub fn lose_heads(dir: &Path) {
    for place in ["outside", "files/outside"] {
        remove(&dir.join(place).join("heads"));
    }
}

/// The endings in both places are lost.
pub fn lose_endings(dir: &Path) {
    std::fs::remove_file(dir.join("endings.log")).expect("removed");
    remove(&dir.join("files/outside/endings"));
}

/// A program that runs may be about to put something there.
fn remove(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("removed");
    }
}

fn copy_directory(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a directory") {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        if from.is_dir() {
            std::fs::create_dir(to.join(&name)).expect("made");
            copy_directory(&from, &to.join(&name));
        } else {
            std::fs::copy(&from, to.join(&name)).expect("copied");
        }
    }
}
