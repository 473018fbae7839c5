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
use crate::store::schema::Schema;
use crate::store::{self, Db};
use crate::templates::Templates;
use crate::tls;

/// What is said of a part that can be used.
type Part = Result<&'static str, Error>;

const OK: &str = "ok";

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
            Ok(said) => println!("{name}: {said}"),
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
    Ok(OK)
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
    let schema = db.schema().await?;
    db.close().await;
    Ok(match schema {
        Schema::Missing => {
            "ok, and nothing in it yet: `assent serve` sets it up when it first starts"
        }
        Schema::Older | Schema::Current => OK,
    })
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
    let found = match db.schema().await? {
        Schema::Current => look_at_ledger(&db, &keys).await,
        Schema::Older => Ok("not looked at: `assent serve` brings the database up to date first"),
        Schema::Missing => look_for_ledger(&db).await,
    };
    db.close().await;
    found
}

/// Whether an empty database is a new installation's: what one before it signed, or was told by people, is known
/// outside.
async fn look_for_ledger(db: &Db) -> Part {
    let outside = db.outside();
    if outside.newest_head().await?.is_none() && !outside.holds_endings().await? {
        return Ok("none yet");
    }
    Err(refuse(
        "the database holds nothing of this program, and what its ledger signed or people ended is kept outside it: \
         name the database that belongs to that in database_url, or put the newest back-up back",
    ))
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
        None => Ok(OK),
    }
}

async fn files(settings: &Settings) -> Part {
    let at = Moment::of(&crate::clock::Clock::System, &Random::System);
    Files::open(&settings.files_url)?.check(at.new_id()).await?;
    Ok(OK)
}

async fn mail(settings: &Settings) -> Part {
    transport(settings)?.check().await?;
    Ok(OK)
}
