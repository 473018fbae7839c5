//! Putting a back-up back.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::manifest::{Manifest, Part};
use super::{BackupError, DATABASE, ENDINGS, FILES, HEAD, KEY_FILES, KEYS, kind};
use crate::files::Files;
use crate::ledger::keys::LedgerKeys;
use crate::outside::{Head, Outside};
use crate::store::dump::load_postgres;

/// What is known of the time after the back-up.
#[derive(Debug, Default)]
pub struct Newer {
    /// Signed heads.
    pub heads: Vec<Head>,
    /// Endings: the name of the file, and its lines.
    pub endings: Vec<(String, String)>,
}

/// Finds a signed head of this ledger in a text: the note alone, or a mail that holds it.
#[must_use]
pub fn read_note(text: &str, keys: &LedgerKeys) -> Option<Head> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    (0..lines.len()).find_map(|from| {
        let lines = lines.get(from..)?;
        // Origin, size, root, an empty line, and signatures, which begin with a dash.
        let (text, rest) = lines.split_at_checked(4)?;
        let signatures = rest.iter().take_while(|line| line.starts_with('\u{2014}'));
        let note = text.iter().chain(signatures).flat_map(|line| [*line, "\n"]).collect::<String>();
        Head::parse(&note, keys)
    })
}

/// Puts the keys back that the data directory lacks; before the program's own are made.
///
/// # Errors
/// When one cannot be written.
fn put_keys(dir: &Path, data_dir: &Path) -> Result<(), BackupError> {
    for name in KEY_FILES {
        let (from, to) = (dir.join(KEYS).join(name), data_dir.join(name));
        if from.exists() && !to.exists() {
            std::fs::copy(&from, &to).map_err(|error| BackupError::Write(to.clone(), error))?;
        }
    }
    Ok(())
}

impl Manifest {
    /// Puts the keys back that the data directory lacks.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn put_keys(&self, dir: &Path, data_dir: &Path) -> Result<(), BackupError> {
        put_keys(dir, data_dir)
    }
}

/// Puts back the files that the store lacks, the endings that the data directory lacks, and at last the database, so
/// that one that stands there has all that belongs to it; returns the newest head that the back-up knew. The database is there whole or not at all; one that it replaces
/// is kept beside it (SQLite) or goes (PostgreSQL).
///
/// # Errors
/// When the back-up is of another kind of database, or something cannot be read or written.
pub async fn put_back(
    manifest: &Manifest,
    dir: &Path,
    (database_url, replace): (&SecretString, bool),
    (files, outside): (&Files, &Outside),
    keys: &LedgerKeys,
) -> Result<Option<Head>, BackupError> {
    let (kind, file) = kind(database_url);
    if kind != manifest.database {
        return Err(BackupError::OtherDatabase(manifest.database.clone()));
    }
    for Part { path, .. } in &manifest.parts {
        if let Some(key) = path.strip_prefix(&format!("{FILES}/")) {
            files.copy_in(key, &dir.join(path)).await?;
        }
    }
    outside.take_in(&dir.join(ENDINGS).display().to_string(), &read(&dir.join(ENDINGS))?).await?;
    let copy = dir.join(DATABASE);
    match file {
        Some(file) => put_sqlite(&copy, &file)?,
        None => load_postgres(database_url, &copy, replace).await?,
    }
    let head = dir.join(HEAD);
    Ok(if head.exists() { read_note(&read(&head)?, keys) } else { None })
}

fn read(file: &Path) -> Result<String, BackupError> {
    std::fs::read_to_string(file).map_err(|error| BackupError::Read(file.to_owned(), error))
}

/// Written beside it, then renamed; what was there is renamed too, with its log.
fn put_sqlite(copy: &Path, file: &Path) -> Result<(), BackupError> {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let wrong = |error| BackupError::Write(file.to_owned(), error);
    let new = beside(".restoring");
    std::fs::copy(copy, &new).map_err(wrong)?;
    std::fs::File::open(&new).and_then(|new| new.sync_all()).map_err(wrong)?;
    if file.exists() {
        // None that was kept before is written over.
        let mut kept = (1..).map(|number| format!(".before-{number}"));
        let kept = kept.find(|kept| !beside(kept).exists()).unwrap_or_default();
        for part in ["", "-wal", "-shm"] {
            let (old, kept) = (beside(part), beside(&format!("{kept}{part}")));
            if old.exists() {
                std::fs::rename(old, kept).map_err(wrong)?;
            }
        }
    }
    std::fs::rename(&new, file).map_err(wrong)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_database_that_is_replaced_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let [copy, file] = ["copy", "assent.db"].map(|name| dir.path().join(name));
        std::fs::write(&file, "first").unwrap();
        for text in ["second", "third"] {
            std::fs::write(&copy, text).unwrap();
            put_sqlite(&copy, &file).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let kept = ["assent.db", "assent.db.before-1", "assent.db.before-2"].map(read);
        assert_eq!(kept, ["third", "first", "second"]);
    }
}
