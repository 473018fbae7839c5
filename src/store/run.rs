//! The one way to run a use case: a transaction is begun, the use case decides and writes in it, it is committed, and
//! then done what that asks for. So nobody who runs one can forget to wake who sends the mail that it decided, or to
//! have pages read anew what it changed.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;

use super::away::{GAVE_WAY, has_code};
use super::{Db, Effect, Tx};

/// How often a use case is begun that gives way to others.
const TRIES: usize = 5;

/// A use case under way: all that it writes stands together, or none of it. It outlives what the use case borrows.
pub struct UseCase<'a> {
    tx: Tx,
    borrows: PhantomData<&'a ()>,
}

/// What a use case is going to come to.
pub type Running<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

impl Deref for UseCase<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for UseCase<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

/// A turn to write.
pub struct WriteTurn<'d> {
    db: &'d Db,
    tx: Tx,
}

impl WriteTurn<'_> {
    /// As [`Db::run`].
    ///
    /// # Errors
    /// As there.
    pub async fn run<'a, T, E, F>(self, mut use_case: F) -> Result<T, E>
    where
        E: From<sqlx::Error>,
        F: for<'t> FnMut(&'t mut UseCase<'a>) -> Running<'t, T, E>,
    {
        let mut running = UseCase { tx: self.tx, borrows: PhantomData };
        let outcome = use_case(&mut running).await?;
        self.db.finish(running.tx).await?;
        Ok(outcome)
    }
}

impl Db {
    /// Runs a use case: what it wrote is durable when this returns what it came to, and what that asks for is done.
    /// Where it was refused, or gave up ([`Tx::give_up`]), nothing was written. It is run from its beginning again where
    /// the database had it give way to another, so it moves nothing out of what it borrows, and does nothing but write.
    ///
    /// # Errors
    /// What the use case was refused for, or that the database or the data directory could not promise it.
    pub async fn run<'a, T, E, F>(&self, mut use_case: F) -> Result<T, E>
    where
        E: std::error::Error + From<sqlx::Error> + 'static,
        F: for<'t> FnMut(&'t mut UseCase<'a>) -> Running<'t, T, E>,
    {
        let mut left = TRIES;
        loop {
            left -= 1;
            match self.take_turn().await?.run(&mut use_case).await {
                Err(error) if left > 0 && has_code(&error, GAVE_WAY) => {
                    tracing::debug!(?error, "a use case gave way to another and begins anew");
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits for one's turn to write. Whoever gathers what others send may take until then what comes.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub async fn take_turn(&self) -> sqlx::Result<WriteTurn<'_>> {
        Ok(WriteTurn { db: self, tx: self.write().await? })
    }

    async fn finish(&self, mut tx: Tx) -> sqlx::Result<()> {
        let effects = tx.take_effects();
        tx.commit().await?;
        for effect in effects {
            match effect {
                Effect::RingMail => self.signals().ring_mail(),
                Effect::RingWebhooks => self.signals().ring_webhooks(),
                Effect::RefreshCatalog => self.signals().refresh_catalog(),
                Effect::ForgetLog => {
                    self.forget_log().await;
                }
            }
        }
        Ok(())
    }
}
