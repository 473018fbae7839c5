//! `assent ledger …`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::actor::disclosed;
use super::outcome::{Outcome, refuse};
use super::text_file::{read_text, read_whole};
use super::{bundle, resume};
use crate::app::Core;
use crate::flows::consent::receipt::receipt;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::flows::ledger::prove_consistency::{proof_text, prove_consistency};
use crate::ledger::audit::{AuditReport, audit};
use crate::ledger::epoch::Epoch;
use crate::ledger::note::{SignedNote, SigningKey, VerifyingKey, encode_hash};
use crate::ledger::receipt;
use crate::ledger::tree::{Hash, verify_consistency};
use crate::notary::seal_all;
use crate::notary::verify::verify;
use crate::outside::Head;
use crate::store::ledger::{checkpoints, epochs};

#[derive(Subcommand)]
pub(super) enum LedgerCommand {
    /// Check the whole ledger: bodies against leaves, leaves against every checkpoint, and what is exported
    /// against both; exports go by the verdict
    Verify,
    /// Seal what waits and print the newest signed tree head
    Checkpoint,
    /// Print the proof that the newest signed tree head holds all that an older one held (RFC 6962), as witnesses
    /// are sent it
    Consistency {
        /// The older head: a file, or how many entries it covers
        old: String,
    },
    /// Go on from this database after newer heads were lost, as when a back-up was restored: heads are signed
    /// under the ledger's name with `/r2` behind it, then `/r3`
    Resume,
    /// Print the public key that checkpoints and receipts are signed with, and its fingerprint
    Key,
    /// Make a key that could sign from now on, under the ledger's name, and print it: a secret
    NewKey,
    /// Write the ledger for outsiders, who check it with `ledger audit` and no database
    Bundle {
        /// An empty or new directory
        dir: PathBuf,
        /// Only the events of this address, each with its proof: nobody else is exposed
        #[arg(long, value_name = "EMAIL")]
        only: Option<String>,
    },
    /// Check a bundle; needs neither database nor settings
    Audit {
        /// The directory of the bundle
        dir: PathBuf,
        /// The public key known from before; without it, the bundle's own word is taken
        #[arg(long, value_name = "VKEY")]
        key: Option<String>,
        /// A checkpoint kept from before: the ledger must still hold what it held then
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the signed receipt of one event, by the `receipt_id` of an export
    Receipt {
        /// The `receipt_id`
        id: Uuid,
    },
    /// Check a signed receipt; needs neither database nor settings
    AuditReceipt {
        /// The file of the receipt; `-` reads standard input
        file: PathBuf,
        /// The public key known from before
        #[arg(long, value_name = "VKEY")]
        key: String,
        /// A later bundle of the whole ledger: it must still hold what it held when the receipt was signed
        #[arg(long, value_name = "DIR")]
        bundle: Option<PathBuf>,
    },
}

impl LedgerCommand {
    /// Runs a command that reads nothing but the files it is given; `None` when this is none.
    pub(super) fn run_alone(&self) -> Option<Outcome> {
        match self {
            Self::Audit { dir, key, checkpoint } => {
                Some(audit_bundle(dir, key.as_deref(), checkpoint.as_deref()))
            }
            Self::AuditReceipt { file, key, bundle } => {
                Some(audit_receipt(file, key, bundle.as_deref()))
            }
            _ => None,
        }
    }

    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Verify => verify_ledger(core).await,
            Self::Checkpoint => print_checkpoint(core).await,
            Self::Consistency { old } => print_consistency(core, &old).await,
            Self::Resume => resume::run(core).await,
            Self::Key => print_key(core).await,
            Self::NewKey => {
                let name = core.terms.ledger_keys.first().name().clone();
                let key = SigningKey::new(name, core.random.bytes());
                println!("{}", key.to_text().expose_secret());
                Ok(())
            }
            Self::Bundle { dir, only } => bundle::write(core, &dir, only.as_deref()).await,
            Self::Receipt { id } => print_receipt(core, id).await,
            // Settled by `run_alone`.
            Self::Audit { .. } | Self::AuditReceipt { .. } => Ok(()),
        }
    }
}

/// The key under the ledger's name, and under the one that it has since a loss.
async fn print_key(core: &Core) -> Outcome {
    let keys = &core.terms.ledger_keys;
    let epoch = epochs::find_place(&mut core.db.read().await?).await?.epoch;
    let renamed = keys.signing_in(epoch)?;
    let since = renamed.first().filter(|_| epoch != Epoch::FIRST);
    for key in [keys.first()].into_iter().chain(since).map(SigningKey::vkey) {
        println!("{key}\nfingerprint: {}", key.fingerprint());
    }
    Ok(())
}

