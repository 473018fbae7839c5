//! The keys of one installation's ledger.

use super::epoch::Epoch;
use super::note::{KeyError, KeyName, SigningKey, VerifyingKey};

/// What signs checkpoints and receipts, and whose signatures of before still count.
#[derive(Debug)]
pub struct LedgerKeys {
    first: SigningKey,
    signing: Vec<SigningKey>,
    older: Vec<VerifyingKey>,
}

impl LedgerKeys {
    /// The first key signs receipts, and with the others every checkpoint, so that whoever knows an older
    /// one can follow the change. `older` are public keys whose private half is no longer here.
    #[must_use]
    pub fn new(first: SigningKey, others: Vec<SigningKey>, older: Vec<VerifyingKey>) -> Self {
        let signing = std::iter::once(first.clone()).chain(others).collect();
        Self { first, signing, older }
    }

    /// The key that signs receipts.
    #[must_use]
    pub fn first(&self) -> &SigningKey {
        &self.first
    }

    /// All keys that sign checkpoints.
    #[must_use]
    pub fn signing(&self) -> &[SigningKey] {
        &self.signing
    }

    /// Whose tree this is: the name of the first key, which stays when the address of the site changes.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.first.name().as_str()
    }

    /// These keys under the ledger's name in this epoch: they sign its heads.
    ///
    /// # Errors
    /// When the name grows too long for a key's.
    pub fn signing_in(&self, epoch: Epoch) -> Result<Vec<SigningKey>, KeyError> {
        let renamed = |key: &SigningKey| {
            let name = KeyName::parse(&epoch.name(key.name().as_str()))?;
            Ok(key.renamed(name))
        };
        self.signing.iter().map(renamed).collect()
    }

    /// All keys whose signatures count in this epoch, under the name they have in it first.
    ///
    /// # Errors
    /// When the name grows too long for a key's.
    pub fn trusted_in(&self, epoch: Epoch) -> Result<Vec<VerifyingKey>, KeyError> {
        let renamed = |key: &VerifyingKey| {
            let name = KeyName::parse(&epoch.name(key.name().as_str()))?;
            Ok(key.renamed(name))
        };
        let trusted = self.trusted();
        if epoch == Epoch::FIRST {
            return Ok(trusted);
        }
        let present: Vec<VerifyingKey> = trusted.iter().map(renamed).collect::<Result<_, _>>()?;
        Ok(present.into_iter().chain(trusted).collect())
    }

    /// All keys whose signatures count, the first one first.
    #[must_use]
    pub fn trusted(&self) -> Vec<VerifyingKey> {
        self.signing.iter().map(SigningKey::vkey).chain(self.older.iter().cloned()).collect()
    }
}
