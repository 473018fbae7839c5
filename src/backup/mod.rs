//! All that an installation needs to go on, in one directory, taken while it serves; and back. The database is of
//! one moment. What is kept outside it and the files are copied after it, so that they know at least as much.

mod manifest;
mod newer;
mod restore;
mod take;

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

pub use manifest::{BackupFile, MANIFEST, Manifest};
pub use newer::Newer;
pub use restore::{Known, Target, address_fingerprint, keys_folder, known, put_back, read_notes};
pub use take::{Sources, take};

use crate::files::FilesError;
use crate::outside::OutsideError;
use crate::store::dump::DumpError;
use crate::store::sqlite_file;

/// The database's copy.
const DATABASE: &str = "database";
/// The folder of the files.
const FILES: &str = "files";
/// The endings, a line each.
const ENDINGS: &str = "endings.log";
/// The newest head known.
const HEAD: &str = "checkpoint";
/// What tells the address key that it was written under.
const ADDRESS_KEY: &str = "address-key.fingerprint";
/// The folder of the keys.
const KEYS: &str = "keys";
/// The files that hold them in the data directory.
const KEY_FILES: [&str; 3] = ["secret.key", "address.key", "ledger.key"];

/// Files that come and go by themselves, and what is kept outside the database, which has files of its own here.
const LEFT_OUT: [&str; 3] = ["exports/", "checks/", "outside/"];

/// Whether no back-up holds the file of this key, or gives it to a file store.
fn is_left_out(key: &str) -> bool {
    // The store reads two slashes as one.
    let key = key.trim_start_matches('/');
    LEFT_OUT.iter().any(|folder| key.starts_with(folder))
}

/// Why there is no back-up, or none can be put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Somebody else's files would be mixed up with it.
    #[error("{} is not empty: name a directory that is, or a new one", .0.display())]
    NotEmpty(PathBuf),
    /// It was cut short.
    #[error("{} holds no whole back-up: its manifest is missing, which is written last", .0.display())]
    NotWhole(PathBuf),
    /// It was written by a later version.
    #[error("the back-up is of form {0}, which this version does not know")]
    Version(u32),
    /// A file is gone.
    #[error("{} is missing, which the back-up's manifest names", .0.display())]
    Missing(PathBuf),
    /// A file is not what it was.
    #[error("{} is not what it was when the back-up was taken", .0.display())]
    Changed(PathBuf),
    /// It is of the other database.
    #[error("the back-up is of {0}, and database_url names another kind")]
    OtherDatabase(String),
    /// Nothing of it could be checked.
    #[error(
        "the back-up was taken under other keys than those here: put secret.key, address.key and ledger.key of that \
         installation into the data directory, or set them as it did"
    )]
    OtherKeys,
    /// A file could not be written.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// A file could not be read.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The database could not be copied or put back.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// What is kept outside the database could not be read or written.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The file store did not answer.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// What manifests call one kind of database.
const SQLITE: &str = "sqlite";

/// The kind of database that a URL names, as manifests say it.
fn kind(url: &SecretString) -> &'static str {
    if sqlite_file(url.expose_secret()).is_some() { SQLITE } else { "postgres" }
}
