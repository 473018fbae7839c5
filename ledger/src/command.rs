//! What an outsider has checked on the command line, by `assent ledger audit` and `assent ledger audit-receipt`, or by
//! `assent-audit`, which is nothing else.

use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::process;
use std::slice;

use super::audit::{AuditError, AuditReport, audit};
use super::note::{KeyError, NoteError, SignedNote, VerifyingKey, encode_hash};
use super::receipt::{self, ReceiptError};
use super::text_file::{UnreadableText, read_text, read_whole};

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
}

/// Check a signed receipt; needs neither database nor settings
#[derive(clap::Args)]
pub struct AuditReceipt {
    /// The file of the receipt; `-` reads standard input
    file: PathBuf,
    /// The public key known from before
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// A later bundle of the whole ledger: it must still hold what it held when the receipt was signed
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
}

/// Why a bundle or a receipt is not believed; what was found is printed before.
#[derive(Debug, thiserror::Error)]
pub enum AuditRefusal {
    /// The key that was given is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file that was given cannot be read.
    #[error(transparent)]
    File(#[from] UnreadableText),
    /// Standard input cannot be read.
    #[error(transparent)]
    Input(#[from] io::Error),
    /// The checkpoint that was given is none.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The bundle cannot be audited at all.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The receipt fails by itself.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The bundle has findings.
    #[error("the bundle does not prove what it says")]
    Unproven,
    /// The bundle that a receipt was held against has findings.
    #[error("the receipt is signed, and the bundle does not prove that the ledger still holds it")]
    NotHeldStill,
}

impl AuditBundle {
    /// Checks the bundle and prints what was found.
    ///
    /// # Errors
    /// An [`AuditRefusal`] unless all of it is sound.
    pub fn run(&self) -> Result<(), AuditRefusal> {
        let key = self.key.as_deref().map(VerifyingKey::parse).transpose()?;
        let earlier = self.checkpoint.as_deref().map(read_text).transpose()?;
        let earlier = earlier.as_deref().map(SignedNote::parse).transpose()?;
        let report = audit(&self.dir, key.as_ref(), earlier.as_ref())?;
        print_findings(&report);
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
        match &report.key {
            Some(signer) if key.is_some() => println!("signed by the key you gave: {signer}"),
            Some(signer) => println!(
                "signed by {signer}\nThis key came with the bundle: compare its fingerprint with what its \
                 owner says, or give the key you know with --key."
            ),
            None => {}
        }
        println!("fingerprint: {}", report.fingerprint);
        Ok(())
    }
}

impl AuditReceipt {
    /// Checks the receipt, prints what it says, and holds it against the bundle.
    ///
    /// # Errors
    /// An [`AuditRefusal`] unless all of it is sound.
    pub fn run(&self) -> Result<(), AuditRefusal> {
        let key = VerifyingKey::parse(&self.key)?;
        let text = if self.file == Path::new("-") {
            read_whole(io::stdin())?
        } else {
            read_text(&self.file)?
        };
        let (payload, head) = receipt::verify(text.trim(), slice::from_ref(&key))?;
        println!("{payload:#}");
        let Some(bundle) = &self.bundle else {
            eprintln!("sound: signed by this key, and proved to be in the ledger as it was then");
            return Ok(());
        };
        let report = audit(bundle, Some(&key), Some(&head))?;
        if !report.is_sound() {
            print_findings(&report);
            return Err(AuditRefusal::NotHeldStill);
        }
        eprintln!("sound: signed by this key, and proved to be in the ledger still");
        Ok(())
    }
}

fn print_findings(report: &AuditReport) {
    for finding in &report.findings {
        println!("{finding}");
    }
    if report.more > 0 {
        println!("and {} more", report.more);
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

/// Whoever read the output has read enough, as `head` does: that is no fault of the program, and printing would say
/// it was. What cannot be written for another reason, as on a full disk, is said in a sentence.
pub fn stop_when_nobody_reads(program: &'static str) {
    /// What a shell says of a program that a closed pipe ended.
    const BROKEN_PIPE: i32 = 141;
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        match said.strip_prefix("failed printing to stdout: ") {
            Some(why) if why.starts_with("Broken pipe") => process::exit(BROKEN_PIPE),
            Some(why) => {
                // Where that cannot be written either, the status says it.
                let _told =
                    writeln!(io::stderr(), "{program}: the output could not be written: {why}");
                process::exit(1)
            }
            None if said.starts_with("failed printing to stderr: ") => process::exit(1),
            None => tell(panic),
        }
    }));
}
