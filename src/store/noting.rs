//! A transaction, and the endings it decides: they are noted outside the database before it commits. Whatever
//! suppresses an address or lifts that does so through here, so that no use case can forget it.

use std::ops::{Deref, DerefMut};

use sqlx::{Database, Transaction};

use super::Tx;
use crate::outside::{Ending, Outside};

/// A transaction that notes what it ends.
pub struct Noting<D: Database> {
    transaction: Transaction<'static, D>,
    outside: Outside,
    endings: Vec<Ending>,
    replays: bool,
}

impl<D: Database> Noting<D> {
    pub(super) fn new(transaction: Transaction<'static, D>, outside: &Outside) -> Self {
        Self { transaction, outside: outside.clone(), endings: vec![], replays: false }
    }

    async fn commit(self) -> sqlx::Result<()> {
        if !self.endings.is_empty() && !self.replays {
            let noted = self.outside.note(&self.endings).await;
            noted.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
        }
        self.transaction.commit().await
    }
}

impl<D: Database> Deref for Noting<D> {
    type Target = D::Connection;
    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl<D: Database> DerefMut for Noting<D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl Tx {
    /// Makes what was written durable; what it ends is noted outside first. Nothing may be acknowledged before
    /// this returned.
    ///
    /// # Errors
    /// When the database or the data directory could not promise it; then nothing was written to the database.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }

    /// What is kept outside the database that this is of.
    #[must_use]
    pub fn outside(&self) -> &Outside {
        match self {
            Self::Sqlite(tx) => &tx.outside,
            Self::Postgres(tx) => &tx.outside,
        }
    }

    /// Notes nothing: what this transaction ends is known outside, and noted anew it would seem to have ended just
    /// now.
    pub fn replay(&mut self) {
        match self {
            Self::Sqlite(tx) => tx.replays = true,
            Self::Postgres(tx) => tx.replays = true,
        }
    }

    /// Has an ending noted when this commits.
    pub(super) fn note(&mut self, ending: Ending) {
        match self {
            Self::Sqlite(tx) => tx.endings.push(ending),
            Self::Postgres(tx) => tx.endings.push(ending),
        }
    }
}
