//! CSV that people open in spreadsheets.

use std::io;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use crate::domain::contacts::formula_guard::guarded;

/// The byte-order mark, by which spreadsheets know UTF-8.
const MARK: &str = "\u{feff}";

/// A whole CSV file: mark, header, rows.
pub struct CsvRows {
    writer: Writer<Vec<u8>>,
    room: String,
}

impl CsvRows {
    /// The byte-order mark and the header.
    ///
    /// # Errors
    /// Never: memory takes what it is given.
    pub fn begin<'a>(names: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let mut rows = Self { writer: writer(MARK.into()), room: String::new() };
        rows.row(names.map(Some))?;
        Ok(rows)
    }

    /// One row; what is not known is empty.
    ///
    /// # Errors
    /// Never: memory takes what it is given.
    pub fn row<'a>(&mut self, cells: impl Iterator<Item = Option<&'a str>>) -> io::Result<()> {
        for cell in cells {
            let cell = guarded(cell.unwrap_or_default(), &mut self.room);
            self.writer.write_field(cell).map_err(io::Error::other)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io::Error::other)
    }

    /// The bytes since the last time.
    ///
    /// # Errors
    /// Never: memory takes what it is given.
    pub fn take(&mut self) -> io::Result<Vec<u8>> {
        let whole = std::mem::replace(&mut self.writer, writer(Vec::new()));
        whole.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

fn writer(begun: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .from_writer(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_quoting_is_rfc_4180() {
        let names = ["subscriber_id", "email", "c", "d", "e", "f", "g", "h"];
        let mut rows = CsvRows::begin(names.into_iter()).unwrap();
        let cells = ["=1+1", "+a@b.test", "-x", "@y", "＝1", "a,\"b\"", "plain", "\tz"];
        rows.row(cells.into_iter().map(Some)).unwrap();
        let mut out = rows.take().unwrap();
        // What was taken is not given again, and a later row is no header.
        let empty = [None, Some("é"), None, Some("＠z"), None, None, None, None];
        rows.row(empty.into_iter()).unwrap();
        out.extend(rows.take().unwrap());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "\u{feff}subscriber_id,email,c,d,e,f,g,h\r\n\
             '=1+1,'+a@b.test,'-x,'@y,'＝1,\"a,\"\"b\"\"\",plain,'\tz\r\n,é,,'＠z,,,,\r\n"
        );
    }
}
