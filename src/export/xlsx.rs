//! A workbook of one sheet. Every cell is a string, so that nothing in it is ever taken for a formula, a
//! number or a date; the header stays in sight, and has filters.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::domain::timestamp::Timestamp;

/// How many contacts a sheet holds below its header.
pub const MOST_ROWS: u64 = 1_048_575;

/// A sheet that is written row by row into a file without a name, in `scratch`: it is packed only when it is
/// whole, and contacts are nobody else's to read meanwhile.
pub(super) struct Sheet {
    book: Workbook,
    scratch: std::path::PathBuf,
    next: u32,
    width: u16,
}

impl Sheet {
    pub(super) fn begin<'a>(
        scratch: &Path,
        now: Timestamp,
        names: impl Iterator<Item = &'a str>,
    ) -> io::Result<Self> {
        let mut book = Workbook::new();
        book.set_tempdir(scratch).map_err(other)?;
        // The library would ask the clock.
        let at = now.date_time().unix_timestamp();
        let made = ExcelDateTime::from_timestamp(at).map_err(other)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let sheet = book.add_worksheet_with_constant_memory().map_err(other)?;
        sheet.set_name("Contacts").map_err(other)?;
        sheet.set_freeze_panes(1, 0).map_err(other)?;
        let bold = Format::new().set_bold();
        let mut width = 0;
        for name in names {
            sheet.write_string_with_format(0, width, name, &bold).map_err(other)?;
            sheet.set_column_width(width, 24).map_err(other)?;
            width += 1;
        }
        Ok(Self { book, scratch: scratch.to_owned(), next: 1, width })
    }

    pub(super) fn row<'a>(
        &mut self,
        cells: impl Iterator<Item = Option<&'a str>>,
    ) -> io::Result<()> {
        let sheet = self.book.worksheet_from_index(0).map_err(other)?;
        for (column, cell) in (0..).zip(cells) {
            if let Some(text) = cell {
                sheet.write_string(self.next, column, text).map_err(other)?;
            }
        }
        self.next += 1;
        Ok(())
    }

    /// Packs the workbook; takes seconds for many rows.
    pub(super) fn pack(mut self) -> io::Result<File> {
        let sheet = self.book.worksheet_from_index(0).map_err(other)?;
        sheet.autofilter(0, 0, self.next - 1, self.width.saturating_sub(1)).map_err(other)?;
        let mut file = tempfile::tempfile_in(&self.scratch)?;
        self.book.save_to_writer(io::BufWriter::new(&mut file)).map_err(other)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// The next piece of a packed workbook; empty at its end.
pub(super) fn piece(file: &mut File) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(PIECE);
    file.take(u64::try_from(PIECE).unwrap_or(u64::MAX)).read_to_end(&mut piece)?;
    Ok(piece)
}

const PIECE: usize = 128 * 1024;

fn other(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}
