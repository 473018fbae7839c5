//! What the database holds, and what is kept outside it.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::place;
use super::report::{OK, Part, Report, in_time};
use crate::app::demand_own_keys;
use crate::cli::opening::clock;
use crate::cli::outcome::{Error, refuse};
use crate::clock::Clock;
use crate::config::{Keys, Settings};
use crate::domain::alarm::MAIL_PAUSED;
use crate::domain::catalog::notice::LANG;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::timestamp::Timestamp;
use crate::files::Files;
use crate::flows::contacts::allow_export::ExportRefused;
use crate::flows::ledger::compare_heads::compare_heads;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::flows::ledger::recognise_files::demand_known_files;
use crate::flows::ledger::replay_endings::count_unknown;
use crate::outside::Outside;
use crate::random::{Moment, Random};
use crate::store::alarms;
use crate::store::database_clock::find_behind;
use crate::store::ledger::checkpoints;
use crate::store::policy::versions;
use crate::store::schema::Schema;
use crate::store::staff::members;
use crate::store::{self, Db, sqlite_file};
use crate::worker::tasks::watch_clock::far_off;

/// Tells of the database, and of what is in it as far as that can be known: whether the ledger stands where it should
/// is known where the file store is reached. Gives the note of the newest head, where there is one.
pub(super) async fn look(
    report: &mut Report,
    settings: &Settings,
    keys: &Keys,
    files: bool,
) -> Option<String> {
    if let Some(file) = sqlite_file(settings.database_url.expose_secret()) {
        // Its log lies beside it.
        let usable = place::usable(file.parent().unwrap_or(file));
        if !file.exists() {
            if report.tell("database", usable.map(|_| NOTHING.into())) && files {
                report.tell("ledger", in_time(ledger_without_database(settings, keys)).await);
            }
            return None;
        }
        if let Err(error) = usable.and_then(|_| place::writable(file)) {
            report.tell("database", Err(error));
            return None;
        }
    }
    // Whether the file store can be used is another line.
    let db = match open(settings, keys, files).await {
        Ok(db) => db,
        Err(error) => {
            report.tell("database", Err(error));
            return None;
        }
    };
    let files = files.then(|| Files::look(&settings.files_url).ok()).flatten();
    let newest = look_into(report, (&db, &clock(settings)), keys, files.as_ref()).await;
    // A query that waits for somebody's lock would hold its connection, and with it the end.
    let _closed = tokio::time::timeout(CLOSE, db.close()).await;
    newest
}

/// How long closing may take.
const CLOSE: Duration = Duration::from_secs(2);

const NOTHING: &str = "ok, and nothing in it yet: `assent serve` sets it up when it first starts";

async fn look_into(
    report: &mut Report,
    (db, clock): (&Db, &Clock),
    keys: &Keys,
    files: Option<&Files>,
) -> Option<String> {
    let looked = async {
        let schema = db.schema().await?;
        let said = database(schema)?;
        demand_use(db, schema, keys).await?;
        Ok((schema, said))
    };
    let schema = match in_time(looked).await {
        Ok((schema, said)) => {
            report.tell("database", Ok(said));
            if let Err(error) = in_time(clocks_agree(db, clock)).await {
                report.tell("clock", Err(error));
            }
            schema
        }
        Err(error) => {
            report.tell("database", Err(error));
            return None;
        }
    };
    match schema {
        Schema::Missing => {
            if files.is_some() {
                report.tell("ledger", in_time(look_for_ledger(db.outside())).await);
            }
            None
        }
        // Told above.
        Schema::Older(_) | Schema::Newer(_) | Schema::Foreign(_) | Schema::Occupied => None,
        Schema::Current => {
            if let Some(files) = files {
                if let Err(error) = in_time(own_files(db, files)).await {
                    report.tell("file store", Err(error));
                }
                report.tell("ledger", in_time(ledger(db, keys)).await);
                report.tell("endings", in_time(endings(db)).await);
            }
            if let Err(error) = in_time(mail_leaves(db)).await {
                report.tell("mail", Err(error));
            }
            report.tell("policy", in_time(policy(db)).await);
            report.tell("staff", in_time(accounts(db)).await);
            // What is wrong with the database was told.
            in_time(newest(db)).await.ok().flatten()
        }
    }
}

async fn clocks_agree(db: &Db, clock: &Clock) -> Result<(), Error> {
    match find_behind(db, clock).await?.and_then(far_off) {
        Some(words) => Err(refuse(words)),
        None => Ok(()),
    }
}

/// Machines that share a database share its files.
async fn own_files(db: &Db, files: &Files) -> Result<(), Error> {
    Ok(demand_known_files(db, files).await.map(drop)?)
}

