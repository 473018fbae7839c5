//! What says that a back-up is whole: it is written last.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;
use crate::domain::timestamp::Timestamp;

/// Its name in the directory.
pub const MANIFEST: &str = "manifest.json";
/// The form this program writes.
const VERSION: u32 = 1;
const PIECE: usize = 256 * 1024;

/// One file of a back-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its path in the directory.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Lower-case hex SHA-256.
    pub sha256: String,
}

/// A whole back-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// The moment of the database (RFC 3339).
    pub taken_at: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Every file but this one.
    pub parts: Vec<BackupFile>,
}

impl Manifest {
    pub(super) fn new(taken_at: String, database: &str, parts: Vec<BackupFile>) -> Self {
        Self { version: VERSION, taken_at, database: database.to_owned(), parts }
    }

    /// The moment of the database.
    #[must_use]
    pub fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.taken_at)
    }

    /// Writes it, on disk with the directory when this returns.
    pub(super) fn write(&self, dir: &Path) -> Result<(), BackupError> {
        let file = dir.join(MANIFEST);
        let wrong = |error| BackupError::Write(file.clone(), error);
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other);
        let mut out = std::fs::File::create_new(&file).map_err(wrong)?;
        text.and_then(|text| writeln!(out, "{text}")).map_err(wrong)?;
        out.sync_all().map_err(wrong)?;
        std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(wrong)
    }

    /// Reads it, and checks every file that it names: of the size and hash they had.
    ///
    /// # Errors
    /// When there is none, as after a back-up that was cut short, or a file is missing or changed.
    pub fn read(dir: &Path) -> Result<Self, BackupError> {
        let file = dir.join(MANIFEST);
        let text = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupError::NotWhole(dir.to_owned()));
            }
            text => text.map_err(|error| BackupError::Read(file.clone(), error))?,
        };
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| BackupError::Read(file.clone(), error.into()))?;
        if manifest.version != VERSION {
            return Err(BackupError::Version(manifest.version));
        }
        if manifest.moment().is_none() {
            return Err(BackupError::Changed(file));
        }
        for part in &manifest.parts {
            let is_inside = Path::new(&part.path)
                .components()
                .all(|component| matches!(component, std::path::Component::Normal(_)));
            let file = dir.join(&part.path);
            if !is_inside {
                return Err(BackupError::Changed(file));
            }
            if !file.exists() {
                return Err(BackupError::Missing(file));
            }
            if BackupFile::read(dir, &part.path)? != *part {
                return Err(BackupError::Changed(file));
            }
        }
        Ok(manifest)
    }
}

impl BackupFile {
    /// A file of the directory as it is.
    pub(super) fn read(dir: &Path, path: &str) -> Result<Self, BackupError> {
        let file: PathBuf = dir.join(path);
        let unreadable = |error| BackupError::Read(file.clone(), error);
        let mut open = std::fs::File::open(&file).map_err(unreadable)?;
        let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            let read = open.read(&mut piece).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
            bytes += read as u64;
        }
        Ok(Self { path: path.to_owned(), bytes, sha256: HEXLOWER.encode(&hash.finalize()) })
    }
}
