//! The witnesses that an auditor names on the command line.

use super::refusal::AuditRefusal;
use crate::cosignature::WitnessKey;
use crate::note::SignedNote;
use crate::witnesses::Witnesses;

/// The witnesses that somebody trusts.
#[derive(clap::Args)]
pub(super) struct WitnessArguments {
    /// The public key of a witness that must have signed the checkpoint; may be given several times
    #[arg(long = "witness", value_name = "VKEY")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have signed; without it, all of them
    #[arg(long, value_name = "N", requires = "witnesses")]
    quorum: Option<usize>,
}

impl WitnessArguments {
    /// None where none was named.
    pub(super) fn read(&self) -> Result<Option<Witnesses>, AuditRefusal> {
        if self.witnesses.is_empty() {
            return Ok(None);
        }
        let keys = self.witnesses.iter().map(|key| WitnessKey::parse(key));
        Ok(Some(Witnesses::new(keys.collect::<Result<_, _>>()?, self.quorum)?))
    }
}

/// Says which of the witnesses signed this head, and gives how many; `None` where none was named.
///
/// # Errors
/// [`AuditRefusal::Unwitnessed`] when too few did.
pub(super) fn look_at_head(
    witnesses: Option<&Witnesses>,
    head: &SignedNote,
) -> Result<Option<usize>, AuditRefusal> {
    let Some(seen) = witnesses.map(|witnesses| witnesses.look_at(head)) else { return Ok(None) };
    eprintln!("{seen}");
    if seen.is_enough() { Ok(Some(seen.count())) } else { Err(AuditRefusal::Unwitnessed) }
}
