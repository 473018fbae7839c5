//! Which verdict on the ledger is the newest, so that an older one that is put back into the database is recognised.

use uuid::Uuid;

use super::error::OutsideError;
use super::places::Outside;

/// Where that lies: an empty object named by the key of the verdict.
const FOLDER: &str = "outside/verdict";

impl Outside {
    /// Keeps that this verdict is the newest. To be called before it is committed: where it is not committed then, the
    /// one in the database is the newest no more, and the ledger is checked again.
    ///
    /// # Errors
    /// When the file store cannot be read or written.
    pub async fn keep_verdict(&self, verdict_id: Uuid) -> Result<(), OutsideError> {
        let older = self.files.names(FOLDER).await?;
        self.files.create(&key(verdict_id), "").await?;
        for older_id in older.iter().filter_map(|name| own(name)).filter(|id| *id != verdict_id) {
            self.files.delete_object(&key(older_id)).await?;
        }
        Ok(())
    }

    /// Whether this verdict is the newest.
    ///
    /// # Errors
    /// When the file store cannot be read.
    pub async fn is_newest_verdict(&self, verdict_id: Uuid) -> Result<bool, OutsideError> {
        Ok(self.files.find(&key(verdict_id)).await?.is_some())
    }
}

fn key(verdict_id: Uuid) -> String {
    format!("{FOLDER}/{verdict_id}")
}

/// The verdict of this name; `None` for a name that this program does not give.
fn own(name: &str) -> Option<Uuid> {
    Uuid::parse_str(name).ok().filter(|id| id.to_string() == name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assent_ledger::keys::LedgerKeys;
    use assent_ledger::note::{KeyName, SigningKey};

    use super::*;
    use crate::domain::consent::evidence_key::EvidenceKey;
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::files::{Files, FilesError};

    fn open(dir: &tempfile::TempDir) -> Outside {
        let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
        let files = Files::open(&format!("file:{}", dir.path().join("files").display())).unwrap();
        let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
        let evidence_key = EvidenceKey::from_secret(&AddressSecret::new([2; 32]));
        Outside::open(dir.path(), &files, keys, evidence_key).unwrap()
    }

    #[tokio::test]
    async fn the_newest_takes_the_place_of_others_and_of_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let outside = open(&dir);
        let ids = [0xa, 0xb, 0xc].map(Uuid::from_u128);
        for id in ids {
            outside.keep_verdict(id).await.unwrap();
        }
        let folder = dir.path().join("files").join(FOLDER);
        let foreign = [
            "notes.txt".to_owned(),
            ids[0].to_string().to_uppercase(),
            ids[0].simple().to_string(),
        ];
        for name in &foreign {
            std::fs::write(folder.join(name), "kept").unwrap();
        }
        outside.keep_verdict(ids[1]).await.unwrap();
        let newest = [
            outside.is_newest_verdict(ids[0]).await.unwrap(),
            outside.is_newest_verdict(ids[1]).await.unwrap(),
            outside.is_newest_verdict(ids[2]).await.unwrap(),
        ];
        assert_eq!(newest, [false, true, false]);
        assert!(foreign.iter().all(|name| folder.join(name).exists()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    }

    #[tokio::test]
    async fn where_a_link_leads_nothing_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let outside = open(&dir);
        let [bait, id] = [1, 2].map(Uuid::from_u128);
        let bait = dir.path().join(bait.to_string());
        std::fs::write(&bait, "kept").unwrap();
        std::fs::create_dir_all(dir.path().join("files/outside")).unwrap();
        let folder = dir.path().join("files").join(FOLDER);
        std::os::unix::fs::symlink("../..", &folder).unwrap();
        let refused = outside.keep_verdict(id).await.unwrap_err();
        assert!(
            matches!(refused, OutsideError::Files(FilesError::Link(link)) if link.ends_with(FOLDER))
        );
        assert!(bait.exists() && !dir.path().join(id.to_string()).exists());
    }
}
