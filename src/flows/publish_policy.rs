//! A privacy policy is published, for good.

use serde_json::json;

use super::Error;
use crate::random::Moment;
use crate::store::policy_versions::{self, NewPolicyVersion, PolicyVersion};
use crate::store::{Tx, audit_entries};

/// Publishes a policy version, in force from now on; `None` when its label is taken.
///
/// # Errors
/// When the database does not take it.
pub async fn publish_policy(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    new: NewPolicyVersion<'_>,
) -> Result<Option<PolicyVersion>, Error> {
    let published = policy_versions::insert(tx, at, new).await?;
    if let Some(version) = &published {
        let detail =
            json!({"label": version.label, "lang": version.lang, "sha256": version.sha256});
        audit_entries::append(tx, at, actor, "policy.publish", &detail).await?;
    }
    Ok(published)
}
