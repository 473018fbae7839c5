//! A receipt or a promise, checked on the command line.

use std::io;
use std::path::{Path, PathBuf};
use std::slice;

use super::print_findings::print_findings;
use super::promise::{self, Evidence};
use super::refusal::AuditRefusal;
use super::witness_arguments::WitnessArguments;
use crate::audit::{Known, audit};
use crate::jws::unbroken;
use crate::note::VerifyingKey;
use crate::receipt::{self, Compared, Verified};
use crate::text_file::{read_text, read_whole};

/// Check a signed receipt, or the promise of one; needs neither database nor settings
#[derive(clap::Args)]
#[command(
    after_help = "Exit code: 0 all of it is sound, 1 it is not to be believed, 2 wrong usage, 3 a receipt of the older \
                  form, which says things that nothing in it commits to: all else of it is sound, and these are named."
)]
pub struct AuditReceipt {
    /// The file of the receipt, or of promises as a mail brings them; `-` reads standard input
    file: PathBuf,
    /// The public key known from before
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// A later bundle of the whole ledger: it must still hold what it held when the receipt was signed; or what was
    /// promised
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Of a promise, the receipt that keeps it: it must be of the same event
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    witnesses: WitnessArguments,
}

impl AuditReceipt {
    /// Checks the receipt or the promise, prints what it says, and holds it against the bundle.
    ///
    /// # Errors
    /// An [`AuditRefusal`] unless all of it is sound; [`AuditRefusal::ComparedInPart`] where that cannot be said of all
    /// of it.
    pub fn run(&self) -> Result<(), AuditRefusal> {
        let key = VerifyingKey::parse(&self.key)?;
        let witnesses = self.witnesses.read()?;
        let text = if self.file == Path::new("-") {
            read_whole(io::stdin())?
        } else {
            read_text(&self.file)?
        };
        if let Some(promises) = promise::promises_in(&text) {
            let evidence = Evidence {
                receipt: self.receipt.as_deref(),
                bundle: self.bundle.as_deref(),
                witnesses: witnesses.as_ref(),
            };
            return promise::check(&promises, &key, &evidence);
        }
        if self.receipt.is_some() {
            return Err(AuditRefusal::NoPromise);
        }
        let Verified { payload, head, compared } =
            receipt::verify(&unbroken(&text), slice::from_ref(&key))?;
        println!("{payload:#}");
        if let Some(witnesses) = &witnesses {
            let seen = witnesses.look_at(&head);
            eprintln!("{seen}");
            if !seen.is_enough() {
                return Err(AuditRefusal::Unwitnessed);
            }
        }
        if let Some(bundle) = &self.bundle {
            let known = Known { key: Some(&key), earlier: Some(&head), ..Known::default() };
            let report = audit(bundle, known)?;
            if !report.is_sound() {
                print_findings(&report);
                return Err(AuditRefusal::NotHeldStill);
            }
        }
        if let Compared::InPart(left) = compared {
            return Err(AuditRefusal::ComparedInPart(left));
        }
        let until = if self.bundle.is_some() { "still" } else { "as it was then" };
        eprintln!("sound: signed by this key, and proved to be in the ledger {until}");
        Ok(())
    }
}
