//! `assent ledger bundle`: the ledger as files that an outsider checks without asking us.

use std::io::{BufWriter, Write};
use std::path::Path;

use assent_ledger::bundle::{
    CHECKPOINT, DOCUMENTS, EVENTS, EXTENT, KEYS, NewLine, TIMESTAMPS, context_file, form_files,
    keys_json, notice_file, policy_file, stamp_files,
};
use assent_ledger::cosignature::WitnessKey;
use assent_ledger::digest::sha256_hex;
use assent_ledger::extent::Extent;
use assent_ledger::named_files::NamedFiles;
use data_encoding::HEXLOWER;
use serde_json::json;

use super::actor::disclosed;
use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::catalog::notice::LANG;
use crate::domain::contacts::email_address::EmailAddress;
use crate::flows::consent::receipt::prove;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::flows::ledger::own_note::own_note;
use crate::flows::ledger::stamped_heads::{Stamped, list_stamped};
use crate::flows::ledger::trusted_keys::find_trusted;
use crate::sealing::seal_all;
use crate::store::Tx;
use crate::store::catalog::notices;
use crate::store::consent::{blank_forms, contexts, events};
use crate::store::ledger::{records, verifications};
use crate::store::policy::versions;

/// How many events are read at once.
const AT_ONCE: i64 = 2048;

/// How often a moment is looked for at which nobody is just being erased.
const TRIES: usize = 20;

/// Seals what waits and writes the bundle; with an address, only its events, each with its proof.
pub(super) async fn write(core: &Core, dir: &Path, only: Option<&str>) -> Outcome {
    let whole = only.is_none();
    let only = only.map(EmailAddress::parse).transpose()?;
    let (mut tx, newest) = sealed_moment(core).await?;
    let failed = |error: std::io::Error| unwritten(dir, &error);
    // Looked up first: nothing is left behind when nothing is found. One person's events are few.
    let person = match &only {
        Some(email) => Some(one_person(core, &mut tx, email, newest.head.size).await?),
        None => None,
    };
    prepare(dir)?;
    let events = std::fs::File::create(dir.join(EVENTS)).map_err(failed)?;
    let mut events = BufWriter::new(events);
    let mut named = NamedFiles::default();
    let count = match person {
        None => everybody(&mut tx, newest.head.size, &mut events, &mut named).await?,
        Some(Person { count, lines, named: theirs }) => {
            named = theirs;
            events.write_all(lines.as_bytes()).map_err(failed)?;
            let note = own_note(&newest.head)?;
            let extent = Extent::new(count as u64, sha256_hex(lines.as_bytes()), note.checkpoint());
            let signed = extent.sign(core.flow_settings.ledger_keys.first());
            std::fs::write(dir.join(EXTENT), signed).map_err(failed)?;
            count
        }
    };
    events.flush().map_err(failed)?;
    let keys = find_trusted(&mut tx, &core.flow_settings.ledger_keys).await?;
    std::fs::write(dir.join(KEYS), keys_json(&keys)).map_err(failed)?;
    write_documents(&mut tx, &mut named, dir).await?;
    // Where events are left out, nothing leads from an older head to this one.
    let from = if whole { 0 } else { newest.head.size };
    let key = &core.flow_settings.evidence_key;
    let stamped = list_stamped(&mut tx, key, from..=newest.head.size).await?;
    drop(tx);
    let note = newest.note(&core.flow_settings.witnesses);
    std::fs::write(dir.join(CHECKPOINT), note).map_err(failed)?;
    write_timestamps(&stamped, &core.flow_settings.witnesses, dir).map_err(failed)?;
    disclosed(core, Disclosure::LedgerBundle, &json!({"events": count, "whole": whole})).await?;
    eprintln!("{count} events; check them with `assent ledger audit {}`", dir.display());
    Ok(())
}

/// A moment of the ledger, with its newest head, at which all that says what was emptied has its place: whoever is
/// erased meanwhile must not stand bare in a bundle that does not say why.
async fn sealed_moment(core: &Core) -> Result<(Tx, CosignedHead), Error> {
    for _ in 0..TRIES {
        seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await?;
        let mut tx = core.db.read().await?;
        let newest = CosignedHead::find(&mut tx).await?;
        let newest =
            newest.ok_or_else(|| refuse("the ledger is empty: nothing was agreed to yet"))?;
        if !verifications::is_told_since(&mut tx, newest.head.size).await? {
            return Ok((tx, newest));
        }
    }
    Err(refuse(
        "people are being erased all the time, or rows are not ours: `assent ledger verify` names those",
    ))
}

