//! A reader fetches the file.

use super::Error;
use crate::domain::link::Link;
use crate::random::Moment;
use crate::store::{Tx, download_grants};

/// Whether the file, or a piece of it, may be sent now. A request from the first byte on is counted
/// as a download; a later piece is free while a start was counted within the hour, and is itself
/// counted as a start when there was none, so that nothing is fetched uncounted.
///
/// # Errors
/// When the database does not answer; then nothing is counted.
pub async fn start_download(
    tx: &mut Tx,
    at: &Moment,
    link: Link,
    from_first_byte: bool,
) -> Result<bool, Error> {
    let resumes = !from_first_byte
        && download_grants::may_resume(tx, at.now, link.id, link.generation).await?;
    Ok(resumes || download_grants::count_start(tx, at, link.id, link.generation).await?)
}
