//! Both places at once: the data directory, and the file store.

use std::path::Path;
use std::sync::Arc;

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use tokio::sync::{Mutex, Notify};

use super::ending::Ending;
use super::endings::Endings;
use super::error::OutsideError;
use super::exchanged::Exchanged;
use super::heads::{Head, Heads};
use super::journal::{Journal, Look, ReadUpTo, parse_lines};
use super::seen::Seen;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::files::Files;

/// What is known of endings, so far: what was read of the file, and what this process noted or fetched, whatever became
/// of the file since.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) endings: Arc<Endings>,
    /// How far the file was read.
    pub(super) place: ReadUpTo,
    /// The lines that this process noted and the file store may lack.
    pub(super) noted: Vec<String>,
}

/// Both places. Clones are of one.
#[derive(Clone, Debug)]
pub struct Outside {
    pub(super) endings: Journal,
    /// What versions before kept of erasures, until it is taken over.
    pub(super) erasures: Journal,
    pub(super) near: Heads,
    pub(super) far: Heads,
    pub(super) files: Files,
    pub(super) keys: Arc<LedgerKeys>,
    /// What tells lines of this program from others'.
    pub(super) evidence_key: EvidenceKey,
    pub(super) exchanged: Arc<Mutex<Exchanged>>,
    pub(super) heard: Arc<Mutex<Heard>>,
    pub(super) grew: Arc<Notify>,
    /// How far the file store's heads are known in the data directory.
    pub(super) fetched: Arc<Mutex<Option<(Epoch, u64)>>>,
    /// What this process knows by itself.
    pub(super) seen: Arc<std::sync::Mutex<Seen>>,
    pub(super) access: Access,
}

/// One of the two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The data directory.
    Near,
    /// The file store.
    Far,
}

/// What something is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read and written.
    Use,
    /// To be looked at: nothing is written, neither what one place knows into the other.
    Look,
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
        evidence_key: EvidenceKey,
    ) -> Result<Self, OutsideError> {
        let near = Files::open(&format!("file:{}", data_dir.display()))?;
        Ok(Self::new(data_dir, (near, files), keys, evidence_key))
    }

    /// Both places, unlike [`Outside::open`] to be looked at: nothing is written or made in either.
    ///
    /// # Errors
    /// When the data directory is none.
    pub fn look(
        data_dir: &Path,
        files: &Files,
        keys: Arc<LedgerKeys>,
        evidence_key: EvidenceKey,
    ) -> Result<Self, OutsideError> {
        let near = Files::look(&format!("file:{}", data_dir.display()))?;
        let outside = Self::new(data_dir, (near, files), keys, evidence_key);
        Ok(Self { access: Access::Look, ..outside })
    }

    fn new(
        data_dir: &Path,
        (near, files): (Files, &Files),
        keys: Arc<LedgerKeys>,
        evidence_key: EvidenceKey,
    ) -> Self {
        Self {
            endings: Journal::open(data_dir.join("endings.log")),
            erasures: Journal::open(data_dir.join("erasures.log")),
            near: Heads::new(near, &keys),
            far: Heads::new(files.clone(), &keys),
            files: files.clone(),
            keys,
            evidence_key,
            exchanged: Arc::default(),
            heard: Arc::default(),
            grew: Arc::default(),
            fetched: Arc::default(),
            seen: Arc::default(),
            access: Access::Use,
        }
    }

    /// What it was opened for.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Notes endings, on disk in the data directory when this returns. The database calls it before it commits
    /// them: noting one that then fails does no harm, for whoever it is about asked for it. The file store gets
    /// them by [`Outside::exchange`], for nobody may be kept from leaving because it is away. This process knows them
    /// from here on, whatever becomes of the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn note(&self, endings: &[Ending]) -> Result<(), OutsideError> {
        let lines: Vec<String> =
            endings.iter().map(|ending| ending.line(&self.evidence_key) + "\n").collect();
        self.endings.append(lines.concat()).await?;
        let mut heard = self.heard.lock().await;
        heard.noted.extend(lines);
        Arc::make_mut(&mut heard.endings).add(endings.to_vec());
        self.grew.notify_one();
        Ok(())
    }

    /// Waits until an ending is noted here.
    pub async fn grown(&self) {
        self.grew.notified().await;
    }

    /// All endings that the data directory knows, or knew since this process began. Only what came since the last time
    /// is read, and all who ask share the one answer.
    ///
    /// # Errors
    /// When the file cannot be read, or holds a line by another hand.
    pub async fn endings(&self) -> Result<Arc<Endings>, OutsideError> {
        self.hear(Look::End).await
    }

    pub(super) async fn hear(&self, look: Look) -> Result<Arc<Endings>, OutsideError> {
        let mut heard = self.heard.lock().await;
        // Of another file all is read, and what stood in the one before holds all the same.
        let came = self.endings.read_on(&heard.place, look, self.line()).await?;
        if let Some((lines, place)) = came {
            Arc::make_mut(&mut heard.endings).add(lines);
            heard.place = place;
        }
        Ok(heard.endings.clone())
    }

    /// What the data directory knows of endings, as a text of lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn endings_text(&self) -> Result<String, OutsideError> {
        Ok(self.endings.read(|line| Some(format!("{line}\n"))).await?.concat())
    }

    /// The heads that follow the one of this size, by either place: that of the data directory first. What only the
    /// file store knows is known there from then on.
    ///
    /// # Errors
    /// When a place cannot be read, or the data directory not be written.
    pub async fn heads_after(
        &self,
        epoch: Epoch,
        after: u64,
    ) -> Result<[Option<Head>; 2], OutsideError> {
        let near = self.near.find_after(epoch, after, &self.keys).await?;
        let far = self.far.find_after(epoch, after, &self.keys).await?;
        if let (None, Some(head)) = (&near, &far) {
            self.keep_near(after, head).await?;
        }
        Ok([near, far])
    }

    /// The newest head that either place knows: of the latest epoch the largest. It is known in the data directory
    /// from then on.
    ///
    /// # Errors
    /// As [`Outside::heads_after`].
    pub async fn newest_head(&self) -> Result<Option<Head>, OutsideError> {
        let near = self.near.find_newest(&self.keys).await?;
        let far = self.far.find_newest(&self.keys).await?;
        self.newest_of(near, far).await
    }

    /// The newest head of one epoch that either place knows.
    ///
    /// # Errors
    /// When a place cannot be read.
    pub async fn newest_head_of(&self, epoch: Epoch) -> Result<Option<Head>, OutsideError> {
        let near = self.near.find_newest_of(epoch, &self.keys).await?;
        let far = self.far.find_newest_of(epoch, &self.keys).await?;
        self.newest_of(near, far).await
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

    /// Reads the endings of a file of this name, such as another machine's `endings.log`.
    ///
    /// # Errors
    /// When a line is not as this program writes it.
    pub fn parse_endings(&self, name: &str, text: &str) -> Result<Vec<Ending>, OutsideError> {
        parse_lines(name, text.as_bytes(), self.line())
    }

    /// How a line is read.
    pub(super) fn line(&self) -> impl Fn(&str) -> Option<Ending> {
        |line| Ending::read(line, &self.evidence_key)
    }
}
