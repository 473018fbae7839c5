//! Has each witness sign the newest head, with the proof that it holds all that it signed before. One that does not is an
//! alarm of its own, and keeps nothing and nobody else waiting.

use std::collections::HashMap;
use std::time::Duration;

use assent_ledger::note::{NoteSignature, SignedNote};
use assent_ledger::witness_answer::{WitnessRefusal, WitnessSays};
use async_trait::async_trait;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::domain::alarm::{witness as subject_of, witness_of};
use crate::domain::background_task::BackgroundTask;
use crate::domain::sentence::sentence;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::flows::ledger::find_uncosigned::find_uncosigned;
use crate::flows::ledger::keep_cosignature::keep_cosignature;
use crate::flows::ledger::prove_consistency::prove_consistency;
use crate::flows::raise_alarm::{clear_if_raised, raise};
use crate::random::Moment;
use crate::store::Db;
use crate::store::alarms;
use crate::store::ledger::checkpoints::{self, StoredCheckpoint};
use crate::witnesses::{Witness, WitnessError, Witnesses};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(1);
/// How long a witness may be away before it is an alarm.
pub const PATIENCE: Duration = Duration::from_mins(5);
/// How often one is asked in a row, each time from the size that it says to know.
const TRIES: usize = 3;

/// The task. When the program stops, it does not wait for the answer of whoever is asked.
pub(super) struct AskWitnesses {
    parts: WorkerParts,
    failing: Failing,
    stop: CancellationToken,
}

impl AskWitnesses {
    pub(super) fn new(parts: WorkerParts, stop: CancellationToken) -> Self {
        Self { parts, failing: Failing::default(), stop }
    }
}

#[async_trait]
impl Task for AskWitnesses {
    /// Not more often than there may be a new head.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::AskWitnesses, EVERY.max(self.parts.seal_every))
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, witnesses, .. } = &self.parts;
        let at = self.parts.moment();
        let asked = tokio::select! {
            asked = ask_witnesses(db, witnesses, &at, &mut self.failing) => asked?,
            () = self.stop.cancelled() => Asked::default(),
        };
        Ok(Outcome::counted(&[
            (asked.signed, "signature of a witness kept", "signatures of witnesses kept"),
            (asked.raised, "alarm raised", "alarms raised"),
            (asked.ended, "alarm over", "alarms over"),
        ]))
    }
}

/// Since when each witness does not sign, by its name, as far as this process knows.
pub type Failing = HashMap<String, Timestamp>;

/// What asking came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How many signed.
    pub signed: usize,
    /// How many alarms began.
    pub raised: usize,
    /// How many ended.
    pub ended: usize,
}

/// Asks all witnesses at once that did not sign the newest head yet. No transaction is open meanwhile.
///
/// # Errors
/// When the database does not answer, or the tree does not hold together.
pub async fn ask_witnesses(
    db: &Db,
    set: &Witnesses,
    at: &Moment,
    failing: &mut Failing,
) -> Result<Asked, Error> {
    let witnesses = set.all();
    let mut asked = Asked { ended: end_of_others(db, witnesses).await?, ..Asked::default() };
    if witnesses.is_empty() {
        return Ok(asked);
    }
    let Some(found) = find_uncosigned(db, &set.keys()).await? else {
        return Ok(asked);
    };
    let asking = Asking { db, witnesses: set, at, head: &found.head, note: &found.note };
    let turns = witnesses.iter().zip(&found.known).map(async |(witness, known)| match known {
        Some(known) => asking.ask(witness, *known).await,
        None => Ok(Turn::SignedBefore),
    });
    for (witness, turn) in witnesses.iter().zip(join_all(turns).await) {
        let turn = turn?;
        asked.signed += usize::from(matches!(turn, Turn::Signed));
        match turn {
            Turn::Signed | Turn::SignedBefore => {
                failing.remove(witness.name());
                asked.ended += usize::from(end(db, witness.name()).await?);
            }
            // Whoever works beside us asks with a newer head.
            Turn::Later => {}
            Turn::Trouble(trouble) => {
                let name = witness.name();
                let detail = sentence(&trouble);
                if !failing.contains_key(name) {
                    tracing::warn!(witness = name, error = detail, "a witness did not sign");
                }
                let since = *failing.entry(name.to_owned()).or_insert(at.now);
                if !trouble.passes() || at.now.since(since) >= PATIENCE {
                    let subject = subject_of(name);
                    let new = db.run(|tx| Box::pin(raise(tx, at, &subject, &detail))).await?;
                    if new {
                        tracing::error!(witness = name, error = detail, "a witness does not sign");
                    }
                    asked.raised += usize::from(new);
                }
            }
        }
    }
    Ok(asked)
}

