//! A reader fetches the file.

use crate::domain::signup::link::Link;
use crate::flows::Error;
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
    Ok(download_grants::count_start(tx, at, link.id, link.generation).await?
        || download_grants::is_under_way(tx, at.now, link.id, link.generation).await?)
}
