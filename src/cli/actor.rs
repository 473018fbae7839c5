//! Who acts by command, and the record of what they took out.

use super::outcome::Outcome;
use crate::app::Core;
pub(super) use crate::domain::staff::member::COMMAND_LINE as ACTOR;
use crate::flows::contacts::record_disclosure::{Disclosure, record_disclosure};

/// Writes down that personal data was taken out by this command.
pub(super) async fn disclosed(
    core: &Core,
    what: Disclosure,
    detail: &serde_json::Value,
) -> Outcome {
    let act = core.act();
    Ok(core.db.run(|tx| Box::pin(record_disclosure(tx, &act, what, detail))).await?)
}
