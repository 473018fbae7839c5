//! A receipt or a promise, checked on the command line.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;

use super::print_findings::print_findings;
use super::promise::{self, Evidence};
use super::refusal::AuditRefusal;
use super::witness_arguments::{WitnessArguments, look_at_head};
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
        let key = VerifyingKey::parse(&self.key)?.first_named();
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
        let confirmed = look_at_head(witnesses.as_ref(), &head)?;
        let by_bundle = self.bundle.as_deref().map(|bundle| {
            let leaf = payload["ledger"]["leaf"].as_str().unwrap_or_default();
            let leaf = Some(leaf_hash(leaf.as_bytes()));
            hold(bundle, Known { key: Some(&key), earlier: Some(&head), leaf, ..Known::default() })
        });
        let place = by_bundle.transpose()?.map_or(Place::Alone, Place::Bundle);
        let vouched = Vouched { place, witnesses: confirmed };
        if let Compared::InPart(left) = compared {
            return Err(AuditRefusal::ComparedInPart { left, place: vouched.to_string() });
        }
        eprintln!("{}", told(&vouched));
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
    /// In the ledger of a bundle, with what that has of the entry; a part may be without it.
    Bundle(Option<Found>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone => f.write_str("under a head that this key signed"),
            Self::Bundle(Some(Found { row, bare: true, emptied_at })) => {
                let index = row.index.unwrap_or_default();
                write!(
                    f,
                    "and the leaf is in the ledger of the bundle still, at index {index}, and was emptied since"
                )?;
                if let Some(at) = emptied_at {
                    write!(f, " ({})", written(*at))?;
                }
                f.write_str(": that it was this the receipt shows, and the ledger itself no longer")
            }
            Self::Bundle(_) => f.write_str("and the ledger of the bundle still holds it"),
        }
    }
}

/// The same, and who else than the holder of the key vouches for it.
struct Vouched {
    place: Place,
    /// How many witnesses whom the auditor named signed the head of the receipt.
    witnesses: Option<usize>,
}

impl fmt::Display for Vouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; ", self.place)?;
        match self.witnesses {
            None => f.write_str("nobody else has confirmed it"),
            Some(count) => {
                write!(f, "{count} of the witnesses that you named signed its head too")
            }
        }
    }
}

/// What a sound receipt shows, and what it does not: what the key alone signed, its holder may have made up.
fn told(vouched: &Vouched) -> String {
    let everyone = match vouched.witnesses {
        None => ", nor that the publisher shows everyone the same record",
        Some(_) => "",
    };
    format!(
        "sound: signed by this key, {vouched}. It shows what the publisher recorded. It does not show that the person did \
         it{everyone}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_key_alone_signed_is_called_confirmed_by_nobody() {
        let alone = "nobody else has confirmed it";
        let everyone = "nor that the publisher shows everyone the same record";
        for place in [Place::Alone, Place::Bundle(None)] {
            let mut vouched = Vouched { place, witnesses: None };
            let said = told(&vouched);
            assert!(said.contains(alone) && said.contains(everyone), "{said}");
            vouched.witnesses = Some(1);
            let said = told(&vouched);
            assert!(!said.contains(alone) && !said.contains(everyone), "{said}");
            assert!(said.contains("It does not show that the person did it"), "{said}");
        }
    }
}
