//! The keys whose signatures count at present.

use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::VerifyingKey;

use crate::flows::Error;
use crate::store::Tx;
use crate::store::ledger::epochs;

/// All of them, under the name that the ledger has in the present epoch first.
///
/// # Errors
/// When the database does not answer, or names an epoch under which no key can have a name.
pub async fn find_trusted(tx: &mut Tx, keys: &LedgerKeys) -> Result<Vec<VerifyingKey>, Error> {
    let epoch = epochs::find_place(tx).await?.epoch;
    keys.trusted_in(epoch).map_err(|error| {
        tracing::error!(error = ?error, "the ledger's name has grown too long for a key's");
        Error::Tree
    })
}