/// Ends the alarm about a witness; `true` when it stood.
async fn end(db: &Db, name: &str) -> Result<bool, Error> {
    let ended = clear_if_raised(db, &subject_of(name)).await?;
    if ended {
        tracing::info!(witness = name, "the alarm about a witness is over");
    }
    Ok(ended)
}

/// Ends alarms about witnesses that are set no more; returns how many.
async fn end_of_others(db: &Db, witnesses: &[Witness]) -> Result<usize, Error> {
    let standing = alarms::list(&mut db.read().await?).await?;
    let is_gone = |name: &str| !witnesses.iter().any(|witness| witness.name() == name);
    let mut ended = 0;
    for name in standing.iter().filter_map(|alarm| witness_of(&alarm.subject)) {
        if is_gone(name) {
            ended += usize::from(end(db, name).await?);
        }
    }
    Ok(ended)
}

/// What became of asking one of them.
enum Turn {
    Signed,
    SignedBefore,
    /// It knows a head that another process signed since.
    Later,
    Trouble(WitnessError),
}

/// What they are asked with.
struct Asking<'a> {
    db: &'a Db,
    witnesses: &'a Witnesses,
    at: &'a Moment,
    head: &'a StoredCheckpoint,
    note: &'a SignedNote,
}

impl Asking<'_> {
    async fn ask(&self, witness: &Witness, from: u64) -> Result<Turn, Error> {
        let size = self.note.checkpoint().size;
        let mut old = from;
        for _ in 0..TRIES {
            // Closed before anybody is spoken to.
            let proof = prove_consistency(&mut self.db.read().await?, old, self.head).await?;
            let proof = proof.ok_or(Error::Tree)?;
            match self.witnesses.ask(witness, self.note, &proof).await {
                Ok(WitnessSays::Cosigned { lines, .. }) => return self.keep(witness, &lines).await,
                Ok(WitnessSays::Knows(knows)) if knows > size => {
                    let newest = checkpoints::find_kept(&mut self.db.read().await?).await?;
                    let newest = newest.map_or(0, |head| head.size);
                    let is_here = i64::try_from(knows).is_ok_and(|knows| knows <= newest);
                    let other = WitnessError::OtherTree { knows, size };
                    return Ok(if is_here { Turn::Later } else { Turn::Trouble(other) });
                }
                Ok(WitnessSays::Knows(knows)) if knows == old => {
                    return Ok(Turn::Trouble(WitnessError::OtherTree { knows, size }));
                }
                Ok(WitnessSays::Knows(knows)) => old = knows,
                Err(error) => return Ok(Turn::Trouble(error)),
            }
        }
        Ok(Turn::Trouble(WitnessError::Unsteady))
    }

    /// Of several lines by one key, one is as good as all.
    async fn keep(&self, witness: &Witness, lines: &[NoteSignature]) -> Result<Turn, Error> {
        let Some(line) = lines.first() else {
            return Ok(Turn::Trouble(WitnessError::Refused(WitnessRefusal::Missing)));
        };
        let (now, of) = (self.at.now, (&witness.key, self.head.size));
        let kept = self.db.run(|tx| {
            Box::pin(async move { Ok::<_, Error>(keep_cosignature(tx, now, of, line).await?) })
        });
        kept.await?;
        Ok(Turn::Signed)
    }
}
