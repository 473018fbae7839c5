//! A privacy policy is published, for good.

use std::time::Duration;

use serde_json::json;

use crate::domain::slug::Label;
use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::policy::versions::{self, NewPolicyVersion, PolicyVersion};

/// Publishes a policy version, in force from now on; `None` when its label is taken.
pub async fn publish_policy(
    tx: &mut Tx,
    act: &Act,
    new: NewPolicyVersion<'_>,
) -> Result<Option<PolicyVersion>, Error> {
    let newest = versions::lock_newest(tx, new.lang).await?;
    publish_after(tx, act, newest.as_ref(), new).await
}

/// What became of a version that its editor saw a preview of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Published {
    /// It is in force.
    Done,
    /// Its label is taken.
    Taken,
    /// Another version came into force since the preview, so the editor has not seen what would change.
    Overtaken,
}

/// Publishes a policy version whose editor compared it with the version `after` which it comes; `None` when
/// it is to be the first.
pub async fn publish_next_policy(
    tx: &mut Tx,
    act: &Act,
    after: Option<&Label>,
    new: NewPolicyVersion<'_>,
) -> Result<Published, Error> {
    let newest = versions::lock_newest(tx, new.lang).await?;
    if newest.as_ref().map(|newest| &newest.label) != after {
        return Ok(Published::Overtaken);
    }
    let published = publish_after(tx, act, newest.as_ref(), new).await?;
    Ok(if published.is_some() { Published::Done } else { Published::Taken })
}

/// Publishes behind the newest, which is locked.
async fn publish_after(
    tx: &mut Tx,
    act: &Act,
    newest: Option<&PolicyVersion>,
    new: NewPolicyVersion<'_>,
) -> Result<Option<PolicyVersion>, Error> {
    // The newest is in force, whatever a clock that was set back says.
    let after = newest.map(|newest| newest.published_at.plus(Duration::from_micros(1)));
    let published_at = after.map_or(act.at.now, |after| after.max(act.at.now));
    let published = versions::insert(tx, &act.at, new, published_at).await?;
    if let Some(version) = &published {
        let detail = json!({"label": version.label, "lang": version.lang, "sha256": version.sha256,
                   "change": version.change_class, "changes": version.changes,
                   "until": version.renew_until});
        act.audit(tx, Action::PolicyPublish, &detail).await?;
    }
    Ok(published)
}
