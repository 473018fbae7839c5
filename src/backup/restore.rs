//! Putting a back-up back: everything is looked at before anything is written, and the database comes last.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assent_ledger::keys::LedgerKeys;
use secrecy::{ExposeSecret, SecretString};

use super::manifest::{BackupFile, Manifest};
use super::{
    ADDRESS_KEY, BackupError, DATABASE, ENDINGS, FILES, HEAD, KEYS, SQLITE, is_left_out, kind,
};
use crate::domain::contacts::address_key::AddressSecret;
use crate::files::Files;
use crate::outside::{Ending, Head, Outside};
use crate::store::dump::{MailPause, load_postgres, pause_sqlite};
use crate::store::dump_contents::DumpContents;
use crate::store::sqlite_file;

/// What is known outside the database.
#[derive(Debug, Default)]
pub struct Known {
    /// Signed heads.
    pub heads: Vec<Head>,
    /// Endings.
    pub endings: Vec<Ending>,
}

/// Where a back-up is put.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The data directory.
    pub data_dir: &'a Path,
    /// The database.
    pub database_url: &'a SecretString,
    /// Whether one that is there is replaced.
    pub replace: bool,
    /// The file store.
    pub files: &'a Files,
    /// What is kept outside the database.
    pub outside: &'a Outside,
    /// The key files that the data directory lacks: their names, and what they hold.
    pub keys: &'a [(&'static str, SecretString)],
    /// Why its mail is kept back, and since when.
    pub pause: &'a MailPause,
}

/// Finds the signed heads of this ledger in a text, in its order: a note alone, or mails that hold them.
#[must_use]
pub fn read_notes(text: &str, keys: &LedgerKeys) -> Vec<Head> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let heads = (0..lines.len()).filter_map(|from| {
        let lines = lines.get(from..)?;
        // Origin, size, root, an empty line, and signatures, which begin with a dash.
        let (text, rest) = lines.split_at_checked(4)?;
        let signatures = rest.iter().take_while(|line| line.starts_with('\u{2014}'));
        let note = text.iter().chain(signatures).flat_map(|line| [*line, "\n"]).collect::<String>();
        Head::parse(&note, keys)
    });
    heads.collect()
}

impl Manifest {
    /// Refuses a database of the other kind.
    ///
    /// # Errors
    /// When the back-up is of one.
    pub fn demand_kind(&self, database_url: &SecretString) -> Result<(), BackupError> {
        if kind(database_url) == self.database {
            return Ok(());
        }
        Err(BackupError::OtherDatabase(self.database.clone()))
    }
}

/// Where a back-up's keys lie.
#[must_use]
pub fn keys_folder(dir: &Path) -> PathBuf {
    dir.join(KEYS)
}

/// The fingerprint of the address key that a back-up was written under; none of one by an earlier version, which did
/// not write it down.
///
/// # Errors
/// When it cannot be read.
pub fn address_fingerprint(dir: &Path) -> Result<Option<String>, BackupError> {
    let file = dir.join(ADDRESS_KEY);
    if !file.exists() {
        return Ok(None);
    }
    Ok(Some(read(&file)?.trim_end().to_owned()))
}

/// What the back-up itself knows of heads and endings, and that it is of the installation with these keys: of the
/// heads, the newest that lies beside the database, and the newest in it.
///
/// # Errors
/// [`BackupError::OtherKeys`] when it was written under others, and when a file cannot be read or holds a line by
/// another hand.
pub async fn known(
    manifest: &Manifest,
    dir: &Path,
    (keys, addresses): (&Arc<LedgerKeys>, &AddressSecret),
    outside: &Outside,
) -> Result<Known, BackupError> {
    let is_sqlite = manifest.database == SQLITE;
    let contents = DumpContents::read(&dir.join(DATABASE), is_sqlite, keys).await?;
    let fingerprints = [address_fingerprint(dir)?, contents.address_key];
    let own = addresses.fingerprint();
    let is_own = |key: &String| keys.trusted().iter().any(|trusted| trusted.to_string() == *key);
    if fingerprints.iter().flatten().any(|fingerprint| *fingerprint != own)
        || !contents.ledger_key.as_ref().is_none_or(is_own)
        || (contents.has_heads && contents.newest.is_none())
    {
        return Err(BackupError::OtherKeys);
    }
    let mut heads: Vec<Head> = contents.newest.into_iter().collect();
    let (endings, head) = (dir.join(ENDINGS), dir.join(HEAD));
    if head.exists() {
        let newest = read_notes(&read(&head)?, keys).into_iter().max_by_key(Head::rank);
        heads.push(newest.ok_or(BackupError::OtherKeys)?);
    }
    let endings = outside.parse_endings(&endings.display().to_string(), &read(&endings)?)?;
    Ok(Known { heads, endings })
}

