//! Taking a back-up.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use secrecy::SecretString;

use super::manifest::{BackupFile, Manifest};
use super::{
    ADDRESS_KEY, BackupError, DATABASE, ENDINGS, FILES, HEAD, KEY_FILES, KEYS, is_left_out, kind,
};
use crate::domain::contacts::address_key::AddressSecret;
use crate::domain::timestamp::Timestamp;
use crate::files::Files;
use crate::store::Db;

/// What is backed up.
pub struct Sources<'a> {
    /// The database.
    pub db: &'a Db,
    /// Where it is.
    pub database_url: &'a SecretString,
    /// The file store.
    pub files: &'a Files,
    /// The data directory.
    pub data_dir: &'a Path,
    /// What its addresses are recognised by.
    pub addresses: &'a AddressSecret,
    /// Whether the keys come along.
    pub with_keys: bool,
}

/// Takes a back-up into an empty or new directory; `told` hears what is copied. It is whole once the manifest is
/// there, which this returns.
///
/// # Errors
/// When the directory is not empty, or something cannot be read or written; what was written stays, without a
/// manifest.
pub async fn take(
    from: &Sources<'_>,
    dir: &Path,
    now: Timestamp,
    mut told: impl FnMut(&str),
) -> Result<Manifest, BackupError> {
    make_private(dir)?;
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(dir.to_owned()));
    }
    let mut parts = vec![];
    told("the database");
    from.db.dump(from.database_url, &dir.join(DATABASE)).await?;
    parts.push(DATABASE.to_owned());
    let mut keys = from.files.keys().await?;
    keys.retain(|key| !is_left_out(key));
    keys.sort_unstable();
    for (at, key) in keys.iter().enumerate() {
        told(&format!("file {} of {}", at + 1, keys.len()));
        let path = format!("{FILES}/{key}");
        let file = dir.join(&path);
        if let Some(folder) = file.parent() {
            make_private(folder)?;
        }
        // What was deleted since it was listed is not needed any more: the manifest names what is here.
        if from.files.copy_out(key, &file).await? {
            parts.push(path);
        }
    }
    told("what is kept outside the database");
    from.db.outside().exchange().await?;
    write(dir, ENDINGS, &from.db.outside().endings_text().await?)?;
    parts.push(ENDINGS.to_owned());
    if let Some(head) = from.db.outside().newest_head().await? {
        write(dir, HEAD, head.note.as_str())?;
        parts.push(HEAD.to_owned());
    }
    write(dir, ADDRESS_KEY, &format!("{}\n", from.addresses.fingerprint()))?;
    parts.push(ADDRESS_KEY.to_owned());
    if from.with_keys {
        make_private(&dir.join(KEYS))?;
        for name in KEY_FILES {
            let key = from.data_dir.join(name);
            if !key.exists() {
                told(&format!(
                    "{name} is given by the settings and not kept here: keep it yourself"
                ));
                continue;
            }
            let text = std::fs::read_to_string(&key);
            let text = text.map_err(|error| BackupError::Read(key.clone(), error))?;
            let path = format!("{KEYS}/{name}");
            write(dir, &path, &text)?;
            parts.push(path);
        }
    }
    sync_folders(dir)?;
    let parts = parts.iter().map(|path| BackupFile::read(dir, path));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let manifest = Manifest::new(now.to_string(), kind(from.database_url), parts);
    manifest.write(dir)?;
    Ok(manifest)
}

/// Makes a directory that nobody else may read, if it is not there.
fn make_private(dir: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| BackupError::Write(dir.to_owned(), error))
}

fn write(dir: &Path, path: &str, text: &str) -> Result<(), BackupError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = dir.join(path);
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    let written = options.and_then(|mut out| {
        out.write_all(text.as_bytes())?;
        out.sync_all()
    });
    written.map_err(|error| BackupError::Write(file, error))
}

/// The names of what was written are on disk too.
fn sync_folders(dir: &Path) -> Result<(), BackupError> {
    let wrong = |error| BackupError::Write(dir.to_owned(), error);
    for entry in std::fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(wrong)
}
