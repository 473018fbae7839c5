//! How far the heads of a place were held against the tree already, so that no look has to read all of them.

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::tree::Hash;
use data_encoding::HEXLOWER;

use super::error::OutsideError;
use super::heads::Heads;
use crate::domain::consent::evidence_key::EvidenceKey;

/// Each head of an epoch that stands in a place behind less than `size` leaves is one of the tree whose first `size`
/// leaves have this root. Of another tree, such as one that went back and grew anew, it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldUpTo {
    /// The epoch of the heads.
    pub epoch: Epoch,
    /// How many leaves the tree has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl HeldUpTo {
    /// The name of the empty object that says it. Whoever can write there and has no key makes none.
    fn name(&self, keys: &LedgerKeys, key: &EvidenceKey) -> String {
        let mac = key.held(&self.epoch.name(keys.origin()), self.size, &self.root);
        let (root, mac) = (HEXLOWER.encode(&self.root), HEXLOWER.encode(&mac));
        format!("{}.{}.{root}.{mac}", self.epoch, self.size)
    }

    /// Reads a name that [`HeldUpTo::name`] gave; `None` for any other.
    fn read(name: &str, keys: &LedgerKeys, key: &EvidenceKey) -> Option<Self> {
        let mut parts = name.split('.');
        let epoch = Epoch::parse(parts.next()?)?;
        let size = parts.next()?.parse().ok()?;
        let root = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
        let mac = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?;
        let held = Self { epoch, size, root };
        let own = key.held(&epoch.name(keys.origin()), size, &root);
        (EvidenceKey::agrees(Some(&mac), &own) && held.name(keys, key) == name).then_some(held)
    }
}

impl Heads {
    fn held_folder(&self) -> String {
        format!("{}/held", self.folder)
    }

    /// What is said here of an epoch's heads, that of most leaves first.
    pub(super) async fn list_held(
        &self,
        epoch: Epoch,
        (keys, key): (&LedgerKeys, &EvidenceKey),
    ) -> Result<Vec<HeldUpTo>, OutsideError> {
        let names = self.place.names(&self.held_folder()).await?;
        let held = names.iter().filter_map(|name| HeldUpTo::read(name, keys, key));
        let mut held: Vec<HeldUpTo> = held.filter(|held| held.epoch == epoch).collect();
        held.sort_unstable_by_key(|held| std::cmp::Reverse(held.size));
        Ok(held)
    }

    /// Says it here, in place of what was said of less.
    pub(super) async fn put_held(
        &self,
        held: &HeldUpTo,
        (keys, key): (&LedgerKeys, &EvidenceKey),
    ) -> Result<(), OutsideError> {
        let folder = self.held_folder();
        let before = self.place.names(&folder).await?;
        self.place.create(&format!("{folder}/{}", held.name(keys, key)), "").await?;
        for name in before {
            let said = HeldUpTo::read(&name, keys, key);
            if said.is_some_and(|said| (said.epoch, said.size) < (held.epoch, held.size)) {
                self.place.delete_object(&format!("{folder}/{name}")).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{KeyName, SigningKey};

    use super::*;
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::files::Files;

    fn keys() -> LedgerKeys {
        let name = KeyName::parse("example.org/ledger").unwrap();
        LedgerKeys::new(SigningKey::new(name, [1; 32]), vec![], vec![])
    }

    fn key(of: u8) -> EvidenceKey {
        EvidenceKey::from_secret(&AddressSecret::new([of; 32]))
    }

    fn held(size: u64, root: u8) -> HeldUpTo {
        HeldUpTo { epoch: Epoch::FIRST, size, root: [root; 32] }
    }

    #[tokio::test]
    async fn what_was_held_is_believed_by_its_mac_alone() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", dir.path().display())).unwrap();
        let heads = Heads::new(files, &keys());
        let (keys, key, strange) = (keys(), key(1), key(2));
        let list = async || heads.list_held(Epoch::FIRST, (&keys, &key)).await.unwrap();
        assert!(list().await.is_empty());
        heads.put_held(&held(9, 1), (&keys, &key)).await.unwrap();
        // Of two that stand beside each other, each says what it says.
        heads.put_held(&held(9, 2), (&keys, &key)).await.unwrap();
        assert_eq!(list().await.len(), 2);
        heads.put_held(&held(20, 3), (&keys, &key)).await.unwrap();
        assert_eq!(list().await, [held(20, 3)]);
        heads.put_held(&held(12, 1), (&keys, &key)).await.unwrap();
        assert_eq!(list().await, [held(20, 3), held(12, 1)]);
        let folder = dir.path().join(&heads.folder).join("held");
        let own = held(30, 4).name(&keys, &strange);
        let changed = held(20, 3).name(&keys, &key);
        for name in [
            own,
            changed.replacen("r1.20.", "r1.21.", 1),
            changed.replacen("r1.20.", "r1.020.", 1),
            changed.replacen("r1.20.", "r2.20.", 1),
            format!("{changed}.x"),
            changed[..changed.len() - 2].to_owned(),
            "r1".into(),
            "....".into(),
            "x".repeat(200),
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        assert_eq!(list().await, [held(20, 3), held(12, 1)]);
        assert!(heads.list_held(Epoch::FIRST.next(), (&keys, &key)).await.unwrap().is_empty());
        // It is no head, and hides none.
        assert_eq!(heads.find_newest(&keys).await.unwrap(), None);
        let later = HeldUpTo { epoch: Epoch::FIRST.next(), ..held(1, 1) };
        heads.put_held(&later, (&keys, &key)).await.unwrap();
        assert!(list().await.is_empty(), "of epochs that are over");
    }
}
