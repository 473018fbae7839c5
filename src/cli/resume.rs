//! `assent ledger resume`.

use super::new_name::tell_of_witnesses;
use super::outcome::{Outcome, refuse};
use crate::app::Core;
use crate::domain::alarm::LEDGER;
use crate::flows::ledger::adopt::adopt;
use crate::flows::ledger::compare_heads::compare_heads;
use crate::flows::ledger::find_last_cosigned::find_last_cosigned;
use crate::flows::ledger::resume_ledger::resume_ledger;
use crate::flows::raise_alarm::clear_if_raised;
use crate::random::Moments;
use crate::sealing::seal_all;
use crate::sealing::verify::verify;

pub(super) async fn run(core: &Core) -> Outcome {
    // What people ended meanwhile ends first, wherever it was noted.
    core.db.outside().exchange().await?;
    let mut replayed = core.replay().await?;
    let standing = compare_heads(&core.db, &core.flow_settings.ledger_keys).await?;
    if standing.is_level() {
        return Err(refuse(
            "the ledger stands at its newest head: there is nothing to resume from",
        ));
    }
    println!("{standing}");
    let last = find_last_cosigned(&core.db, &core.flow_settings.witnesses).await?;
    let (act, known) = (core.act(), standing.known());
    let epoch =
        core.db.run(|tx| Box::pin(resume_ledger(tx, &act, &core.flow_settings, known))).await?;
    // What an earlier version wrote, where the back-up is that old.
    adopt(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    // Before it was adopted, nobody could tell that it is ours.
    replayed += core.replay().await?;
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    clear_if_raised(&core.db, LEDGER).await?;
    let name = epoch.name(core.flow_settings.ledger_keys.origin());
    println!(
        "the ledger goes on as {name}; ended again: {} consents, {} people, {} other suppressions",
        replayed.withdrawn, replayed.erased, replayed.suppressed
    );
    println!(
        "Tell your witnesses and auditors, take new exports wherever a copy is kept, and let mail leave with \
         `assent mail resume`."
    );
    tell_of_witnesses(core, &name, last.as_deref());
    let moments = Moments::new(&core.clock, &core.random);
    let check = || verify(&core.db, &core.flow_settings, moments, |_| ());
    let mut verification = check().await?;
    // One that a running program began before the ledger went on may end now, with what it found then.
    if verification.overtaken {
        verification = check().await?;
    }
    if verification.is_sound() {
        return Ok(());
    }
    for finding in &verification.findings {
        println!("{finding}");
    }
    Err(refuse("the ledger is not what it was: exports stop until `assent ledger verify` is sound"))
}
