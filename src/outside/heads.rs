//! Signed tree heads, each an object that is written once, under the size of the head before it. So two who go
//! on from one head, such as a ledger and a copy of it, ask for the same object, and one of them gets it.

use sha2::{Digest, Sha256};

use super::OutsideError;
use crate::domain::notice::hex;
use crate::files::Files;
use crate::ledger::epoch::Epoch;
use crate::ledger::keys::LedgerKeys;
use crate::ledger::note::SignedNote;

/// The heads of one ledger in one place.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    place: Files,
    folder: String,
}

/// A head, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The epoch it was signed in.
    pub epoch: Epoch,
    /// The signed note.
    pub note: SignedNote,
}

impl Head {
    /// Reads a note that one of these keys signed for their ledger; `None` for any other text.
    #[must_use]
    pub fn parse(note: &str, keys: &LedgerKeys) -> Option<Self> {
        let note = SignedNote::parse(note).ok()?;
        let epoch = Epoch::of(&note.checkpoint().origin, keys.origin())?;
        note.verified_by(&keys.trusted())?;
        Some(Self { epoch, note })
    }

    /// How many leaves it covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.note.checkpoint().size
    }

    /// What makes one head newer than another.
    #[must_use]
    pub fn rank(&self) -> (Epoch, u64) {
        (self.epoch, self.size())
    }
}

impl Heads {
    pub(super) fn of(place: Files, keys: &LedgerKeys) -> Self {
        let digest = hex(&Sha256::digest(keys.origin()));
        Self { place, folder: format!("outside/heads/{}", digest.get(..16).unwrap_or(&digest)) }
    }

    /// Where the head lies that follows the one of this size. The names of larger sizes come first, and 65,536
    /// of them share a folder, so that the newest is found without reading the others' names.
    fn key(&self, epoch: Epoch, after: u64) -> String {
        let (folder, name) = ((u64::MAX >> 16) - (after >> 16), 0xffff - (after & 0xffff));
        format!("{}/{epoch}/{folder:012x}/{name:04x}", self.folder)
    }

    /// The head that follows the one of this size; that of an epoch's beginning follows none, 0.
    pub(super) async fn find_after(
        &self,
        epoch: Epoch,
        after: u64,
        keys: &LedgerKeys,
    ) -> Result<Option<Head>, OutsideError> {
        self.read(&self.key(epoch, after), keys).await
    }

    async fn read(&self, key: &str, keys: &LedgerKeys) -> Result<Option<Head>, OutsideError> {
        let Some(bytes) = self.place.find(key).await? else { return Ok(None) };
        let head = std::str::from_utf8(&bytes).ok().and_then(|note| Head::parse(note, keys));
        head.map(Some).ok_or_else(|| OutsideError::Head(key.to_owned()))
    }

    /// Puts a head behind the one of this size; `false` when another head stands there.
    pub(super) async fn put(
        &self,
        after: u64,
        head: &Head,
        keys: &LedgerKeys,
    ) -> Result<bool, OutsideError> {
        let (key, note) = (self.key(head.epoch, after), head.note.as_str().to_owned());
        if self.place.create(&key, note).await? {
            return Ok(true);
        }
        // Whoever put it may be whoever signed it, and was cut short.
        let there = self.read(&key, keys).await?;
        Ok(there.is_some_and(|there| there.note.checkpoint() == head.note.checkpoint()))
    }

    /// The newest head here.
    pub(super) async fn find_newest(
        &self,
        keys: &LedgerKeys,
    ) -> Result<Option<Head>, OutsideError> {
        let epochs = self.place.names(&self.folder).await?;
        let Some(epoch) = epochs.iter().filter_map(|name| Epoch::parse(name)).max() else {
            return Ok(None);
        };
        let mut key = format!("{}/{epoch}", self.folder);
        for _ in 0..2 {
            let Some(first) = self.place.names(&key).await?.into_iter().next() else {
                return Ok(None);
            };
            key = format!("{key}/{first}");
        }
        self.read(&key, keys).await
    }
}
