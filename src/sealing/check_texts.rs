//! Whether the texts that evidence names by their hashes are the ones that these are of.

use assent_ledger::digest::sha256_hex;

use super::verification::Verification;
use crate::domain::catalog::notice::LANG;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::catalog::notices;
use crate::store::consent::blank_forms;
use crate::store::policy::versions;

/// Words, policies and blank forms against their hashes, and what no hash of a policy is over. The forms are read one by
/// one, for they are whole pages.
pub(super) async fn check_texts(tx: &mut Tx, told: &mut Verification) -> Result<(), Error> {
    let changed = |sha256: &str, text: &str| sha256_hex(text.as_bytes()) != sha256;
    for notice in notices::list(tx).await?.iter().filter(|n| changed(&n.sha256, &n.words)) {
        told.add(format!("notice {}: its words are not those of its hash", notice.notice_id));
    }
    let policies = versions::list(tx, LANG).await?;
    for policy in policies.iter().filter(|policy| changed(&policy.sha256, &policy.body)) {
        told.add(format!("policy {}: its text is not that of its hash", policy.label));
    }
    for label in versions::list_strange(tx).await? {
        told.add(format!(
            "policy {label}: it is in another language, or another one bears its label"
        ));
    }
    for sha256 in blank_forms::list_hashes(tx).await? {
        let html = blank_forms::find(tx, &sha256).await?;
        if html.is_none_or(|html| changed(&sha256, &html)) {
            let name = sha256.escape_debug();
            told.add(format!("blank form {name}: it is not the document of its hash"));
        }
    }
    Ok(())
}