async fn verify_ledger(core: &Core) -> Outcome {
    let shows = std::io::stderr().is_terminal();
    let verification = verify(&core.db, &core.terms, &core.clock, &core.random, |done| {
        if shows {
            eprint!("\r{done} events");
        }
    })
    .await?;
    if shows {
        eprintln!();
    }
    for finding in &verification.findings {
        println!("{finding}");
    }
    if verification.more > 0 {
        println!("and {} more", verification.more);
    }
    for warning in &verification.warnings {
        println!("warning: {warning}");
    }
    let (size, heads) = (verification.size, verification.checkpoints);
    if !verification.is_sound() {
        return Err(refuse(format!(
            "the ledger of {size} leaves is not what it was: exports stop until it is sound again"
        )));
    }
    println!("sound: {size} leaves, {} of them emptied, {heads} checkpoints", verification.erased);
    println!("{}", on_whose_word(u64::try_from(size).unwrap_or(0), verification.adopted));
    Ok(())
}

/// From where on the ledger speaks for itself.
fn on_whose_word(size: u64, adopted: u64) -> String {
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

async fn print_checkpoint(core: &Core) -> Outcome {
    seal_all(&core.db, &core.terms, &core.clock, &core.random).await?;
    let newest = checkpoints::find_kept(&mut core.db.read().await?).await?;
    let newest = newest.ok_or_else(|| refuse("the ledger is empty: nothing was agreed to yet"))?;
    print!("{}", newest.note);
    Ok(())
}

async fn print_consistency(core: &Core, old: &str) -> Outcome {
    seal_all(&core.db, &core.terms, &core.clock, &core.random).await?;
    let mut tx = core.db.read().await?;
    let newest = checkpoints::find_kept(&mut tx).await?;
    let newest = newest.ok_or_else(|| refuse("the ledger is empty: nothing was agreed to yet"))?;
    let (size, root) = if let Ok(size) = old.parse::<u64>() {
        (size, None)
    } else {
        let head = Head::parse(&read_text(Path::new(old))?, &core.terms.ledger_keys);
        let head = head.ok_or_else(|| refuse(format!("{old} is no signed head of this ledger")))?;
        (head.size(), Some(head.note.checkpoint().root))
    };
    let proof = prove_consistency(&mut tx, size, &newest).await?;
    let proof = proof.ok_or_else(|| {
        refuse(format!("the ledger has {} entries, and that head covers {size}", newest.size))
    })?;
    let new: Option<Hash> = newest.root.as_slice().try_into().ok();
    let covered = u64::try_from(newest.size)?;
    if let (Some(root), Some(new)) = (root, new)
        && !verify_consistency(size, covered, &proof, &root, &new)
    {
        return Err(refuse(
            "this ledger does not begin with what that head covers: it was signed over entries that were lost, \
             or are not what they were",
        ));
    }
    print!("{}", proof_text(size, &proof, &newest.note));
    Ok(())
}

async fn print_receipt(core: &Core, id: Uuid) -> Outcome {
    seal_all(&core.db, &core.terms, &core.clock, &core.random).await?;
    let mut tx = core.db.read().await?;
    let from = (&core.settings.controller, &core.links);
    let found = receipt(&mut tx, core.clock.now(), &core.terms, from, id).await?;
    let sealed = found.and_then(|receipt| receipt.sealed);
    let sealed = sealed
        .ok_or_else(|| refuse(format!("there is no receipt {id}, or its evidence was erased")))?;
    println!("{}", sealed.jws);
    drop(tx);
    disclosed(core, Disclosure::Receipt, &serde_json::json!({"receipt_id": id})).await
}

fn audit_bundle(dir: &Path, key: Option<&str>, checkpoint: Option<&Path>) -> Outcome {
    let key = key.map(VerifyingKey::parse).transpose()?;
    let earlier = checkpoint.map(read_text).transpose()?;
    let earlier = earlier.as_deref().map(SignedNote::parse).transpose()?;
    let report = audit(dir, key.as_ref(), earlier.as_ref())?;
    print_findings(&report);
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    if !report.is_sound() {
        return Err(refuse("the bundle does not prove what it says"));
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

fn audit_receipt(file: &Path, key: &str, bundle: Option<&Path>) -> Outcome {
    let key = VerifyingKey::parse(key)?;
    let text =
        if file == Path::new("-") { read_whole(std::io::stdin())? } else { read_text(file)? };
    let (payload, head) = receipt::verify(text.trim(), std::slice::from_ref(&key))?;
    println!("{}", serde_json::to_string_pretty(&payload)?);
    let Some(bundle) = bundle else {
        eprintln!("sound: signed by this key, and proved to be in the ledger as it was then");
        return Ok(());
    };
    let report = audit(bundle, Some(&key), Some(&head))?;
    if !report.is_sound() {
        print_findings(&report);
        return Err(refuse(
            "the receipt is signed, and the bundle does not prove that the ledger still holds it",
        ));
    }
    eprintln!("sound: signed by this key, and proved to be in the ledger still");
    Ok(())
}
