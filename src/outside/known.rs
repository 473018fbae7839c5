//! What the two places know of heads, for whoever holds all of it against the database; and how the data directory of
//! every machine comes to know what the file store does.

use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

use assent_ledger::epoch::Epoch;

use super::error::OutsideError;
use super::heads::{Head, Heads};
use super::held::HeldUpTo;
use super::places::{Access, Outside, Place};
use super::seen::Seen;

impl Outside {
    /// The newest head of a later epoch than this one, in either place.
    ///
    /// # Errors
    /// As [`Outside::heads_after`].
    pub async fn later_head(&self, epoch: Epoch) -> Result<Option<Head>, OutsideError> {
        let near = self.near.find_newest_since(epoch.next(), &self.keys).await?;
        let far = self.far.find_newest_since(epoch.next(), &self.keys).await?;
        self.newest_of(near, far).await
    }

    /// Behind which sizes heads of an epoch stand in this place, of this size and more, the smallest first.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn head_places(
        &self,
        place: Place,
        epoch: Epoch,
        from: u64,
    ) -> Result<Vec<u64>, OutsideError> {
        self.heads_in(place).list_places(epoch, from).await
    }

    /// The heads of an epoch that stand in this place behind these sizes, each with that; but for those that were signed
    /// by a key that counts no more.
    ///
    /// # Errors
    /// When the place cannot be read, or something else stands there.
    pub async fn heads_at(
        &self,
        place: Place,
        epoch: Epoch,
        places: &[u64],
    ) -> Result<Vec<(u64, Head)>, OutsideError> {
        self.heads_in(place).read_at(epoch, places, &self.keys).await
    }

    /// How far an epoch's heads in this place were held against a tree, the furthest first.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn held(&self, place: Place, epoch: Epoch) -> Result<Vec<HeldUpTo>, OutsideError> {
        self.heads_in(place).list_held(epoch, (&self.keys, &self.evidence_key)).await
    }

    /// Keeps how far the heads in this place were held against a tree; only looked at, nothing is kept.
    ///
    /// # Errors
    /// When the place cannot be written.
    pub async fn keep_held(&self, place: Place, held: &HeldUpTo) -> Result<(), OutsideError> {
        if self.access == Access::Look {
            return Ok(());
        }
        self.heads_in(place).put_held(held, (&self.keys, &self.evidence_key)).await
    }

    /// Keeps a head in the data directory behind the one of this size, unless one stands there: that is looked at where
    /// it stands.
    ///
    /// # Errors
    /// When the data directory cannot be read or written.
    pub async fn keep_near(&self, after: u64, head: &Head) -> Result<(), OutsideError> {
        if self.access == Access::Use
            && self.near.find_after(head.epoch, after, &self.keys).await?.is_none()
        {
            self.near.put(after, head, &self.keys).await?;
        }
        Ok(())
    }

    /// Keeps in the data directory what heads came to the file store since the last time: whoever puts back the
    /// database and the file store together then meets one who knows better.
    ///
    /// # Errors
    /// When the file store cannot be read, or the data directory not be written.
    pub async fn fetch_heads(&self) -> Result<(), OutsideError> {
        let mut fetched = self.fetched.lock().await;
        loop {
            let found = match *fetched {
                None => self.far.find_newest(&self.keys).await?,
                Some((epoch, size)) => self.find_next(epoch, size).await?,
            };
            let Some((after, head)) = found else { return Ok(()) };
            self.keep_near(after, &head).await?;
            // One that is no newer is by another hand, and leads nowhere.
            if fetched.is_some_and(|fetched| head.rank() <= fetched) {
                return Ok(());
            }
            *fetched = Some(head.rank());
        }
    }

    /// The head that follows this one in the file store, or begins the next epoch.
    async fn find_next(
        &self,
        epoch: Epoch,
        size: u64,
    ) -> Result<Option<(u64, Head)>, OutsideError> {
        if let Some(head) = self.far.find_after(epoch, size, &self.keys).await? {
            return Ok(Some((size, head)));
        }
        let begins = self.far.find_after(epoch.next(), 0, &self.keys).await?;
        Ok(begins.map(|head| (0, head)))
    }

    /// The newest of what both places know, which is kept in the data directory.
    pub(super) async fn newest_of(
        &self,
        near: Option<(u64, Head)>,
        far: Option<(u64, Head)>,
    ) -> Result<Option<Head>, OutsideError> {
        let near = near.map(|(_, head)| head);
        let Some((after, far)) = far else { return Ok(near) };
        if near.as_ref().is_none_or(|near| near.rank() < far.rank()) {
            self.keep_near(after, &far).await?;
        }
        Ok(near.into_iter().chain([far]).max_by_key(Head::rank))
    }

    fn heads_in(&self, place: Place) -> &Heads {
        match place {
            Place::Near => &self.near,
            Place::Far => &self.far,
        }
    }

    /// Whether the database was found level with all heads known in this process, and lately.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.own().is_compared()
    }

    /// Notes that it was found level.
    pub fn mark_compared(&self) {
        let mut own = self.own();
        (own.compared, own.since) = (Some(Instant::now()), 0);
    }

    /// The newest head at which this process saw the database stand level.
    #[must_use]
    pub fn seen(&self) -> Option<Head> {
        self.own().head.clone()
    }

    /// It stands level at this one.
    pub fn see(&self, head: &Head) {
        self.own().see(head);
    }

    fn own(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use assent_ledger::keys::LedgerKeys;
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;
    use crate::domain::consent::evidence_key::EvidenceKey;
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::files::Files;

    fn keys() -> (Arc<LedgerKeys>, EvidenceKey) {
        let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
        let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
        (keys, EvidenceKey::from_secret(&AddressSecret::new([2; 32])))
    }

    fn open(data_dir: &Path, shared: &Path) -> Outside {
        let files = Files::open(&format!("file:{}", shared.display())).unwrap();
        let (keys, evidence_key) = keys();
        Outside::open(data_dir, &files, keys, evidence_key).unwrap()
    }

    fn head(of: &Outside, epoch: Epoch, size: u64, root: u8) -> Head {
        let origin = epoch.name(of.keys.origin());
        let head = Checkpoint { origin, size, root: [root; 32] };
        Head::parse(&head.sign(&of.keys.signing_in(epoch).unwrap()), &of.keys).unwrap()
    }

    #[tokio::test]
    async fn each_data_directory_learns_what_the_file_store_knows() {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [signs, serves] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[2].path()));
        serves.fetch_heads().await.unwrap();
        let near = async || serves.near.list_places(Epoch::FIRST, 0).await.unwrap();
        assert!(near().await.is_empty());
        for (after, size) in [(0, 5), (5, 9)] {
            let head = head(&signs, Epoch::FIRST, size, 7);
            assert!(signs.keep_head(after, &head).await.unwrap());
        }
        // One that begins learns the newest, and from then on each that comes.
        serves.fetch_heads().await.unwrap();
        assert_eq!(near().await, [5]);
        for (after, size) in [(9, 10), (10, 70_000), (70_000, 70_001)] {
            let head = head(&signs, Epoch::FIRST, size, 7);
            assert!(signs.keep_head(after, &head).await.unwrap());
        }
        serves.fetch_heads().await.unwrap();
        assert_eq!(near().await, [5, 9, 10, 70_000]);
        let resumed = head(&signs, Epoch::FIRST.next(), 8, 7);
        assert!(signs.keep_head(0, &resumed).await.unwrap());
        serves.fetch_heads().await.unwrap();
        assert_eq!(serves.near.list_places(Epoch::FIRST.next(), 0).await.unwrap(), [0]);
        // One under a name that leads back to where it stands ends the search.
        let back = head(&signs, Epoch::FIRST.next(), 8, 9);
        signs.far.put(8, &back, &signs.keys).await.unwrap();
        serves.fetch_heads().await.unwrap();
        serves.fetch_heads().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_only_looked_at_keeps_nothing() {
        let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let signs = open(dirs[0].path(), dirs[0].path());
        let known = head(&signs, Epoch::FIRST, 9, 7);
        assert!(signs.far.put(5, &known, &signs.keys).await.unwrap());
        let files = Files::look(&format!("file:{}", dirs[0].path().display())).unwrap();
        let (keys, evidence_key) = keys();
        let looks = Outside::look(dirs[1].path(), &files, keys, evidence_key).unwrap();
        let before = files.keys().await.unwrap();
        assert_eq!(looks.newest_head().await.unwrap(), Some(known.clone()));
        assert_eq!(looks.heads_after(Epoch::FIRST, 5).await.unwrap(), [None, Some(known)]);
        looks.fetch_heads().await.unwrap();
        let held = HeldUpTo { epoch: Epoch::FIRST, size: 5, root: [7; 32] };
        for place in [Place::Near, Place::Far] {
            looks.keep_held(place, &held).await.unwrap();
        }
        assert_eq!(files.keys().await.unwrap(), before);
        assert_eq!(std::fs::read_dir(dirs[1].path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_found_far_is_kept_near() {
        let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [signs, looks] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[0].path()));
        let known = head(&signs, Epoch::FIRST, 9, 7);
        assert!(signs.far.put(5, &known, &signs.keys).await.unwrap());
        assert_eq!(looks.heads_after(Epoch::FIRST, 5).await.unwrap()[1], Some(known.clone()));
        assert_eq!(looks.near.find_newest(&looks.keys).await.unwrap(), Some((5, known)));
        let later = head(&signs, Epoch::FIRST.next(), 3, 7);
        assert!(signs.far.put(0, &later, &signs.keys).await.unwrap());
        assert_eq!(looks.later_head(Epoch::FIRST).await.unwrap(), Some(later.clone()));
        assert_eq!(looks.near.find_newest(&looks.keys).await.unwrap(), Some((0, later.clone())));
        assert_eq!(looks.later_head(later.epoch).await.unwrap(), None);
        // Another one that is near stays there.
        let near = head(&signs, Epoch::FIRST, 12, 8);
        assert!(looks.near.put(9, &near, &looks.keys).await.unwrap());
        assert!(signs.far.put(9, &head(&signs, Epoch::FIRST, 10, 7), &signs.keys).await.unwrap());
        let [kept, other] = looks.heads_after(Epoch::FIRST, 9).await.unwrap();
        assert_eq!((kept.unwrap(), other.unwrap().size()), (near, 10));
    }
}
