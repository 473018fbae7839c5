//! Gathers signups that arrive together into one transaction: one commit, one wait for the disk, for
//! all of them. Each is answered for only after that commit. Forms that are dropped go the same way to be
//! counted, so that whoever sends them learns nothing by the time it takes, and takes no database from others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::domain::slug::Slug;
use crate::flows::signup::count_dropped::count_dropped;
use crate::flows::signup::sign_up::{SignUp, sign_up};
use crate::flows::{Error, FlowSettings};
use crate::random::{Moment, Random};
use crate::store::{Db, is_away};

/// How many signups may wait; the next is told to come back.
const QUEUE: usize = 4096;
/// How many signups share one transaction at most.
const BATCH: usize = 256;

/// How long a reader is kept waiting for the database.
const DEADLINE: Duration = Duration::from_secs(10);

type Waiting = (Form, oneshot::Sender<Result<(), IntakeError>>);

/// A form on its way.
enum Form {
    SignUp(Box<SignUp>),
    /// One that is dropped and counted, through the form of this report, or of the newsletters.
    Dropped(Option<Slug>),
}

/// Forms that share one transaction.
#[derive(Default)]
struct Batch {
    signups: Vec<SignUp>,
    dropped: Vec<Option<Slug>>,
}

/// The door signups go through.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
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
        Self { queue }
    }

    /// Hands in one signup and waits until it is on disk.
    ///
    /// # Errors
    /// When too many wait, or the database did not take it; then it is not stored.
    pub async fn hand_in(&self, signup: SignUp) -> Result<(), IntakeError> {
        self.send(Form::SignUp(Box::new(signup))).await
    }

    /// Hands in that a form was dropped, of this report or of the newsletters, and waits until it is counted.
    ///
    /// # Errors
    /// As for a signup.
    pub async fn hand_in_dropped(&self, report: Option<Slug>) -> Result<(), IntakeError> {
        self.send(Form::Dropped(report)).await
    }

    async fn send(&self, form: Form) -> Result<(), IntakeError> {
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
    let mut taken = Vec::with_capacity(BATCH);
    while waiting.lock().await.recv_many(&mut taken, BATCH).await > 0 {
        let (mut batch, mut signed, mut dropped) = (Batch::default(), vec![], vec![]);
        for (form, answer) in taken.drain(..) {
            match form {
                Form::SignUp(signup) => {
                    batch.signups.push(*signup);
                    signed.push(answer);
                }
                Form::Dropped(report) => {
                    batch.dropped.push(report);
                    dropped.push(answer);
                }
            }
        }
        let stored = store(&parts, &batch.signups, &batch.dropped).await;
        let refused = matches!(stored, Err(IntakeError::Store | IntakeError::Busy));
        if refused && signed.len() + dropped.len() > 1 {
            // One bad signup must not take the others with it.
            for (signup, answer) in batch.signups.iter().zip(signed) {
                tell(answer, store(&parts, std::slice::from_ref(signup), &[]).await);
            }
            let counted = store(&parts, &[], &batch.dropped).await;
            for answer in dropped {
                tell(answer, counted);
            }
        } else {
            for answer in signed.into_iter().chain(dropped) {
                tell(answer, stored);
            }
        }
    }
}

/// A reader who went away meanwhile hears nothing; the signup is stored all the same.
fn tell(reader: oneshot::Sender<Result<(), IntakeError>>, stored: Result<(), IntakeError>) {
    let _gone = reader.send(stored);
}

async fn store(
    parts: &IntakeParts,
    signups: &[SignUp],
    dropped: &[Option<Slug>],
) -> Result<(), IntakeError> {
    let stored = async {
        let at = Moment::new(&parts.clock, &parts.random);
        let stored = parts.db.run(|tx| {
            Box::pin(async {
                if !signups.is_empty() {
                    sign_up(tx, &at, &parts.settings, signups).await?;
                }
                count_dropped(tx, &at, &parts.settings, dropped).await
            })
        });
        stored.await
    };
    match tokio::time::timeout(DEADLINE, stored).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(error = ?error, signups = signups.len(), "signups could not be stored");
            // Only what the database refused may be one signup's fault.
            match error {
                Error::Store(error @ sqlx::Error::Database(_)) if is_away(&error) => {
                    Err(IntakeError::Busy)
                }
                Error::Store(error) if !is_away(&error) => Err(IntakeError::Store),
                Error::Evidence(_) => Err(IntakeError::Store),
                Error::Store(_)
                | Error::Tree
                | Error::Unsealed(_)
                | Error::Stopped(_)
                | Error::Outside(_)
                | Error::NotLevel(_)
                | Error::NewerSchema(_)
                | Error::Changed(..) => Err(IntakeError::Away),
            }
        }
        Err(_) => {
            tracing::error!(signups = signups.len(), "the database did not answer in time");
            Err(IntakeError::Away)
        }
    }
}
