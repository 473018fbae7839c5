//! A receipt or a promise, checked on the command line.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;

use super::print_findings::print_findings;
use super::promise::{self, Evidence};
use super::refusal::AuditRefusal;
use super::witness_arguments::WitnessArguments;
use crate::audit::{Found, Known, audit};
use crate::jws::unbroken;
use crate::moment::written;
use crate::note::VerifyingKey;
use crate::receipt::{self, Compared, Verified};
use crate::text_file::{read_text, read_whole};
use crate::tree::leaf_hash;

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
        let by_bundle = self.bundle.as_deref().map(|bundle| {
            let leaf = payload["ledger"]["leaf"].as_str().unwrap_or_default();
            let leaf = Some(leaf_hash(leaf.as_bytes()));
            hold(bundle, Known { key: Some(&key), earlier: Some(&head), leaf, ..Known::default() })
        });
        let place = match by_bundle.transpose()? {
            Some(found) => Place::Bundle(found),
            None if witnesses.is_some() => Place::Witnessed,
            None => Place::Alone,
        };
        if let Compared::InPart(left) = compared {
            return Err(AuditRefusal::ComparedInPart { left, place: place.to_string() });
        }
        eprintln!("sound: signed by this key, and {place}");
        Ok(())
    }
}

/// Holds a receipt against a bundle; gives where its leaf stands there. A part may be without it.
fn hold(bundle: &Path, known: Known<'_>) -> Result<Option<Found>, AuditRefusal> {
    let report = audit(bundle, known)?;
    if report.is_sound() {
        return Ok(report.found);
    }
    print_findings(&report);
    Err(AuditRefusal::NotHeldStill)
}

/// In what the entry of a receipt is proved to be.
enum Place {
    /// In a tree that the key signed: it may have been made for this receipt.
    Alone,
    /// The same, and witnesses whom the auditor named saw that tree.
    Witnessed,
    /// In the ledger of a bundle, where its leaf was found.
    Bundle(Option<Found>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone => f.write_str(
                "under a head that this key signed. That others see the same ledger is not shown by that: only witnesses \
                 (--witness VKEY) or a bundle, held against a head that somebody kept, (--bundle DIR) show it",
            ),
            Self::Witnessed => f.write_str(
                "proved to be in the ledger as it was then, which the witnesses saw that you named",
            ),
            Self::Bundle(Some(Found { row, bare: true, emptied_at })) => {
                let index = row.index.unwrap_or_default();
                write!(f, "the leaf is in the ledger still, at index {index}, and was emptied since")?;
                if let Some(at) = emptied_at {
                    write!(f, " ({})", written(*at))?;
                }
                f.write_str(": that it was this the receipt shows, and the ledger itself no longer")
            }
            Self::Bundle(_) => f.write_str("proved to be in the ledger still"),
        }
    }
}