/// Puts the keys into the data directory that it lacks, back the files that the store lacks, the endings that are not
/// known yet, and at last the database, so that one that stands there has all that belongs to it. It is there whole
/// or not at all, and its mail is kept back; one that it replaces is kept beside it (SQLite) or goes (PostgreSQL).
///
/// # Errors
/// When something cannot be read or written; the database is what it was then.
pub async fn put_back(
    manifest: &Manifest,
    dir: &Path,
    to: Target<'_>,
    endings: Vec<Ending>,
) -> Result<(), BackupError> {
    put_keys(to.keys, to.data_dir)?;
    for BackupFile { path, .. } in &manifest.parts {
        let key = path.strip_prefix(&format!("{FILES}/")).filter(|key| !is_left_out(key));
        if let Some(key) = key {
            to.files.copy_in(key, &dir.join(path)).await?;
        }
    }
    to.outside.append_new(endings).await?;
    let copy = dir.join(DATABASE);
    match sqlite_file(to.database_url.expose_secret()) {
        Some(file) => {
            let new = copy_beside(&copy, file)?;
            pause_sqlite(&new, to.pause).await?;
            put_in_place(&new, file)
        }
        None => Ok(load_postgres(to.database_url, &copy, to.replace, to.pause).await?),
    }
}

/// Puts keys where there are none, each whole or not at all.
fn put_keys(keys: &[(&'static str, SecretString)], data_dir: &Path) -> Result<(), BackupError> {
    for (name, text) in keys {
        let file = data_dir.join(name);
        if !file.exists() {
            let new = clear_beside(&file)?;
            let wrong = |error| BackupError::Write(new.clone(), error);
            let mut out = private(&new).map_err(wrong)?;
            writeln!(out, "{}", text.expose_secret().trim_end()).map_err(wrong)?;
            out.sync_all().map_err(wrong)?;
            rename(&new, &file)?;
        }
    }
    sync_folder(data_dir)
}

fn private(file: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

fn read(file: &Path) -> Result<String, BackupError> {
    std::fs::read_to_string(file).map_err(|error| BackupError::Read(file.to_owned(), error))
}

/// The name of a file with this behind it.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The name beside a file that it is written under first, and nothing there.
fn clear_beside(file: &Path) -> Result<PathBuf, BackupError> {
    let new = beside(file, ".restoring");
    // What a restore left that was cut short: a log of changes would be taken for one of the new copy.
    for left in ["", "-journal", "-wal", "-shm"] {
        match std::fs::remove_file(beside(&new, left)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(BackupError::Write(beside(&new, left), error));
            }
            _ => {}
        }
    }
    Ok(new)
}

/// Copies a file beside where it belongs, on disk when this returns.
fn copy_beside(from: &Path, to: &Path) -> Result<PathBuf, BackupError> {
    let new = clear_beside(to)?;
    let copied = std::fs::copy(from, &new).and_then(|_| std::fs::File::open(&new)?.sync_all());
    copied.map_err(|error| BackupError::Write(new.clone(), error))?;
    Ok(new)
}

/// The files of a SQLite database: itself, its log, and the index of that.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Renames the new database into its place; what is there is renamed before, with its log.
fn put_in_place(new: &Path, file: &Path) -> Result<(), BackupError> {
    let kept = |number: u32, part: &str| beside(file, &format!(".before-{number}{part}"));
    let has = |number: u32, parts: &[&str]| parts.iter().any(|part| kept(number, part).exists());
    let free = (1..u32::MAX).find(|number| !has(*number, &PARTS)).unwrap_or(u32::MAX);
    // A log without its database was left by a restore that was cut short, which moved that already.
    let begun = free - 1;
    let number = if file.exists() || begun == 0 || has(begun, &PARTS[1..]) { free } else { begun };
    for part in PARTS {
        let old = beside(file, part);
        if old.exists() {
            rename(&old, &kept(number, part))?;
        }
    }
    rename(new, file)?;
    sync_folder(file.parent().unwrap_or(Path::new(".")))
}

fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::rename(from, to).map_err(|error| BackupError::Write(to.to_owned(), error))
}

/// The names in a folder are on disk too.
fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    // `assent.db` lies in a folder without a name.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| BackupError::Write(folder.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::super::KEY_FILES;
    use super::*;

    #[test]
    fn each_head_of_a_text_is_found() {
        let keys = |origin: &str| {
            let name = KeyName::parse(origin).unwrap();
            LedgerKeys::new(SigningKey::new(name, [1; 32]), vec![], vec![])
        };
        let head = |keys: &LedgerKeys, size: u64| {
            let origin = keys.origin().to_owned();
            Checkpoint { origin, size, root: [7; 32] }.sign(keys.signing())
        };
        let (own, other) = (keys("a.example/ledger"), keys("b.example/ledger"));
        let [five, nine] = [5, 9].map(|size| head(&own, size));
        let text = format!("One:\r\n\r\n{nine}\r\nand\r\n{}\r\n{five}", head(&other, 20));
        let sizes =
            |text: &str| -> Vec<u64> { read_notes(text, &own).iter().map(Head::size).collect() };
        assert_eq!(sizes(&text), [9, 5]);
        assert_eq!(sizes(&format!("{five}{nine}")), [5, 9]);
        assert!(sizes("nothing\n").is_empty());
    }

    #[test]
    fn what_a_back_up_leaves_out_is_known_by_its_folder() {
        for key in ["outside/heads/x", "//outside/x", "exports/x.csv", "checks/x"] {
            assert!(is_left_out(key), "{key}");
        }
        for key in ["reports/outside/x", "outsides/x", "covers/x"] {
            assert!(!is_left_out(key), "{key}");
        }
    }

    fn read(dir: &Path, name: &str) -> String {
        std::fs::read_to_string(dir.join(name)).unwrap()
    }

    #[test]
    fn a_log_without_its_database_takes_no_others_place() {
        let dir = tempfile::tempdir().unwrap();
        let [copy, file] = ["copy", "assent.db"].map(|name| dir.path().join(name));
        for (name, text) in
            [("assent.db.before-1", "first"), ("assent.db-wal", "of the first"), ("copy", "new")]
        {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        put_in_place(&copy_beside(&copy, &file).unwrap(), &file).unwrap();
        assert_eq!(read(dir.path(), "assent.db.before-1-wal"), "of the first");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(beside(&file, "-wal"), "of the second").unwrap();
        put_in_place(&copy_beside(&copy, &file).unwrap(), &file).unwrap();
        assert_eq!(read(dir.path(), "assent.db.before-1-wal"), "of the first");
        assert_eq!(read(dir.path(), "assent.db.before-2-wal"), "of the second");
    }

    #[test]
    fn every_database_that_is_replaced_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let [copy, file] = ["copy", "assent.db"].map(|name| dir.path().join(name));
        std::fs::write(&file, "first").unwrap();
        for text in ["second", "third"] {
            std::fs::write(beside(&file, "-wal"), format!("before {text}")).unwrap();
            std::fs::write(&copy, text).unwrap();
            put_in_place(&copy_beside(&copy, &file).unwrap(), &file).unwrap();
        }
        let kept = ["assent.db", "assent.db.before-1", "assent.db.before-2"];
        assert_eq!(kept.map(|name| read(dir.path(), name)), ["third", "first", "second"]);
        let logs = ["assent.db.before-1-wal", "assent.db.before-2-wal"];
        assert_eq!(logs.map(|name| read(dir.path(), name)), ["before second", "before third"]);
        assert!(!beside(&file, "-wal").exists());
    }

    #[test]
    fn a_restore_that_was_cut_short_is_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let [copy, file] = ["copy", "assent.db"].map(|name| dir.path().join(name));
        std::fs::write(&copy, "new").unwrap();
        // It had moved the old database, and not its log; and it had begun to write.
        for (name, text) in [
            ("assent.db.before-1", "older"),
            ("assent.db.before-2", "old"),
            ("assent.db-wal", "its log"),
            ("assent.db.restoring", "ne"),
            ("assent.db.restoring-journal", "of another copy"),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        put_in_place(&copy_beside(&copy, &file).unwrap(), &file).unwrap();
        assert_eq!(read(dir.path(), "assent.db"), "new");
        assert_eq!(read(dir.path(), "assent.db.before-2-wal"), "its log");
        assert!(
            ["-wal", ".restoring", ".restoring-journal"].iter().all(|e| !beside(&file, e).exists())
        );
    }

    #[test]
    fn keys_that_are_there_stay() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("address.key"), "its own").unwrap();
        std::fs::write(data.path().join("ledger.key.restoring"), "cut short").unwrap();
        let keys = KEY_FILES.map(|name| (name, SecretString::from("another\n")));
        put_keys(&keys, data.path()).unwrap();
        let kept = KEY_FILES.map(|name| read(data.path(), name));
        assert_eq!(kept, ["another\n", "its own", "another\n"]);
        let mode = std::fs::metadata(data.path().join("ledger.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 3);
    }
}
