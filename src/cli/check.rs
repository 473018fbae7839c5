//! `assent check`: one line for each part, `ok` or what is wrong.

use std::path::Path;

use secrecy::ExposeSecret;

use super::{Error, Outcome, dns_records, refuse, settings};
use crate::app::{sender, transport};
use crate::config::{Keys, Settings};
use crate::domain::sentence::sentence;
use crate::files::Files;
use crate::mail::compose::Sender;
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
    for (name, part) in parts {
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
    let db = Db::open(settings.database_url.expose_secret()).await?;
    store::ping(&mut db.write().await?).await?;
    db.close().await;
    Ok(())
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
