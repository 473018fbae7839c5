//! A reader fetches the file.

use serde_json::json;

use crate::domain::signup::link::Link;
use crate::domain::staff::webhook::WebhookEvent;
use crate::flows::Error;
use crate::flows::tell_webhooks::{Happened, listeners};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::download_grants;

/// Whether the file, or a piece of it, may be sent now. The first request is counted as a download, whichever piece
/// it asks for; whatever else is fetched within the hour belongs to that download, so that browsers that probe,
/// resume or fetch many pieces at once use up one.
///
/// # Errors
/// When the database does not answer; then nothing is counted.
pub async fn start_download(tx: &mut Tx, at: &Moment, link: Link) -> Result<bool, Error> {
    if download_grants::count_start(tx, at, link.id, link.generation).await? {
        tell_of(tx, at, link).await?;
        return Ok(true);
    }
    Ok(download_grants::is_under_way(tx, at.now, link.id, link.generation).await?)
}

/// Tells other programs who fetches what.
async fn tell_of(tx: &mut Tx, at: &Moment, link: Link) -> Result<(), Error> {
    let listeners = listeners(tx).await?;
    let event = WebhookEvent::ReportDownloaded;
    if listeners.want(event)
        && let Some(grant) = download_grants::find(tx, link.id).await?
    {
        let about = json!({"report": grant.report_slug, "signup_id": grant.signup_id});
        let happened = Happened::to(grant.subscriber_id, event, about);
        listeners.tell(tx, at, &[happened]).await?;
    }
    Ok(())
}
