//! The file of a SQLite database.

use std::path::Path;

/// The file that a URL `sqlite:PATH` or `sqlite://PATH` names; none for any other.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Whether changes wait in a write-ahead log beside the file: somebody has it open, or was killed.
pub(super) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}
