//! A mailbox on disk: one `.eml` file for each message, for demos, development and tests.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::folders::{flush_folder, make_folder};

/// A directory of messages.
#[derive(Clone, Debug)]
pub struct Mailbox {
    directory: PathBuf,
}

impl Mailbox {
    /// The mailbox in this directory, made when missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        make_folder(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Stores a message under a name of its own, whole or not at all. The same name again replaces it,
    /// so a second try is still one message.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn store(&self, name: &str, message: &[u8]) -> std::io::Result<()> {
        let temporary = self.directory.join(format!(".{name}.tmp"));
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(message)?;
        file.sync_all()?;
        std::fs::rename(&temporary, self.directory.join(format!("{name}.eml")))?;
        flush_folder(&self.directory)
    }

    /// The names of all messages, oldest first: names are UUIDv7, which sort by time.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn names(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".eml")) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// One message.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn read(&self, name: uuid::Uuid) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.directory.join(format!("{name}.eml")))
    }
}
