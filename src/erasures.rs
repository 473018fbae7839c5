//! The erasures, kept outside the database under their address keys, so that a backup restored later does
//! not bring anybody back.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::address_key::AddressKey;
use crate::domain::notice::hex;
use crate::domain::timestamp::Timestamp;

/// The file of erasures: a line each with when (RFC 3339) and the address key in hex, mode 0600.
/// Who came back after that moment is not meant by it.
#[derive(Clone, Debug)]
pub struct Erasures {
    file: PathBuf,
}

impl Erasures {
    /// The file in this data directory; it is made by the first erasure.
    #[must_use]
    pub fn open(data_dir: &Path) -> Self {
        Self { file: data_dir.join("erasures.log") }
    }

    /// Notes an erasure, on disk when this returns. To be called before the database forgets: noting one
    /// that then fails does no harm, for its person asked for it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn append(&self, now: Timestamp, address_key: &AddressKey) -> std::io::Result<()> {
        let (file, line) = (self.file.clone(), format!("{now} {}\n", hex(address_key.as_bytes())));
        let written = tokio::task::spawn_blocking(move || {
            let mut out =
                std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
            out.write_all(line.as_bytes())?;
            out.sync_all()
        });
        written.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}
