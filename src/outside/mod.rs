//! What is kept outside the database, so that a database that went back in time is recognised, and brings
//! nobody back who left: every signed head, and every ending. Each lies twice: in the data directory and in the
//! file store, which replicas share.

mod ending;
mod exchange;
mod heads;
mod journal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

pub use ending::{Ending, Endings, Newest, Scope, Turn};
pub use heads::Head;

use crate::files::{Files, FilesError};
use crate::ledger::epoch::Epoch;
use crate::ledger::keys::LedgerKeys;
use exchange::Exchanged;
use heads::Heads;
use journal::Journal;

/// Why something cannot be kept outside, or read there.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// A file in the data directory.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// The same.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// A line that this program did not write.
    #[error("{0} was changed by another hand: line {1} is not as this program writes it")]
    Line(String, usize),
    /// An object that is no head of this ledger.
    #[error("{0} is no signed head of this ledger")]
    Head(String),
    /// The file store, or the data directory as one.
    #[error("what is kept outside the database cannot be reached")]
    Files(#[from] FilesError),
}

/// Both places. Clones are of one.
#[derive(Clone, Debug)]
pub struct Outside {
    endings: Journal,
    /// What versions before kept of erasures.
    erasures: Journal,
    near: Heads,
    far: Heads,
    files: Files,
    keys: Arc<LedgerKeys>,
    exchanged: Arc<Mutex<Exchanged>>,
    grew: Arc<Notify>,
}

impl Outside {
    /// Both places: the data directory, and the file store.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn open(
        data_dir: &Path,
        files: &Files,
        keys: Arc<LedgerKeys>,
    ) -> Result<Self, OutsideError> {
        let near = Files::open(&format!("file:{}", data_dir.display()))?;
        Ok(Self {
            endings: Journal::open(data_dir.join("endings.log")),
            erasures: Journal::open(data_dir.join("erasures.log")),
            near: Heads::of(near, &keys),
            far: Heads::of(files.clone(), &keys),
            files: files.clone(),
            keys,
            exchanged: Arc::default(),
            grew: Arc::default(),
        })
    }

    /// Notes endings, on disk in the data directory when this returns. The database calls it before it commits
    /// them: noting one that then fails does no harm, for whoever it is about asked for it. The file store gets
    /// them by [`Outside::exchange`], for nobody may be kept from leaving because it is away.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn note(&self, endings: &[Ending]) -> Result<(), OutsideError> {
        let lines: Vec<String> = endings.iter().map(|ending| format!("{ending}\n")).collect();
        self.endings.append(lines.concat()).await?;
        self.grew.notify_one();
        Ok(())
    }

    /// Waits until an ending is noted here.
    pub async fn grown(&self) {
        self.grew.notified().await;
    }

    /// All endings that the data directory knows.
    ///
    /// # Errors
    /// When the files cannot be read, or hold a line by another hand.
    pub async fn endings(&self) -> Result<Endings, OutsideError> {
        let mut lines = self.endings.read(Ending::parse).await?;
        lines.extend(self.erasures.read(Ending::parse_erasure).await?);
        Ok(Endings::of(lines))
    }

    /// What the data directory knows of endings, as a text of lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn endings_text(&self) -> Result<String, OutsideError> {
        let lines = self.endings.read(|line| Some(format!("{line}\n"))).await?;
        Ok(lines.concat())
    }

    /// Takes in endings that were kept elsewhere, those that are not known here.
    ///
    /// # Errors
    /// When a line is not as this program writes it, or the file cannot be written; then none is taken in.
    pub async fn take_in(&self, name: &str, text: &str) -> Result<(), OutsideError> {
        self.append_new(parse_endings(name, text.as_bytes())?).await
    }

    /// The heads that follow the one of this size, by either place.
    ///
    /// # Errors
    /// When a place cannot be read.
    pub async fn heads_after(
        &self,
        epoch: Epoch,
        after: u64,
    ) -> Result<[Option<Head>; 2], OutsideError> {
        Ok([
            self.near.find_after(epoch, after, &self.keys).await?,
            self.far.find_after(epoch, after, &self.keys).await?,
        ])
    }

    /// The newest head that either place knows: of the latest epoch the largest.
    ///
    /// # Errors
    /// When a place cannot be read.
    pub async fn newest_head(&self) -> Result<Option<Head>, OutsideError> {
        let near = self.near.find_newest(&self.keys).await?;
        let far = self.far.find_newest(&self.keys).await?;
        Ok(near.into_iter().chain(far).max_by_key(|head| (head.epoch, head.size())))
    }

    /// Keeps a head behind the one of this size, in both places; `false` when either has another one there.
    /// Nobody may see it before this returned.
    ///
    /// # Errors
    /// When a place cannot be written.
    pub async fn keep_head(&self, after: u64, head: &Head) -> Result<bool, OutsideError> {
        // The shared place first: it decides between replicas.
        Ok(self.far.put(after, head, &self.keys).await?
            && self.near.put(after, head, &self.keys).await?)
    }
}

/// Reads the whole lines of a file or an object of this name.
fn parse_endings(name: &str, bytes: &[u8]) -> Result<Vec<Ending>, OutsideError> {
    let parse = |(number, line): (usize, &[u8])| {
        let ending = std::str::from_utf8(line).ok().and_then(Ending::parse);
        ending.ok_or_else(|| OutsideError::Line(name.to_owned(), number))
    };
    journal::whole_lines(bytes).map(parse).collect()
}
