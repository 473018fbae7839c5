//! Signed tree heads, each an object that is written once, under the size of the head before it. So two who go
//! on from one head, such as a ledger and a copy of it, ask for the same object, and one of them gets it.

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::SignedNote;
use data_encoding::HEXLOWER;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::error::OutsideError;
use crate::files::Files;

/// How many heads are asked for side by side.
const SIDE_BY_SIDE: usize = 16;

/// The heads of one ledger in one place.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    pub(super) place: Files,
    pub(super) folder: String,
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
        let epoch = Epoch::from_name(&note.checkpoint().origin, keys.origin())?;
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
    pub(super) fn new(place: Files, keys: &LedgerKeys) -> Self {
        let digest = HEXLOWER.encode(&Sha256::digest(keys.origin()));
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

    /// The newest head here, and the size behind which it stands.
    pub(super) async fn find_newest(
        &self,
        keys: &LedgerKeys,
    ) -> Result<Option<(u64, Head)>, OutsideError> {
        self.find_newest_since(Epoch::FIRST, keys).await
    }

    /// The newest head here of this epoch and later ones, and the size behind which it stands.
    pub(super) async fn find_newest_since(
        &self,
        first: Epoch,
        keys: &LedgerKeys,
    ) -> Result<Option<(u64, Head)>, OutsideError> {
        let names = self.place.names(&self.folder).await?;
        let mut epochs: Vec<Epoch> = names.iter().filter_map(|name| Epoch::parse(name)).collect();
        epochs.retain(|epoch| *epoch >= first);
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
    ) -> Result<Option<(u64, Head)>, OutsideError> {
        let mut newest: Option<(u64, Head)> = None;
        let of_epoch = format!("{}/{epoch}", self.folder);
        for folder in self.place.names(&of_epoch).await? {
            let Some(high) = number(&folder, 12) else { continue };
            for name in self.place.names(&format!("{of_epoch}/{folder}")).await? {
                let Some(low) = number(&name, 4) else { continue };
                let after = first_of(high) | (0xffff - low);
                let head = self.read_one(epoch, after, keys).await?;
                let follows = head.size() > after;
                newest =
                    newest.into_iter().chain([(after, head)]).max_by_key(|(_, head)| head.rank());
                if follows {
                    return Ok(newest);
                }
            }
        }
        Ok(newest)
    }

    /// Behind which sizes heads of an epoch stand here, of this size and more, the smallest first.
    pub(super) async fn list_places(
        &self,
        epoch: Epoch,
        from: u64,
    ) -> Result<Vec<u64>, OutsideError> {
        let mut places = vec![];
        let of_epoch = format!("{}/{epoch}", self.folder);
        for folder in self.place.names(&of_epoch).await? {
            let Some(first) = number(&folder, 12).map(first_of) else { continue };
            if first | 0xffff < from {
                break;
            }
            let names = self.place.names(&format!("{of_epoch}/{folder}")).await?;
            let behind = names.iter().filter_map(|name| Some(first | (0xffff - number(name, 4)?)));
            places.extend(behind.filter(|after| *after >= from));
        }
        places.sort_unstable();
        Ok(places)
    }

    /// The heads of an epoch that stand behind these sizes, each with that. What was signed by a key that counts no more
    /// is left out.
    pub(super) async fn read_at(
        &self,
        epoch: Epoch,
        places: &[u64],
        keys: &LedgerKeys,
    ) -> Result<Vec<(u64, Head)>, OutsideError> {
        let heads = stream::iter(places.to_vec()).map(|after| self.read_known(epoch, after, keys));
        let heads: Vec<_> = heads.buffered(SIDE_BY_SIDE).try_collect().await?;
        Ok(heads.into_iter().flatten().collect())
    }

    async fn read_known(
        &self,
        epoch: Epoch,
        after: u64,
        keys: &LedgerKeys,
    ) -> Result<Option<(u64, Head)>, OutsideError> {
        let key = self.key(epoch, after);
        let bytes = self.place.find(&key).await?;
        let text = bytes.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let Some(text) = text else { return Err(OutsideError::Head(key)) };
        if let Some(head) = Head::parse(text, keys).filter(|head| head.epoch == epoch) {
            return Ok(Some((after, head)));
        }
        let own = epoch.name(keys.origin());
        match SignedNote::parse(text) {
            Ok(note) if note.checkpoint().origin == own => Ok(None),
            _ => Err(OutsideError::Head(key)),
        }
    }

    /// The head whose name was listed. What is there and is no head of this epoch, or is gone, is by another hand.
    async fn read_one(
        &self,
        epoch: Epoch,
        after: u64,
        keys: &LedgerKeys,
    ) -> Result<Head, OutsideError> {
        let key = self.key(epoch, after);
        let head = self.read(&key, keys).await?.filter(|head| head.epoch == epoch);
        head.ok_or(OutsideError::Head(key))
    }
}

/// The first of the sizes that share the folder of this number.
fn first_of(folder: u64) -> u64 {
    ((u64::MAX >> 16) - folder) << 16
}

/// The number that a name is, of as many hex digits as [`Heads::key`] writes; `None` for any other name.
fn number(name: &str, digits: usize) -> Option<u64> {
    let number = u64::from_str_radix(name, 16).ok()?;
    (name.len() == digits && format!("{number:0digits$x}") == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;

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
        heads.find_newest(&keys()).await.unwrap().map(|(_, head)| head.size())
    }

    fn open(dir: &tempfile::TempDir) -> Heads {
        Heads::new(Files::open(&format!("file:{}", dir.path().display())).unwrap(), &keys())
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
    async fn those_behind_a_size_are_listed_across_folders() {
        let dir = tempfile::tempdir().unwrap();
        let heads = open(&dir);
        let places = [0, 5, 65_535, 65_536, 200_000];
        for after in places {
            assert!(heads.put(after, &head(Epoch::FIRST, after + 1), &keys()).await.unwrap());
        }
        std::fs::create_dir_all(dir.path().join(&heads.folder).join("r1/x")).unwrap();
        for from in [0, 1, 5, 6, 65_535, 65_536, 65_537, 200_000, 200_001, u64::MAX] {
            let listed = heads.list_places(Epoch::FIRST, from).await.unwrap();
            let expected: Vec<u64> = places.into_iter().filter(|after| *after >= from).collect();
            assert_eq!(listed, expected, "{from}");
        }
        let read = heads.read_at(Epoch::FIRST, &places, &keys()).await.unwrap();
        assert!(
            read.iter()
                .map(|(after, head)| (*after, head.size()))
                .eq(places.map(|after| (after, after + 1)))
        );
        assert!(heads.list_places(Epoch::FIRST.next(), 0).await.unwrap().is_empty());
        let gone = heads.read_at(Epoch::FIRST, &[5, 6], &keys()).await;
        assert!(matches!(gone, Err(OutsideError::Head(_))));
        // Under another key of that name nothing counts, and nothing is said to be by another hand.
        let name = KeyName::parse("example.org/ledger").unwrap();
        let other = LedgerKeys::new(SigningKey::new(name, [2; 32]), vec![], vec![]);
        assert!(heads.read_at(Epoch::FIRST, &places, &other).await.unwrap().is_empty());
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
