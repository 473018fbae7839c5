//! A bundle, checked on the command line.

use std::path::PathBuf;

use super::print_findings::print_findings;
use super::refusal::AuditRefusal;
use super::told_entries::told_entries;
use super::told_stamps::told_stamps;
use super::witness_arguments::WitnessArguments;
use crate::audit::{AuditReport, Known, audit};
use crate::note::{SignedNote, VerifyingKey, encode_hash};
use crate::text_file::read_text;

/// What is said where nobody but the holder of the key vouches for it.
const UNCONFIRMED: &str = "signed by this key, and nobody else has confirmed it: it shows what the publisher recorded, not \
                           that the people in it did it, nor that the publisher shows everyone the same records";

/// Check a bundle; needs neither database nor settings
#[derive(clap::Args)]
pub struct AuditBundle {
    /// The directory of the bundle
    dir: PathBuf,
    /// The public key known from before; without it, the bundle's own word is taken
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A checkpoint kept from before: the ledger must still hold what it held then
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    witnesses: WitnessArguments,
}

impl AuditBundle {
    /// Checks the bundle and prints what was found.
    ///
    /// # Errors
    /// An [`AuditRefusal`] unless all of it is sound.
    pub fn run(&self) -> Result<(), AuditRefusal> {
        let key = self.key.as_deref().map(VerifyingKey::parse).transpose()?;
        let key = key.map(|key| key.first_named());
        let earlier = self.checkpoint.as_deref().map(read_text).transpose()?;
        let earlier = earlier.as_deref().map(SignedNote::parse).transpose()?;
        let witnesses = self.witnesses.read()?;
        let known = Known {
            key: key.as_ref(),
            earlier: earlier.as_ref(),
            witnesses: witnesses.as_ref(),
            leaf: None,
        };
        let report = audit(&self.dir, known)?;
        print_findings(&report);
        if let Some(signed) = &report.witnessed {
            println!("{signed}");
        }
        for warning in &report.warnings {
            println!("warning: {warning}");
        }
        if !report.is_sound() {
            return Err(AuditRefusal::Unproven);
        }
        println!("{}", told(&report));
        if !report.partial {
            println!("{}", on_whose_word(report.size, report.adopted));
        }
        for line in told_entries(&report) {
            println!("{line}");
        }
        match &report.key {
            Some(signer) if key.is_some() => println!("signed by the key you gave: {signer}"),
            Some(signer) => println!(
                "signed by {signer}\nThis key came with the bundle: compare its fingerprint with what its \
                 owner says, or give the key you know with --key."
            ),
            None => {}
        }
        println!("fingerprint: {}", report.fingerprint);
        if report.witnessed.is_none() && earlier.is_none() {
            println!("{UNCONFIRMED}");
        }
        if !report.stamps.is_empty() {
            println!("{}", told_stamps(&report));
        }
        Ok(())
    }
}

fn told(report: &AuditReport) -> String {
    let AuditReport { events, erased, size, origin, .. } = report;
    let root = encode_hash(&report.root);
    if report.partial {
        format!(
            "sound: {events} of the {size} leaves of {origin}, each proved to be among them, and by the signed \
             word of its owner all of one person; root {root}"
        )
    } else {
        format!("sound: {events} leaves of {origin}, {erased} of them emptied; root {root}")
    }
}

/// From where on the ledger speaks for itself.
#[must_use]
pub fn on_whose_word(size: u64, adopted: u64) -> String {
    if adopted == 0 {
        "every leaf was authenticated when it was written".to_owned()
    } else if adopted == size {
        "all of it was there before rows were authenticated: it stands on the operator's word"
            .to_owned()
    } else {
        format!(
            "before index {adopted} it stands on the operator's word: it was adopted as it was found"
        )
    }
}
