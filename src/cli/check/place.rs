//! Whether a directory can be used, or made, and a file be written.

use std::io::{Error, ErrorKind};
use std::path::Path;

use rustix::fs::{Access, access};

use super::report::{OK, Part};
use crate::cli::outcome::refuse;

/// Whether files can be written into a directory that is there, or it can be made in the next one above it that is.
/// Nothing is written to find out.
pub(super) fn usable(directory: &Path) -> Part {
    let mut there = directory;
    let found = loop {
        // A relative path begins in the current directory.
        let looked_at = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        match std::fs::metadata(looked_at) {
            // Where a link stands that leads nowhere, nothing can be made.
            Err(error) if error.kind() == ErrorKind::NotFound && !looked_at.is_symlink() => {
                match there.parent() {
                    Some(parent) => there = parent,
                    None => break Err(error),
                }
            }
            Ok(found) if !found.is_dir() => break Err(ErrorKind::NotADirectory.into()),
            found => break found.map(|_| looked_at),
        }
    };
    let usable = found
        .and_then(|there| access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(Error::from));
    match usable {
        Ok(()) if there == directory => Ok(OK),
        Ok(()) => Ok(format!("ok; {} is made when it is needed", directory.display()).into()),
        Err(error) => Err(refuse(format!(
            "{} cannot be used ({error}): let the user that assent runs as write there, or name another place",
            directory.display()
        ))),
    }
}

/// Whether a file can be written, if it is there.
pub(super) fn writable(file: &Path) -> Part {
    if !file.exists() {
        return Ok(OK);
    }
    match access(file, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => Ok(OK),
        Err(error) => Err(refuse(format!(
            "{} cannot be written ({}): let the user that assent runs as own it",
            file.display(),
            Error::from(error)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_place_that_can_be_made_is_usable_and_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(usable(dir.path()).unwrap(), "ok");
        let later = dir.path().join("a/b/c");
        assert!(usable(&later).unwrap().starts_with("ok; "));
        assert!(!dir.path().join("a").exists());
        assert!(usable(Path::new("no-such-directory-here")).is_ok());
        std::fs::write(dir.path().join("file"), "").unwrap();
        for wrong in ["file", "file/below"] {
            assert!(usable(&dir.path().join(wrong)).is_err(), "{wrong}");
        }
        symlink(dir.path(), dir.path().join("link")).unwrap();
        assert_eq!(usable(&dir.path().join("link")).unwrap(), "ok");
        symlink(dir.path().join("gone"), dir.path().join("lost")).unwrap();
        for wrong in ["lost", "lost/below"] {
            assert!(usable(&dir.path().join(wrong)).is_err(), "{wrong}");
        }
        assert!(
            usable(Path::new("/proc/none/files")).is_err() || rustix::process::getuid().is_root()
        );
    }

    #[test]
    fn a_file_that_is_not_ours_to_write_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(writable(file.path()).unwrap(), "ok");
        std::fs::set_permissions(file.path(), Permissions::from_mode(0o444)).unwrap();
        assert!(writable(file.path()).is_err() || rustix::process::getuid().is_root());
    }
}
