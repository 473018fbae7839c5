//! A file of contacts, row by row: CSV as RFC 4180 has it, with lines ended by LF or CRLF.

use std::fs::File;
use std::io::{self, Read};
use std::str;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use sha2::{Digest, Sha256};

use super::super::{Error, refuse};
use crate::domain::imported_contact::ContactCells;

/// The columns there are.
const COLUMNS: [&str; 6] = ["email", "name", "organisation", "job_title", "consented_at", "method"];
const REQUIRED: [&str; 3] = ["email", "consented_at", "method"];

/// The longest row, in bytes: six cells of one line each are far below.
const LONGEST_ROW: usize = 64 * 1024;
/// What may be read ahead of a row.
const BUFFER: usize = 8 * 1024;

/// An open file, its header read.
pub(super) struct ContactFile {
    rows: Reader<Source>,
    record: ByteRecord,
    /// How many cells a row must have.
    width: usize,
    /// Where each of [`COLUMNS`] stands in a row.
    places: [Option<usize>; 6],
}

/// A row, or why it is none, with the line it begins on.
pub(super) type NumberedRow<'a> = (u64, Result<ContactCells<'a>, String>);

impl ContactFile {
    /// Reads the header from where the file stands.
    pub(super) fn begin(file: File) -> Result<Self, Error> {
        let source = Source { file, hash: Sha256::new(), last: b'\n', left: 0 };
        let rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            // With CRLF the reader's count of lines is one behind at the end of a row; with LF alone it
            // holds, and a CR before it is trimmed with the cell it stands in.
            .terminator(Terminator::Any(b'\n'))
            .from_reader(source);
        let record = ByteRecord::new();
        let mut file = Self { rows, record, width: 0, places: [None; 6] };
        if file.advance()?.is_none() {
            return Err(refuse(format!("the file is empty: {}", header_words())));
        }
        file.width = file.record.len();
        for (place, name) in file.record.iter().enumerate() {
            let column = column(name)?;
            if file.places[column].replace(place).is_some() {
                let name = COLUMNS[column];
                return Err(refuse(format!("the header names `{name}` twice: keep one of them")));
            }
        }
        let missing = |name: &&&str| {
            COLUMNS.iter().zip(&file.places).any(|(known, place)| known == *name && place.is_none())
        };
        match REQUIRED.iter().find(missing) {
            Some(name) => Err(refuse(format!("the header lacks `{name}`: {}", header_words()))),
            None => Ok(file),
        }
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<NumberedRow<'_>>, Error> {
        let Some(line) = self.advance()? else {
            return Ok(None);
        };
        Ok(Some((line, self.cells())))
    }

    /// The file and the SHA-256 of what was read of it.
    pub(super) fn finish(self) -> (File, [u8; 32]) {
        let source = self.rows.into_inner();
        (source.file, source.hash.finalize().into())
    }

    /// Reads on to the next row that is not blank; says on which line it begins.
    fn advance(&mut self) -> Result<Option<u64>, Error> {
        loop {
            self.rows.get_mut().left = LONGEST_ROW + BUFFER;
            let from = self.rows.position().line();
            let row = self.rows.read_byte_record(&mut self.record);
            let next = self.rows.position().line();
            match row {
                Ok(false) => return Ok(None),
                Ok(true) => {}
                // Blank lines before it count as its own, for it was not read to its end.
                Err(_) if self.rows.get_ref().left == 0 => return Err(too_long(from)),
                Err(error) => return Err(Box::new(error)),
            }
            // Each row ends in a line end, and only quoted cells hold more of them.
            let lines = self.record.as_slice().split(|byte| *byte == b'\n').count();
            let line = next.saturating_sub(u64::try_from(lines).unwrap_or(u64::MAX));
            if self.record.as_slice().len() > LONGEST_ROW {
                return Err(too_long(line));
            }
            let is_blank = self.record.len() == 1 && self.record[0].trim_ascii().is_empty();
            if !is_blank {
                return Ok(Some(line));
            }
        }
    }

    fn cells(&self) -> Result<ContactCells<'_>, String> {
        if self.record.len() != self.width {
            return Err(format!(
                "has {} cells where the header has {}",
                self.record.len(),
                self.width
            ));
        }
        let cell = |column: usize| match self.places[column] {
            Some(place) => str::from_utf8(&self.record[place])
                .map_err(|_| format!("`{}` is not UTF-8", COLUMNS[column])),
            None => Ok(""),
        };
        Ok(ContactCells {
            email: cell(0)?,
            name: cell(1)?,
            organisation: cell(2)?,
            job_title: cell(3)?,
            consented_at: cell(4)?,
            method: cell(5)?,
        })
    }
}

/// Which column a cell of the header names.
fn column(name: &[u8]) -> Result<usize, Error> {
    let name = String::from_utf8_lossy(name);
    let name = name.trim();
    if let Some(column) = COLUMNS.iter().position(|known| *known == name) {
        return Ok(column);
    }
    // What is no name may be somebody's address: a file without a header.
    let is_name = name.len() <= 100 && !name.contains(['@', '\u{fffd}']);
    Err(refuse(if is_name && !name.chars().any(char::is_control) {
        format!("the header names an unknown column `{name}`: remove it; {}", header_words())
    } else {
        format!("the first line is not a header: {}", header_words())
    }))
}

fn header_words() -> String {
    let [all @ .., last] = COLUMNS;
    let [needed @ .., and] = REQUIRED;
    format!(
        "the columns are {} and {last}, of which {} and {and} are required",
        all.join(", "),
        needed.join(", ")
    )
}

fn too_long(line: u64) -> Error {
    refuse(format!(
        "the row that begins on line {line} is longer than 64 KiB: look there for a quotation mark that \
         nothing closes"
    ))
}

/// The file's bytes, hashed as they are read, ended by a line end, and no more than `left` of them.
struct Source {
    file: File,
    hash: Sha256,
    last: u8,
    left: usize,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.left);
        if room == 0 {
            return Err(io::Error::other("a row is too long"));
        }
        let read = self.file.read(&mut buffer[..room])?;
        self.hash.update(&buffer[..read]);
        self.left -= read;
        match buffer[..read].last() {
            Some(last) => self.last = *last,
            None if self.last == b'\n' => {}
            None => {
                self.last = b'\n';
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
        Ok(read)
    }
}
