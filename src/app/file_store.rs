//! What a process knows from the file store before it serves, and brings there before it ends.

use std::time::Duration;

use super::{Core, StartError};
use crate::files::FilesError;
use crate::flows::Error;
use crate::flows::ledger::compare_heads::{compare_heads, tell_not_level};
use crate::flows::ledger::recognise_files::recognise_files;
use crate::outside::OutsideError;

/// How long a start waits for the file store.
const LOOK: Duration = Duration::from_secs(10);

impl Core {
    /// Ends here what people ended elsewhere, as far as the file store knows of it. One that is away keeps nobody
    /// waiting for long: its heads cannot be read then, and nothing is exported.
    ///
    /// # Errors
    /// As [`Core::replay`].
    pub async fn take_in_endings(&self) -> Result<(), StartError> {
        let taken = async {
            self.tell_foreign_files().await?;
            self.db.outside().exchange().await?;
            self.replay().await
        };
        in_time(taken).await.map(drop)
    }

    /// The same before anything is served or mailed; and a database that went back in time keeps its mail back.
    /// The worker looks again.
    ///
    /// # Errors
    /// As [`Core::take_in_endings`].
    pub async fn look_outside(&self) -> Result<(), StartError> {
        self.take_in_endings().await?;
        let looked = async {
            let standing = compare_heads(&self.db, &self.flow_settings.ledger_keys).await?;
            if standing.is_level() {
                return Ok(());
            }
            tell_not_level(&self.db, &self.moment(), &standing.to_string()).await
        };
        in_time(looked).await.map(drop)
    }

    /// Refuses a bucket that replaces what it is asked to keep: a fork of the ledger would be hidden by it. One that
    /// does not answer, or refuses us, is told in the log and keeps nobody from starting. On disk it is known how files
    /// are put.
    ///
    /// # Errors
    /// [`FilesError::Overwrites`].
    pub async fn try_out_files(&self) -> Result<(), StartError> {
        if self.files.is_on_disk() {
            return Ok(());
        }
        match tokio::time::timeout(LOOK, self.files.try_out(self.moment().new_id())).await {
            Ok(Err(error @ FilesError::Overwrites)) => return Err(error.into()),
            Ok(Err(error)) => {
                tracing::error!(error = ?error, "the file store could not be tried out");
            }
            Ok(Ok(())) => {}
            Err(_) => tracing::error!("the file store does not answer: it could not be tried out"),
        }
        Ok(())
    }

    /// Brings what this process noted to the file store, before it ends.
    pub async fn bring_endings(&self) {
        match tokio::time::timeout(LOOK, self.db.outside().bring_noted()).await {
            Ok(Ok(())) => {}
            left => tracing::warn!(?left, "the last endings are in the data directory alone"),
        }
    }

    /// One who keeps files elsewhere than all others says so, and goes on with what the database holds: the store may
    /// have lost its name.
    async fn tell_foreign_files(&self) -> Result<(), Error> {
        match recognise_files(&self.db, &self.files, self.moment().new_id()).await {
            Err(Error::Outside(error @ OutsideError::ForeignStore)) => {
                tracing::error!("{error}");
                Ok(())
            }
            recognised => recognised,
        }
    }
}

/// What needs the file store, and is left for later when that is away: `None` then.
async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<Option<T>, StartError> {
    match tokio::time::timeout(LOOK, work).await {
        Ok(Err(Error::Outside(OutsideError::Files(error)))) => {
            tracing::error!(error = ?error, "the file store is away: what it knows is looked at later");
            Ok(None)
        }
        Ok(done) => Ok(Some(done?)),
        Err(_) => {
            tracing::error!("the file store does not answer: it is looked at later");
            Ok(None)
        }
    }
}
