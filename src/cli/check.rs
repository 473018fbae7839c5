//! `assent check`: one line for each part, `ok` or what is wrong.

use std::path::Path;

use secrecy::ExposeSecret;

use super::{Error, Outcome, dns_records, refuse, settings};
use crate::app::{sender, transport};
use crate::config::{Keys, Settings};
use crate::domain::evidence_key::EvidenceKey;
use crate::domain::sentence::sentence;
use crate::files::Files;
use crate::flows::allow_export::ExportRefused;
use crate::flows::keep_verdict::find_verdict;
use crate::flows::standing::find_standing;
use crate::mail::compose::Sender;
use crate::outside::Outside;
use crate::random::{Moment, Random};
use crate::store::{self, Db};
use crate::templates::Templates;
use crate::tls;

type Part = Result<(), Error>;

pub(super) async fn run(config: Option<&Path>) -> Outcome {
    tls::use_ring();
    let settings = match settings(config.map(Path::to_owned)) {
        Ok(settings) => settings,
        Err(error) => {
            println!("configuration: {}", sentence(&error));
            return Err(refuse("the configuration is wrong: mend it and check again"));
        }
    };
    let parts = [
        ("configuration", configuration(&settings)),
        ("database", database(&settings).await),
        ("files", files(&settings).await),
        ("mail relay", mail(&settings).await),
    ];
    let mut wrong = Vec::new();
    let reached = parts.iter().all(|(name, part)| *name == "mail relay" || part.is_ok());
    let ledger = if reached { Some(("ledger", ledger(&settings).await)) } else { None };
    for (name, part) in parts.into_iter().chain(ledger) {
        match part {
            Ok(()) => println!("{name}: ok"),
            Err(error) => {
                println!("{name}: {}", sentence(error.as_ref()));
                wrong.push(name);
            }
        }
    }
    if let Ok(sender) = sender_of(&settings) {
        for line in dns_records::advice(&settings.mail, &sender) {
            println!("\n{line}");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(refuse(format!("not ready: {}", wrong.join(", ")))) }
}

fn configuration(settings: &Settings) -> Part {
    Templates::load(settings.templates_dir.as_deref(), &settings.timezone)?;
    sender_of(settings)?;
    Ok(())
}

fn sender_of(settings: &Settings) -> Result<Sender, Error> {
    let keys = Keys::load(settings, &Random::System)?;
    Ok(sender(settings, &keys.links)?)
}

async fn database(settings: &Settings) -> Part {
    // Whether the file store can be used is another line.
    let files = Files::open(&format!("file:{}", settings.data_dir.display()))?;
    let db = open(settings, &files).await?;
    store::ping(&mut db.write().await?).await?;
    db.close().await;
    Ok(())
}

async fn open(settings: &Settings, files: &Files) -> Result<Db, Error> {
    let keys = Keys::load(settings, &Random::System)?;
    let evidence_key = EvidenceKey::of(&keys.addresses);
    let outside = Outside::open(&settings.data_dir, files, keys.ledger, evidence_key)?;
    Ok(Db::open(settings.database_url.expose_secret(), &outside).await?)
}

/// Nothing is signed or checked before the first start has brought the database up to date.
async fn ledger(settings: &Settings) -> Part {
    let db = open(settings, &Files::open(&settings.files_url)?).await?;
    let keys = Keys::load(settings, &Random::System)?;
    let found = if db.is_current().await? { look_at_ledger(&db, &keys).await } else { Ok(()) };
    db.close().await;
    found
}

/// Whether the database stands at the newest head that is known outside it, and the last check of the ledger found
/// nothing.
async fn look_at_ledger(db: &Db, keys: &Keys) -> Part {
    let standing = find_standing(db, &keys.ledger).await?;
    if !standing.is_level() {
        return Err(refuse(standing.to_string()));
    }
    let evidence_key = EvidenceKey::of(&keys.addresses);
    let verdict = find_verdict(&mut db.read().await?, &evidence_key).await?;
    match verdict.and_then(|verdict| verdict.finding) {
        Some(finding) => Err(ExportRefused::Broken(finding).into()),
        None => Ok(()),
    }
}

async fn files(settings: &Settings) -> Part {
    let at = Moment::of(&crate::clock::Clock::System, &Random::System);
    Files::open(&settings.files_url)?.check(at.new_id()).await?;
    Ok(())
}

async fn mail(settings: &Settings) -> Part {
    transport(settings)?.check().await?;
    Ok(())
}
