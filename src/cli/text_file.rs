//! Texts that a command is given, in a file or by its input.

use std::path::Path;

use super::outcome::{Error, refuse};

/// The longest text that is read whole, in bytes: all that a command is given is shorter.
const TEXT_MOST: u64 = 256 * 1024 * 1024;

pub(super) fn read_text(file: &Path) -> Result<String, Error> {
    let read = std::fs::File::open(file).and_then(read_whole);
    read.map_err(|error| {
        refuse(format!("{} cannot be read as UTF-8 text ({error})", file.display()))
    })
}

pub(super) fn read_whole(from: impl std::io::Read) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    from.take(TEXT_MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_MOST {
        return Err(std::io::Error::other("it is longer than 256 MiB"));
    }
    Ok(text)
}
