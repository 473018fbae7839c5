//! A database for tests of what reads one.

use std::sync::Arc;

use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::{KeyName, SigningKey};

use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::address_key::AddressSecret;
use crate::files::Files;
use crate::outside::Outside;
use crate::store::{CONNECTIONS, Db};

/// One in this directory, opened and without tables.
pub(super) async fn open(dir: &tempfile::TempDir) -> Db {
    let url = format!("sqlite:{}", dir.path().join("assent.db").display());
    let key = SigningKey::new(KeyName::parse("l").unwrap(), [0; 32]);
    let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
    let evidence_key = EvidenceKey::from_secret(&AddressSecret::new([0; 32]));
    let files = Files::open(&format!("file:{}", dir.path().display())).unwrap();
    let outside = Outside::open(dir.path(), &files, keys, evidence_key).unwrap();
    Db::open(&url, &outside, CONNECTIONS).await.unwrap()
}