/// After a restore nothing is sent until somebody says so.
async fn mail_leaves(db: &Db) -> Result<(), Error> {
    let Some(pause) = alarms::find(&mut db.read().await?, MAIL_PAUSED).await? else {
        return Ok(());
    };
    Err(refuse(format!("none leaves: {}; `assent mail resume` lets it go", pause.detail)))
}

async fn newest(db: &Db) -> Result<Option<String>, Error> {
    let newest = checkpoints::find_kept(&mut db.read().await?).await?;
    Ok(newest.map(|head| head.note))
}

fn outside(settings: &Settings, keys: &Keys, files: bool) -> Result<Outside, Error> {
    let url = if files {
        settings.files_url.clone()
    } else {
        format!("file:{}", settings.data_dir.display())
    };
    let evidence_key = EvidenceKey::from_secret(&keys.addresses);
    let files = Files::look(&url)?;
    Ok(Outside::look(&settings.data_dir, &files, keys.ledger.clone(), evidence_key)?)
}

async fn open(settings: &Settings, keys: &Keys, files: bool) -> Result<Db, Error> {
    let outside = outside(settings, keys, files)?;
    let db =
        Db::open(settings.database_url.expose_secret(), &outside, settings.database_connections)
            .await?;
    store::ping(&mut db.read().await?).await?;
    Ok(db)
}

fn database(schema: Schema) -> Part {
    match schema.usable()? {
        Schema::Missing => Ok(NOTHING.into()),
        Schema::Older(waiting) => Err(refuse(format!(
            "it is an earlier version's (changes that wait: {waiting}): take a back-up, then `assent migrate` makes them, \
             or `assent serve` when it starts"
        ))),
        _ => Ok(OK),
    }
}

/// What serving begins with: it makes tables where they are missing, and writes into those that are there, under the keys
/// that they were written under.
async fn demand_use(db: &Db, schema: Schema, keys: &Keys) -> Result<(), Error> {
    if schema == Schema::Current {
        demand_own_keys(db, keys).await?;
    }
    let rights = db.rights().await?;
    if rights.is_standby {
        return Err(refuse(
            "it is a standby, which takes nothing: name the primary in database_url",
        ));
    }
    if !rights.makes_tables && schema == Schema::Missing {
        return Err(refuse("its user may not make tables there: GRANT CREATE ON SCHEMA to them"));
    }
    if !rights.writes {
        return Err(refuse("its user may not write into its tables: let them own these"));
    }
    Ok(())
}

async fn ledger_without_database(settings: &Settings, keys: &Keys) -> Part {
    look_for_ledger(&outside(settings, keys, true)?).await
}

/// Whether an empty database is a new installation's: what one before it signed, or was told by people, is known
/// outside.
async fn look_for_ledger(outside: &Outside) -> Part {
    if outside.newest_head().await?.is_none() && !outside.holds_endings().await? {
        return Ok("none yet".into());
    }
    Err(refuse(
        "the database holds nothing of this program, and what its ledger signed or people ended is kept outside it: \
         name the database that belongs to that in database_url, or put the newest back-up back",
    ))
}

/// Whether the database stands at the newest head that is known outside it, and the last check of the ledger found
/// nothing.
async fn ledger(db: &Db, keys: &Keys) -> Part {
    let standing = compare_heads(db, &keys.ledger).await?;
    if !standing.is_level() {
        return Err(refuse(standing.to_string()));
    }
    let evidence_key = EvidenceKey::from_secret(&keys.addresses);
    let verdict = find_verdict(&mut db.read().await?, &evidence_key).await?;
    match verdict.and_then(|verdict| verdict.finding) {
        Some(finding) => Err(ExportRefused::Broken(finding).into()),
        None => Ok(OK),
    }
}

/// Whether the database knows what people ended.
async fn endings(db: &Db) -> Part {
    match count_unknown(db, now()).await? {
        0 => Ok(OK),
        people => Err(refuse(format!(
            "people who left or were erased, unknown to the database: {people}; `assent serve` ends that again when it \
             starts, and `assent ledger verify` says what it can't"
        ))),
    }
}

async fn policy(db: &Db) -> Part {
    if versions::list(&mut db.read().await?, LANG).await?.is_empty() {
        return Err(refuse(
            "none is published, and no form can be: `assent policy publish FILE.md --version LABEL`, or the console, \
             publishes one",
        ));
    }
    Ok(OK)
}

async fn accounts(db: &Db) -> Part {
    if members::any(&mut db.read().await?).await? {
        return Ok(OK);
    }
    Err(refuse(
        "nobody has an account, and so nobody can sign in: `assent staff add EMAIL --role admin` makes one, and so does \
         the link that `assent serve` shows",
    ))
}

fn now() -> Timestamp {
    Moment::new(&Clock::System, &Random::System).now
}
