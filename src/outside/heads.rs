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
        match self.read(&key, keys).await? {
            Some(there) => Ok(there.note.checkpoint() == head.note.checkpoint()),
            // Such as a folder of that name.
            None => Err(OutsideError::Head(key)),
        }
    }

    /// The newest head here.
    pub(super) async fn find_newest(
        &self,
        keys: &LedgerKeys,
    ) -> Result<Option<Head>, OutsideError> {
        let names = self.place.names(&self.folder).await?;
        let mut epochs: Vec<Epoch> = names.iter().filter_map(|name| Epoch::parse(name)).collect();
        epochs.sort_unstable();
        for epoch in epochs.into_iter().rev() {
            // An empty folder hides none of the others.
            if let Some(head) = self.find_newest_of(epoch, keys).await? {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// The newest head of an epoch. One that covers no more than the one that it stands behind is of a copy, or was
    /// put there to hide others: then it is looked further.
    pub(super) async fn find_newest_of(
        &self,
        epoch: Epoch,
        keys: &LedgerKeys,
    ) -> Result<Option<Head>, OutsideError> {
        let mut newest: Option<Head> = None;
        let of_epoch = format!("{}/{epoch}", self.folder);
        for folder in self.place.names(&of_epoch).await? {
            let Some(high) = number(&folder, 12) else { continue };
            for name in self.place.names(&format!("{of_epoch}/{folder}")).await? {
                let Some(low) = number(&name, 4) else { continue };
                let key = format!("{of_epoch}/{folder}/{name}");
                let Some(head) = self.read(&key, keys).await?.filter(|head| head.epoch == epoch)
                else {
                    return Err(OutsideError::Head(key));
                };
                let after = (((u64::MAX >> 16) - high) << 16) | (0xffff - low);
                let follows = head.size() > after;
                newest = newest.into_iter().chain([head]).max_by_key(Head::rank);
                if follows {
                    return Ok(newest);
                }
            }
        }
        Ok(newest)
    }
}

/// The number that a name is, of as many hex digits as [`Heads::key`] writes; `None` for any other name.
fn number(name: &str, digits: usize) -> Option<u64> {
    let number = u64::from_str_radix(name, 16).ok()?;
    (name.len() == digits && format!("{number:0digits$x}") == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::{Checkpoint, KeyName, SigningKey};

    fn keys() -> LedgerKeys {
        let name = KeyName::parse("example.org/ledger").unwrap();
        LedgerKeys::new(SigningKey::new(name, [1; 32]), vec![], vec![])
    }

    fn head(epoch: Epoch, size: u64) -> Head {
        let keys = keys();
        let origin = epoch.name(keys.origin());
        let head = Checkpoint { origin, size, root: [7; 32] };
        Head::parse(&head.sign(&keys.signing_in(epoch).unwrap()), &keys).unwrap()
    }

    async fn newest(heads: &Heads) -> Option<u64> {
        heads.find_newest(&keys()).await.unwrap().map(|head| head.size())
    }

    fn open(dir: &tempfile::TempDir) -> Heads {
        Heads::of(Files::open(&format!("file:{}", dir.path().display())).unwrap(), &keys())
    }

    #[tokio::test]
    async fn the_newest_is_of_the_latest_epoch_that_has_one() {
        let dir = tempfile::tempdir().unwrap();
        let heads = open(&dir);
        assert_eq!(newest(&heads).await, None);
        for (after, size) in [(0, 5), (5, 70_000), (70_000, 70_001)] {
            assert!(heads.put(after, &head(Epoch::FIRST, size), &keys()).await.unwrap());
            assert_eq!(newest(&heads).await, Some(size));
        }
        for empty in ["r9", "r8/000000000000", "r1/000000000000", "r1/x", "rx"] {
            std::fs::create_dir_all(dir.path().join(&heads.folder).join(empty)).unwrap();
        }
        for other in ["r1/000000000000/x", "r1/000000000000/00000", "r1/000000000000/FFFF"] {
            std::fs::write(dir.path().join(&heads.folder).join(other), "nonsense").unwrap();
        }
        assert_eq!(newest(&heads).await, Some(70_001));
        assert!(heads.put(0, &head(Epoch::FIRST.next(), 6), &keys()).await.unwrap());
        assert_eq!(newest(&heads).await, Some(6));
    }

    #[tokio::test]
    async fn an_older_one_under_a_newer_name_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let heads = open(&dir);
        for (after, size) in [(0, 5), (5, 9), (1000, 5)] {
            assert!(heads.put(after, &head(Epoch::FIRST, size), &keys()).await.unwrap());
        }
        assert_eq!(newest(&heads).await, Some(9));
        let key = heads.key(Epoch::FIRST.next(), 9);
        let note = head(Epoch::FIRST, 5).note.as_str().to_owned();
        assert!(heads.place.create(&key, note).await.unwrap());
        assert!(matches!(heads.find_newest(&keys()).await, Err(OutsideError::Head(_))));
    }

    #[tokio::test]
    async fn what_is_no_head_in_the_place_of_one_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let heads = open(&dir);
        let key = heads.key(Epoch::FIRST, 5);
        std::fs::create_dir_all(dir.path().join(&key)).unwrap();
        let put = heads.put(5, &head(Epoch::FIRST, 9), &keys()).await;
        assert!(matches!(put, Err(OutsideError::Head(named)) if named == key));
        assert!(matches!(heads.find_newest(&keys()).await, Err(OutsideError::Head(_))));
        std::fs::remove_dir(dir.path().join(&key)).unwrap();
        assert!(heads.put(5, &head(Epoch::FIRST, 9), &keys()).await.unwrap());
        // Another one is there by now.
        assert!(!heads.put(5, &head(Epoch::FIRST, 8), &keys()).await.unwrap());
    }
}
