//! Whether witnesses and the time-stamping authority answer as they should: asked so that nothing changes at theirs,
//! either.

use assent_ledger::consistency_proof::ConsistencyProof;
use assent_ledger::note::SignedNote;
use assent_ledger::witness_answer::WitnessSays;

use super::report::{Part, Report};
use crate::cli::outcome::refuse;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::sentence::sentence;
use crate::random::{Moment, Random};
use crate::time_stamping::TimeStampingAuthority;
use crate::witnesses::{Witness, WitnessError, Witnesses};

/// Tells of each witness, and of time stamps, where they are set: with the newest head, where there is one.
pub(super) async fn look(report: &mut Report, settings: &Settings, newest: Option<&str>) {
    let newest = newest.and_then(|note| SignedNote::parse(note).ok());
    let witnesses = Witnesses::new(&settings.ledger_witnesses);
    for witness in witnesses.all() {
        let part = look_at_witness(&witnesses, witness, newest.as_ref()).await;
        report.tell(format!("witness {}", witness.name()), part);
    }
    if let Some(address) = settings.ledger_timestamp_url.clone() {
        let authority = TimeStampingAuthority::new(address);
        report.tell("time stamps", look_at_stamps(&authority, newest.as_ref()).await);
    }
}

const NOTHING: &str = "not asked: there is no checkpoint to ask with yet";

/// It is asked as if it knew this head, so it signs one that it signed before, or says how far it came.
async fn look_at_witness(
    witnesses: &Witnesses,
    witness: &Witness,
    newest: Option<&SignedNote>,
) -> Part {
    let Some(newest) = newest else { return Ok(NOTHING.into()) };
    let size = newest.checkpoint().size;
    match witnesses.ask(witness, newest, &ConsistencyProof::trivial(size)).await {
        Ok(WitnessSays::Cosigned { .. }) => Ok("ok; it signed the newest checkpoint".into()),
        Ok(WitnessSays::Knows(0)) => Ok("ok; it knows this ledger, and signed nothing yet".into()),
        Ok(WitnessSays::Knows(knows)) if knows < size => {
            Ok(format!("ok; it signed {knows} of {size} leaves").into())
        }
        Ok(WitnessSays::Knows(knows)) => {
            Err(refuse(sentence(&WitnessError::OtherTree { knows, size })))
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_at_stamps(authority: &TimeStampingAuthority, newest: Option<&SignedNote>) -> Part {
    let Some(newest) = newest else { return Ok(NOTHING.into()) };
    let at = Moment::new(&Clock::System, &Random::System);
    let stamp = authority.stamp(newest, &at).await?;
    let stated = stamp.stamped_at.to_seconds();
    Ok(format!("ok; it stamped the newest checkpoint at {stated}; its signature was not checked")
        .into())
}
