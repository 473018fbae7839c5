//! A receipt or a promise, checked on the command line.

use std::io;
use std::path::{Path, PathBuf};
use std::slice;

use super::audit::{Known, audit};
use super::command_promise::{self, Evidence};
use super::command_shared::{AuditRefusal, WitnessArguments, print_findings};
use super::note::VerifyingKey;
use super::receipt::{self, Compared, Verified};
use super::text_file::{read_text, read_whole};

/// Check a signed receipt, or the promise of one; needs neither database nor settings
#[derive(clap::Args)]
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
    /// An [`AuditRefusal`] unless all of it is sound.
    pub fn run(&self) -> Result<(), AuditRefusal> {
        let key = VerifyingKey::parse(&self.key)?;
        let witnesses = self.witnesses.read()?;
        let text = if self.file == Path::new("-") {
            read_whole(io::stdin())?
        } else {
            read_text(&self.file)?
        };
        if let Some(promises) = command_promise::promises_in(&text) {
            let evidence = Evidence {
                receipt: self.receipt.as_deref(),
                bundle: self.bundle.as_deref(),
                witnesses: witnesses.as_ref(),
            };
            return command_promise::check(&promises, &key, &evidence);
        }
        if self.receipt.is_some() {
            return Err(AuditRefusal::NoPromise);
        }
        let Verified { payload, head, compared } =
            receipt::verify(text.trim(), slice::from_ref(&key))?;
        if !head.is_of(&key) {
            return Err(AuditRefusal::OtherLedger(head.checkpoint().origin.clone()));
        }
        println!("{payload:#}");
        if compared == Compared::InPart {
            eprintln!(
                "This receipt is of an older form: only its words, purpose, kind, event and time were compared with \
                 what it proves. Who was answerable, the person, the policy and the way it was given stand on the \
                 word of whoever signed it."
            );
        }
        if let Some(witnesses) = &witnesses {
            let seen = witnesses.look_at(&head);
            eprintln!("{seen}");
            if !seen.is_enough() {
                return Err(AuditRefusal::Unwitnessed);
            }
        }
        let Some(bundle) = &self.bundle else {
            eprintln!("sound: signed by this key, and proved to be in the ledger as it was then");
            return Ok(());
        };
        let report =
            audit(bundle, Known { key: Some(&key), earlier: Some(&head), ..Known::default() })?;
        if !report.is_sound() {
            print_findings(&report);
            return Err(AuditRefusal::NotHeldStill);
        }
        eprintln!("sound: signed by this key, and proved to be in the ledger still");
        Ok(())
    }
}
