//! Gathers signups that arrive together into one transaction: one commit, one wait for the disk, for
//! all of them. Each is answered for only after that commit. Forms that are dropped go the same way to be
//! counted, so that whoever sends them learns nothing by the time it takes, and takes no database from others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::flows::ledger::contexts::Contexts;
use crate::flows::signup::count_dropped::{DroppedForm, count_dropped};
use crate::flows::signup::sign_up::{
    Kept, PreparedForm, PreparedForms, SignUp, list_taken, prepare, store_prepared,
};
use crate::flows::signup::take_each::HandedIn;
use crate::flows::{Error, FlowSettings};
use crate::random::{Moment, Random};
use crate::store::{Db, WriteTurn, is_away};

/// How many signups may wait; the next is told to come back.
const QUEUE: usize = 4096;
/// How many signups share one transaction at most.
const BATCH: usize = 256;

/// How long a reader is kept waiting for the database.
const DEADLINE: Duration = Duration::from_secs(10);

type Answer = oneshot::Sender<Result<HandedIn, IntakeError>>;
type Waiting = (Form, Answer);

/// A form on its way.
enum Form {
    SignUp(Box<PreparedForm>),
    /// One that is dropped and counted.
    Dropped(DroppedForm),
}

/// Forms that share one transaction.
#[derive(Default)]
struct Batch {
    signups: Vec<PreparedForm>,
    dropped: Vec<DroppedForm>,
}

/// The door signups go through.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
    parts: IntakeParts,
    contexts: Arc<Contexts>,
}

/// The signup is not stored; the reader may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// More signups wait than can be stored soon.
    #[error("too many signups are waiting")]
    Full,
    /// The database does not understand it: a bug.
    #[error("the signup could not be stored")]
    Store,
    /// The database could not take it at this moment.
    #[error("the database did not take the signup")]
    Busy,
    /// The database is away, or did not answer in time.
    #[error("the database did not answer")]
    Away,
}

/// What the intake works with.
#[derive(Clone)]
pub struct IntakeParts {
    /// Where signups are stored.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys and salts come from.
    pub random: Random,
    /// What the operator set.
    pub settings: FlowSettings,
}

impl Intake {
    /// Starts the intake's tasks. They end once every [`Intake`] is dropped and what waits is stored.
    #[must_use]
    pub fn start(parts: &IntakeParts, tasks: &TaskTracker) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..parts.db.writers() {
            tasks.spawn(work(parts.clone(), waiting.clone()));
        }
        Self { queue, parts: parts.clone(), contexts: Arc::default() }
    }

    /// Hands in one signup and waits until it is on disk, or left out.
    ///
    /// # Errors
    /// When too many wait, or the database did not take it; then it is not stored.
    pub async fn hand_in(&self, signup: SignUp) -> Result<HandedIn, IntakeError> {
        // Here, beside all others: whoever stores forms has enough to do.
        let IntakeParts { clock, random, settings, .. } = &self.parts;
        let prepared = prepare(settings.at(&Moment::new(clock, random)), &self.contexts, signup);
        let prepared = prepared.map_err(|error| {
            tracing::error!(%error, "a signup has no evidence");
            IntakeError::Store
        })?;
        self.send(Form::SignUp(Box::new(prepared))).await
    }

    /// Hands in that a form was dropped, and waits until it is counted.
    ///
    /// # Errors
    /// As for a signup.
    pub async fn hand_in_dropped(&self, form: DroppedForm) -> Result<HandedIn, IntakeError> {
        self.send(Form::Dropped(form)).await
    }

    async fn send(&self, form: Form) -> Result<HandedIn, IntakeError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send((form, answer)).map_err(|error| match error {
            TrySendError::Full(_) => IntakeError::Full,
            TrySendError::Closed(_) => IntakeError::Away,
        })?;
        // Whoever gives up waiting may still be stored; it is only not promised.
        let answered = tokio::time::timeout(DEADLINE, answered).await;
        answered.map_or(Err(IntakeError::Away), |told| told.unwrap_or(Err(IntakeError::Away)))
    }
}

