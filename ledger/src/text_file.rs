//! Texts that a command is given, in a file or by its input.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest text that is read whole, in bytes: all that a command is given is shorter.
const TEXT_MOST: u64 = 256 * 1024 * 1024;

/// A file that is no text, too long, or not for reading.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read as UTF-8 text ({why})", file.display())]
pub struct UnreadableText {
    file: PathBuf,
    why: io::Error,
}

/// The text of a file, of at most 256 MiB.
///
/// # Errors
/// An [`UnreadableText`] that names the file.
pub fn read_text(file: &Path) -> Result<String, UnreadableText> {
    let read = std::fs::File::open(file).and_then(read_whole);
    read.map_err(|why| UnreadableText { file: file.to_owned(), why })
}

/// All that there is to read, of at most 256 MiB.
///
/// # Errors
/// When it cannot be read, is longer, or is not UTF-8.
pub fn read_whole(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(TEXT_MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_MOST {
        return Err(io::Error::other("it is longer than 256 MiB"));
    }
    Ok(text)
}
