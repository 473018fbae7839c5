//! A transaction, and the endings it decides: they are noted outside the database before it commits. Whatever
//! suppresses an address or lifts that does so through here, so that no use case can forget it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::{Database, Transaction};

use super::Tx;
use crate::domain::address_key::AddressKey;
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::outside::{Began, Ending, EndingReason, Endings, Outside, Scope, Turn};

/// How long a second press says nothing new.
const AGAIN: Duration = Duration::from_mins(1);

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

    /// Notes that somebody leaves this purpose, or everything, by the key of the subscriber that their link carries:
    /// whatever the database says of them at this moment. Who presses again within a minute is noted once.
    ///
    /// # Errors
    /// When what is kept outside cannot be read.
    pub async fn note_left(
        &mut self,
        now: Timestamp,
        subscriber_key: &AddressKey,
        purpose: Option<&Purpose>,
    ) -> sqlx::Result<()> {
        let scope = left(subscriber_key, purpose);
        let before = self.find_began(scope.clone()).await?.filter(|began| !began.lifted);
        if before.is_none_or(|began| began.at > now || began.at.plus(AGAIN) < now) {
            self.note(scope.turned(now, Turn::Began));
        }
        Ok(())
    }

    /// Notes that who left comes back at a moment that is not behind their leaving, as where the clock was set back:
    /// any other is, and needs no note.
    ///
    /// # Errors
    /// When what is kept outside cannot be read.
    pub async fn note_back(
        &mut self,
        now: Timestamp,
        subscriber_key: &AddressKey,
        purposes: &[&Purpose],
    ) -> sqlx::Result<()> {
        for purpose in purposes.iter().copied().map(Some).chain([None]) {
            let scope = left(subscriber_key, purpose);
            let began = self.find_began(scope.clone()).await?.filter(|began| !began.lifted);
            if began.is_some_and(|began| began.at >= now) {
                self.note_lifted(now, scope).await?;
            }
        }
        Ok(())
    }

    /// Has it noted when this commits that this does not hold any more: from behind its beginning, as that is known
    /// outside. The database's own word for when it began may be anybody's.
    pub(super) async fn note_lifted(&mut self, now: Timestamp, scope: Scope) -> sqlx::Result<()> {
        // What could not be read again is not written.
        if scope.is_whole() {
            let began = self.find_began(scope.clone()).await?;
            let at = began.map_or(now, |began| Ending::lifted_at(now, began.at));
            self.note(scope.turned(at, Turn::Lifted));
        }
        Ok(())
    }

    /// When this began last, as is known outside or noted here.
    async fn find_began(&mut self, scope: Scope) -> sqlx::Result<Option<Began>> {
        let known = self.outside().endings().await;
        let known = known.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
        let noted = match self {
            Self::Sqlite(tx) => &tx.endings,
            Self::Postgres(tx) => &tx.endings,
        };
        let noted = Endings::of(noted.clone()).began(scope.clone());
        Ok([known.began(scope), noted].into_iter().flatten().max_by_key(|began| began.at))
    }

    /// Has an ending noted when this commits.
    pub(super) fn note(&mut self, ending: Ending) {
        match self {
            Self::Sqlite(tx) => tx.endings.push(ending),
            Self::Postgres(tx) => tx.endings.push(ending),
        }
    }
}

fn left(subscriber_key: &AddressKey, purpose: Option<&Purpose>) -> Scope {
    let (address_key, purpose) = (subscriber_key.clone(), purpose.cloned());
    Scope { address_key, reason: EndingReason::Left, purpose }
}