/// Takes what waits, stores it, answers, until the door is closed and nothing waits.
async fn work(parts: IntakeParts, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    let db = parts.db.clone();
    let mut storing = Storing::new(parts);
    let mut taken = Vec::with_capacity(BATCH);
    while waiting.lock().await.recv_many(&mut taken, BATCH).await > 0 {
        let turn = take_turn(&db).await;
        let has_turn = turn.is_ok();
        // While others wrote, more came; where another task waits for some, none did.
        if let Ok(mut waiting) = waiting.try_lock() {
            while taken.len() < BATCH
                && let Ok(next) = waiting.try_recv()
            {
                taken.push(next);
            }
        }
        let (mut batch, mut signed, mut dropped) = (Batch::default(), vec![], vec![]);
        for (form, answer) in taken.drain(..) {
            match form {
                Form::SignUp(signup) => {
                    batch.signups.push(*signup);
                    signed.push(answer);
                }
                Form::Dropped(form) => {
                    batch.dropped.push(form);
                    dropped.push(answer);
                }
            }
        }
        let forms: Vec<&PreparedForm> = batch.signups.iter().collect();
        let stored = storing.store(turn, &forms, &batch.dropped).await;
        let refused = has_turn && matches!(stored, Err(IntakeError::Store | IntakeError::Busy));
        if refused && signed.len() + dropped.len() > 1 {
            // One bad signup must not take the others with it.
            for (form, answer) in forms.into_iter().zip(signed) {
                let stored = storing.store(take_turn(&db).await, &[form], &[]).await;
                tell([answer], stored.map(|(stored, _)| stored));
            }
            let counted = storing.store(take_turn(&db).await, &[], &batch.dropped).await;
            tell(dropped, counted.map(|(_, counted)| counted));
        } else {
            let (stored, counted) = match stored {
                Ok((stored, counted)) => (Ok(stored), Ok(counted)),
                Err(error) => (Err(error), Err(error)),
            };
            tell(signed, stored);
            tell(dropped, counted);
        }
    }
}

/// A reader who went away meanwhile hears nothing; the signup is stored all the same.
fn tell(readers: impl IntoIterator<Item = Answer>, became: Result<Vec<HandedIn>, IntakeError>) {
    match became {
        Ok(became) => {
            for (reader, became) in readers.into_iter().zip(became) {
                let _gone = reader.send(Ok(became));
            }
        }
        Err(error) => {
            for reader in readers {
                let _gone = reader.send(Err(error));
            }
        }
    }
}

type Turn<'d> = Result<WriteTurn<'d>, IntakeError>;

async fn take_turn(db: &Db) -> Turn<'_> {
    match tokio::time::timeout(DEADLINE, db.take_turn()).await {
        Ok(turn) => turn.map_err(|error| refusal(error.into())),
        Err(_) => Err(away()),
    }
}

fn away() -> IntakeError {
    tracing::error!("the database did not answer in time");
    IntakeError::Away
}

/// For how long it is believed of what many forms share that the database has it. One that went back in time lacks what
/// came last, and gets it again.
const BELIEVED: Duration = Duration::from_mins(1);

/// Stores one batch after the other.
struct Storing {
    parts: IntakeParts,
    kept: Kept,
    kept_since: Instant,
}

impl Storing {
    fn new(parts: IntakeParts) -> Self {
        Self { parts, kept: Kept::default(), kept_since: Instant::now() }
    }

    fn forget(&mut self) {
        (self.kept, self.kept_since) = (Kept::default(), Instant::now());
    }

    /// What became of the forms, and of those that are dropped.
    async fn store(
        &mut self,
        turn: Turn<'_>,
        forms: &[&PreparedForm],
        dropped: &[DroppedForm],
    ) -> Result<(Vec<HandedIn>, Vec<HandedIn>), IntakeError> {
        let turn = turn?;
        if self.kept_since.elapsed() > BELIEVED {
            self.forget();
        }
        let Self { parts: IntakeParts { db, clock, random, settings }, kept, .. } = &*self;
        let stored = async {
            let at = Moment::new(clock, random);
            let stored = turn.run(|tx| {
                Box::pin(async {
                    let prepared = PreparedForms { forms, kept };
                    let stored = store_prepared(tx, &at, settings, prepared).await?;
                    Ok((stored, count_dropped(tx, &at, settings, dropped).await?))
                })
            });
            stored.await
        };
        match tokio::time::timeout(DEADLINE, stored).await {
            Ok(Ok((became, counted))) => {
                let taken = list_taken(forms, &became);
                db.signals().note_forms(taken.len());
                self.kept.note(&taken);
                Ok((became, counted))
            }
            Ok(Err(error)) => {
                self.forget();
                Err(refusal(error))
            }
            Err(_) => Err(away()),
        }
    }
}

/// Only what the database refused may be one signup's fault.
fn refusal(error: Error) -> IntakeError {
    tracing::error!(error = ?error, "signups could not be stored");
    match error {
        Error::Store(error @ sqlx::Error::Database(_)) if is_away(&error) => IntakeError::Busy,
        Error::Store(error) if !is_away(&error) => IntakeError::Store,
        Error::Evidence(_) => IntakeError::Store,
        Error::Store(_)
        | Error::Tree
        | Error::Unsealed(_)
        | Error::Stopped(_)
        | Error::Outside(_)
        | Error::NotLevel(_)
        | Error::NewerSchema(_)
        | Error::Changed(..) => IntakeError::Away,
    }
}
