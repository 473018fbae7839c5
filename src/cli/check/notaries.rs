//! Whether those outside who vouch for the ledger answer as they should: asked so that nothing changes at theirs, either.

use assent_ledger::add_checkpoint::Outcome;
use assent_ledger::note::SignedNote;

use super::report::{Part, Report};
use crate::cli::outcome::refuse;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::sentence::sentence;
use crate::notaries::{Notaries, Witness, WitnessError};
use crate::random::{Moment, Random};

/// Tells of each witness, and of time stamps, where they are set: with the newest head, where there is one.
pub(super) async fn look(report: &mut Report, settings: &Settings, newest: Option<&str>) {
    let newest = newest.and_then(|note| SignedNote::parse(note).ok());
    let notaries = Notaries::new(&settings.ledger_witnesses, settings.ledger_timestamp_url.clone());
    for witness in notaries.witnesses() {
        let part = look_at_witness(&notaries, witness, newest.as_ref()).await;
        report.tell(format!("witness {}", witness.name()), part);
    }
    if notaries.stamps() {
        report.tell("time stamps", look_at_stamps(&notaries, newest.as_ref()).await);
    }
}

const NOTHING: &str = "not asked: there is no checkpoint to ask with yet";

/// It is asked as if it knew this head, so it signs one that it signed before, or says how far it came.
async fn look_at_witness(
    notaries: &Notaries,
    witness: &Witness,
    newest: Option<&SignedNote>,
) -> Part {
    let Some(newest) = newest else { return Ok(NOTHING.into()) };
    let size = newest.checkpoint().size;
    match notaries.ask_witness(witness, newest, (size, &[])).await {
        Ok(Outcome::Cosigned { .. }) => Ok("ok; it signed the newest checkpoint".into()),
        Ok(Outcome::Knows(0)) => Ok("ok; it knows this ledger, and signed nothing yet".into()),
        Ok(Outcome::Knows(knows)) if knows < size => {
            Ok(format!("ok; it signed {knows} of {size} leaves").into())
        }
        Ok(Outcome::Knows(knows)) => {
            Err(refuse(sentence(&WitnessError::OtherTree { knows, size })))
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_at_stamps(notaries: &Notaries, newest: Option<&SignedNote>) -> Part {
    let Some(newest) = newest else { return Ok(NOTHING.into()) };
    let at = Moment::new(&Clock::System, &Random::System);
    let stamp = notaries.stamp(newest, &at).await?;
    let stated = stamp.stamped_at.to_seconds();
    Ok(format!("ok; it stamped the newest checkpoint at {stated}; its signature was not checked")
        .into())
}
