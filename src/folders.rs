//! Folders that are still there when power was lost.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes a folder and those above it that are missing. A disk keeps a folder's name once the one above it is flushed
/// (POSIX, `fsync`).
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    std::fs::create_dir_all(folder)?;
    missing.into_iter().try_for_each(|made| flush_folder(above(made)))
}

/// Has the disk keep the names in a folder.
pub fn flush_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn above(place: &Path) -> &Path {
    place.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        for _ in 0..2 {
            make_folder(&deep).unwrap();
            assert!(deep.is_dir());
        }
        assert_eq!(above(Path::new("a")), Path::new("."));
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(make_folder(&dir.path().join("file/below")).is_err());
    }
}
