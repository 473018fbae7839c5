//! `assent ledger …`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use assent_ledger::command::{AuditBundle, AuditReceipt, on_whose_word};
use assent_ledger::epoch::Epoch;
use assent_ledger::note::SigningKey;
use assent_ledger::text_file::read_text;
use assent_ledger::tree::{Hash, TreeHead, verify_consistency};
use assent_ledger::verifier_page;
use clap::Subcommand;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::actor::disclosed;
use super::outcome::{Outcome, refuse};
use super::{bundle, resume};
use crate::app::Core;
use crate::flows::consent::receipt::read_receipt;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::flows::ledger::prove_consistency::prove_consistency;
use crate::outside::Head;
use crate::random::Moments;
use crate::sealing::seal_all;
use crate::sealing::verify::verify;
use crate::store::ledger::epochs;

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
    /// Print the public key that checkpoints and receipts are signed with, its fingerprint, and the SHA-256 of the page
    /// `/ledger/verify`, which checks them: compare it with the page that you were given
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
    Audit(AuditBundle),
    /// Print the signed receipt of one event, by the `receipt_id` of an export
    Receipt {
        /// The `receipt_id`
        id: Uuid,
    },
    AuditReceipt(AuditReceipt),
}

impl LedgerCommand {
    /// Runs a command that reads nothing but the files it is given; `None` when this is none.
    pub(super) fn run_alone(&self) -> Option<Outcome> {
        match self {
            Self::Audit(command) => Some(command.run().map_err(Into::into)),
            Self::AuditReceipt(command) => Some(command.run().map_err(Into::into)),
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
                let name = core.flow_settings.ledger_keys.first().name().clone();
                let key = SigningKey::new(name, core.random.bytes());
                println!("{}", key.to_text().expose_secret());
                Ok(())
            }
            Self::Bundle { dir, only } => bundle::write(core, &dir, only.as_deref()).await,
            Self::Receipt { id } => print_receipt(core, id).await,
            // Settled by `run_alone`.
            Self::Audit(_) | Self::AuditReceipt(_) => Ok(()),
        }
    }
}

/// The key under the ledger's name, and under the one that it has since a loss; then the hash of the page that checks
/// what they sign.
async fn print_key(core: &Core) -> Outcome {
    let keys = &core.flow_settings.ledger_keys;
    let epoch = epochs::find_place(&mut core.db.read().await?).await?.epoch;
    let renamed = keys.signing_in(epoch)?;
    let since = renamed.first().filter(|_| epoch != Epoch::FIRST);
    for key in [keys.first()].into_iter().chain(since).map(SigningKey::vkey) {
        println!("{key}\nfingerprint: {}", key.fingerprint());
    }
    println!("verify.html SHA-256: {}", verifier_page::sha256());
    Ok(())
}

async fn verify_ledger(core: &Core) -> Outcome {
    let shows = std::io::stderr().is_terminal();
    let moments = Moments::new(&core.clock, &core.random);
    let verification = verify(&core.db, &core.flow_settings, moments, |done| {
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

async fn print_checkpoint(core: &Core) -> Outcome {
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    let newest = CosignedHead::find(&mut core.db.read().await?).await?;
    let newest = newest.ok_or_else(|| refuse("the ledger is empty: nothing was agreed to yet"))?;
    print!("{}", newest.note(&core.flow_settings.witnesses));
    Ok(())
}

async fn print_consistency(core: &Core, old: &str) -> Outcome {
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    let mut tx = core.db.read().await?;
    let newest = CosignedHead::find(&mut tx).await?;
    let newest = newest.ok_or_else(|| refuse("the ledger is empty: nothing was agreed to yet"))?;
    let (size, root) = if let Ok(size) = old.parse::<u64>() {
        (size, None)
    } else {
        let head = Head::parse(&read_text(Path::new(old))?, &core.flow_settings.ledger_keys);
        let head = head.ok_or_else(|| refuse(format!("{old} is no signed head of this ledger")))?;
        (head.size(), Some(head.note.checkpoint().root))
    };
    let proof = prove_consistency(&mut tx, size, &newest.head).await?;
    drop(tx);
    let proof = proof.ok_or_else(|| {
        refuse(format!("the ledger has {} entries, and that head covers {size}", newest.head.size))
    })?;
    let new: Option<Hash> = newest.head.root.as_slice().try_into().ok();
    let covered = u64::try_from(newest.head.size)?;
    if let (Some(root), Some(new)) = (root, new)
        && !verify_consistency(
            TreeHead { size, root },
            TreeHead { size: covered, root: new },
            &proof.hashes,
        )
    {
        return Err(refuse(
            "this ledger does not begin with what that head covers: it was signed over entries that were lost, \
             or are not what they were",
        ));
    }
    print!("{}", proof.text(&newest.note(&core.flow_settings.witnesses)));
    Ok(())
}

async fn print_receipt(core: &Core, id: Uuid) -> Outcome {
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
    let found = read_receipt(&mut core.db.read().await?, id).await?;
    let at = core.moment();
    let case = core.flow_settings.at(&at);
    let found = found
        .ok_or_else(|| refuse(format!("there is no receipt {id}, or its evidence was erased")))?;
    let sealed = found.issue(case, &core.links)?.sealed()?.ok_or_else(|| {
        refuse(format!("receipt {id} waits for its place in the ledger: try again in a minute"))
    })?;
    println!("{}", sealed.jws);
    disclosed(core, Disclosure::Receipt, &serde_json::json!({"receipt_id": id})).await
}
