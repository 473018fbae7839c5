//! All mail is kept back after the database went back in time, and leaves again when somebody says so.

use serde_json::json;

use crate::domain::alarm::MAIL_PAUSED;
use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::alarms;

/// Keeps all mail back; `false` when it is already.
pub async fn pause_mail(tx: &mut Tx, at: &Moment, why: &str) -> Result<bool, Error> {
    Ok(alarms::upsert(tx, at.now, MAIL_PAUSED, why).await?)
}

/// Lets mail leave again; `false` when it was not kept back.
pub async fn resume_mail(tx: &mut Tx, act: &Act) -> Result<bool, Error> {
    let resumed = alarms::delete(tx, MAIL_PAUSED).await?;
    if resumed {
        act.audit(tx, Action::MailResume, &json!({})).await?;
    }
    Ok(resumed)
}