/// An empty directory with its folders: nothing of an older bundle may mix with a new one.
fn prepare(dir: &Path) -> Outcome {
    let failed = |error| refuse(format!("{} cannot be used ({error})", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    if std::fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(refuse(format!("{} is not empty: name a new directory", dir.display())));
    }
    for folder in DOCUMENTS {
        std::fs::create_dir(dir.join(folder)).map_err(failed)?;
    }
    Ok(())
}

/// Only what events lead to: nothing vouches for anything else, and of one person's part it would be others'.
async fn write_documents(tx: &mut Tx, named: &mut NamedFiles, dir: &Path) -> Outcome {
    let contexts = contexts::list(tx).await?.into_iter();
    let contexts: Vec<_> = contexts
        .map(|context| (context_file(&HEXLOWER.encode(&context.sha256)), context.body))
        .collect();
    // They lead to the others.
    for (file, body) in &contexts {
        if named.contains(file) {
            named.add_context(body);
        }
    }
    write_named(contexts, named, dir)?;
    let notices = notices::list(tx).await?.into_iter();
    write_named(notices.map(|notice| (notice_file(&notice.sha256), notice.words)), named, dir)?;
    let policies = versions::list(tx, LANG).await?.into_iter();
    let policies = policies.map(|policy| (policy_file(policy.label.as_str()), policy.body));
    write_named(policies, named, dir)?;
    // One by one: they are the longest.
    for sha256 in blank_forms::list_hashes(tx).await? {
        let file = form_files(&sha256).into_iter().find(|file| named.contains(file));
        if let Some(file) = file
            && let Some(form) = blank_forms::find(tx, &sha256).await?
        {
            write_named([(file, form)], named, dir)?;
        }
    }
    Ok(())
}

/// Of these documents, each with its file, those that are named.
fn write_named(
    documents: impl IntoIterator<Item = (String, String)>,
    named: &NamedFiles,
    dir: &Path,
) -> Outcome {
    for (file, text) in documents.into_iter().filter(|(file, _)| named.contains(file)) {
        std::fs::write(dir.join(file), text).map_err(|error| unwritten(dir, &error))?;
    }
    Ok(())
}

fn unwritten(dir: &Path, error: &std::io::Error) -> Error {
    refuse(format!("the bundle cannot be written to {} ({error})", dir.display()))
}

/// What a time-stamping authority said of heads, each beside its head: files by the day.
fn write_timestamps(
    stamped: &[Stamped],
    witnesses: &[WitnessKey],
    dir: &Path,
) -> std::io::Result<()> {
    if !stamped.is_empty() {
        std::fs::create_dir(dir.join(TIMESTAMPS))?;
    }
    for head in stamped {
        let (response, note) = stamp_files(&head.day().to_string());
        std::fs::write(dir.join(response), head.response())?;
        std::fs::write(dir.join(note), head.note(witnesses))?;
    }
    Ok(())
}

async fn everybody(
    tx: &mut Tx,
    size: i64,
    out: &mut impl Write,
    named: &mut NamedFiles,
) -> Result<usize, Error> {
    let mut count = 0;
    for from in (0..).map(|n| n * AT_ONCE).take_while(|from| *from < size) {
        let to = size.min(from + AT_ONCE);
        let rows = verifications::list_sealed(tx, from, to).await?;
        let records = records::list_sealed(tx, from, to).await?;
        let (rows, unreadable) = rows.read();
        if !unreadable.is_empty() {
            return Err(refuse("the ledger was changed: `assent ledger verify` names the row"));
        }
        let index = |place: Option<i64>| place.and_then(|place| u64::try_from(place).ok());
        let mut lines = Vec::with_capacity(rows.len() + records.len());
        for row in &rows {
            let index = index(row.leaf_index).unwrap_or(0);
            let salt: Option<[u8; 32]> = row.salt.and_then(verifications::Hex::bytes);
            let salt = salt.as_ref().map(|salt| &salt[..]);
            if let Some(body) = row.body {
                named.add_body(body);
            }
            let line = NewLine { index, leaf: row.leaf, salt, body: row.body, proof: None };
            lines.push((index, line.text()));
        }
        for record in &records {
            let (index, salt) = (index(record.leaf_index).unwrap_or(0), Some(&record.salt[..]));
            let (leaf, body) = (&record.leaf, Some(record.body.as_str()));
            lines.push((index, NewLine { index, leaf, salt, body, proof: None }.text()));
        }
        lines.sort_by_key(|(index, _)| *index);
        for (_, line) in &lines {
            out.write_all(line.as_bytes())?;
        }
        count += lines.len();
    }
    Ok(count)
}

struct Person {
    count: usize,
    lines: String,
    /// The files that their events lead to.
    named: NamedFiles,
}

async fn one_person(
    core: &Core,
    tx: &mut Tx,
    email: &EmailAddress,
    size: i64,
) -> Result<Person, Error> {
    let key = core.flow_settings.address_secret.key(email);
    let events = events::list_sealed_of(tx, &key).await?;
    if events.is_empty() {
        return Err(refuse("nothing is recorded of this address"));
    }
    let (mut lines, mut named) = (String::new(), NamedFiles::default());
    for event in &events {
        let proved = prove(tx, event, size).await?;
        let (index, proof) =
            proved.ok_or_else(|| refuse("the newest checkpoint does not cover these events"))?;
        if let Some(body) = event.body.as_deref() {
            named.add_body(body);
        }
        let line = NewLine {
            index,
            leaf: &event.leaf,
            salt: event.salt.as_deref(),
            body: event.body.as_deref(),
            proof: Some(&proof),
        };
        lines.push_str(&line.text());
    }
    Ok(Person { count: events.len(), lines, named })
}
