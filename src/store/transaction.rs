//! A transaction, and the endings it decides: they are noted outside the database before it commits. Whatever
//! suppresses an address or lifts that does so through here, so that no use case can forget it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::{Database, Postgres, Sqlite, Transaction};

use super::effects::Effect;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::outside::{Began, Ending, Endings, Outside, OutsideError, Scope, Turn};

/// How long a second press says nothing new.
pub const LEFT_AGAIN: Duration = Duration::from_mins(1);

/// A transaction on either database.
pub enum Tx {
    /// On SQLite.
    Sqlite(DbTransaction<Sqlite>),
    /// On PostgreSQL.
    Postgres(DbTransaction<Postgres>),
}

/// A transaction that notes what it ends.
pub struct DbTransaction<D: Database> {
    transaction: Transaction<'static, D>,
    outside: Outside,
    endings: Vec<Ending>,
    replays: bool,
    effects: Vec<Effect>,
    given_up: bool,
}

impl<D: Database> DbTransaction<D> {
    pub(super) fn new(transaction: Transaction<'static, D>, outside: &Outside) -> Self {
        Self {
            transaction,
            outside: outside.clone(),
            endings: vec![],
            replays: false,
            effects: vec![],
            given_up: false,
        }
    }

    async fn commit(self) -> sqlx::Result<()> {
        if self.given_up {
            return Ok(());
        }
        if !self.endings.is_empty() && !self.replays {
            self.outside.note(&self.endings).await.map_err(unreadable)?;
        }
        self.transaction.commit().await
    }
}

impl<D: Database> Deref for DbTransaction<D> {
    type Target = D::Connection;
    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl<D: Database> DerefMut for DbTransaction<D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl Tx {
    /// Makes what was written durable; what it ends is noted outside first. Nothing may be acknowledged before
    /// this returned. Use cases are committed by [`Db::run`](super::Db::run).
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

    /// Asks for something that is done once this is committed.
    pub fn after(&mut self, effect: Effect) {
        let effects = match self {
            Self::Sqlite(tx) => &mut tx.effects,
            Self::Postgres(tx) => &mut tx.effects,
        };
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }

    /// What it asks for; nothing once it was given up.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        let (effects, given_up) = match self {
            Self::Sqlite(tx) => (&mut tx.effects, tx.given_up),
            Self::Postgres(tx) => (&mut tx.effects, tx.given_up),
        };
        if given_up { vec![] } else { std::mem::take(effects) }
    }

    /// Keeps nothing of what was written here, though it is no error: committing it leaves all as it was.
    pub fn give_up(&mut self) {
        match self {
            Self::Sqlite(tx) => tx.given_up = true,
            Self::Postgres(tx) => tx.given_up = true,
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

    /// Notes that somebody leaves, whatever the database says of them at this moment. Who presses again within a minute,
    /// and did not come back in between, is noted once.
    ///
    /// # Errors
    /// When what is kept outside cannot be read.
    pub async fn note_left(&mut self, now: Timestamp, scope: Scope) -> sqlx::Result<()> {
        let endings = self.outside().endings().await.map_err(unreadable)?;
        let came_back = endings.came_back(&scope.address_key);
        let before = self.find_began(&endings, scope.clone()).filter(|began| !began.lifted);
        let is_again = |began: &Began| (began.at..=began.at.plus(LEFT_AGAIN)).contains(&now);
        if !before.is_some_and(|began| is_again(&began) && came_back < Some(began.at)) {
            self.note(scope.turned(now, Turn::Began));
        }
        Ok(())
    }

    /// Notes that who left, by one of these keys, agrees to these purposes anew. What they left besides is only lifted
    /// where it began at a moment that is not before this one, as where the clock was set back: any other consent of
    /// before stays ended by it.
    ///
    /// # Errors
    /// When what is kept outside cannot be read.
    pub async fn note_back(
        &mut self,
        now: Timestamp,
        keys: &[AddressKey],
        purposes: &[&Purpose],
    ) -> sqlx::Result<()> {
        let endings = self.outside().endings().await.map_err(unreadable)?;
        for key in keys {
            let all = [Scope::left(key.clone(), None), Scope::left_mail(key.clone())];
            let each = purposes.iter().map(|purpose| Scope::left(key.clone(), Some(purpose)));
            let scopes = all.into_iter().chain(each).collect::<Vec<_>>();
            let began = |scope: &Scope| {
                self.find_began(&endings, scope.clone()).filter(|began| !began.lifted)
            };
            if !scopes.iter().any(|scope| began(scope).is_some()) {
                continue;
            }
            let lifts = |scope: &&Scope| {
                scope.purpose.is_some() || began(scope).is_some_and(|b| b.at >= now)
            };
            let lifted: Vec<Scope> = scopes.iter().filter(lifts).cloned().collect();
            for scope in lifted {
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
            let endings = self.outside().endings().await.map_err(unreadable)?;
            let began = self.find_began(&endings, scope.clone());
            let at = began.map_or(now, |began| Ending::lifted_at(now, began.at));
            self.note(scope.turned(at, Turn::Lifted));
        }
        Ok(())
    }

    /// Those of these scopes that began, as is known outside or noted here, and were not lifted since.
    pub(super) async fn holding(&self, mut scopes: Vec<Scope>) -> sqlx::Result<Vec<Scope>> {
        let endings = self.outside().endings().await.map_err(unreadable)?;
        let holds = |began: Began| !began.lifted;
        scopes.retain(|scope| self.find_began(&endings, scope.clone()).is_some_and(holds));
        Ok(scopes)
    }

    /// When this began last, as is known outside or noted here.
    fn find_began(&self, known: &Endings, scope: Scope) -> Option<Began> {
        let noted = match self {
            Self::Sqlite(tx) => &tx.endings,
            Self::Postgres(tx) => &tx.endings,
        };
        let noted = Endings::from_lines(noted.clone()).began(scope.clone());
        [known.began(scope), noted].into_iter().flatten().max_by_key(|began| began.at)
    }

    /// Has an ending noted when this commits.
    pub(super) fn note(&mut self, ending: Ending) {
        match self {
            Self::Sqlite(tx) => tx.endings.push(ending),
            Self::Postgres(tx) => tx.endings.push(ending),
        }
    }
}

fn unreadable(error: OutsideError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error))
}
