//! CSV that people open in spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{QuoteStyle, Terminator, WriterBuilder};

/// The byte-order mark, by which spreadsheets know UTF-8, and the header.
pub(super) fn begin(out: &mut impl Write, columns: &[&str]) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    write(out, columns.iter().map(|column| Cow::Borrowed(*column)))
}

/// The same as bytes, for what is written piece by piece.
///
/// # Errors
/// When they cannot be written, which memory never refuses.
pub fn header(columns: &[&str]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    begin(&mut out, columns)?;
    Ok(out)
}

/// One row; what is not known is empty.
///
/// # Errors
/// When `out` does not take it.
pub fn record(out: &mut impl Write, cells: &[Option<String>]) -> io::Result<()> {
    write(out, cells.iter().map(|cell| harmless(cell.as_deref().unwrap_or_default())))
}

fn write<'a>(out: &mut impl Write, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .buffer_capacity(1024)
        .from_writer(out);
    writer.write_record(cells.map(|cell| cell.as_bytes().to_vec())).map_err(io::Error::other)?;
    writer.flush()
}

/// A cell that a spreadsheet would take for a formula, made text by a leading apostrophe.
fn harmless(cell: &str) -> Cow<'_, str> {
    const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－'];
    if cell.starts_with(FORMULA) || cell.starts_with('＠') {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_quoting_is_rfc_4180() {
        let mut out = Vec::new();
        begin(&mut out, &["subscriber_id", "email"]).unwrap();
        let cells = ["=1+1", "+a@b.test", "-x", "@y", "＝1", "a,\"b\"", "plain", "\tz"];
        record(&mut out, &cells.map(|cell| Some(cell.to_owned()))).unwrap();
        record(&mut out, &[None, Some("é".to_owned())]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\u{feff}subscriber_id,email\r\n"));
        assert!(text.contains(
            "email\r\n'=1+1,'+a@b.test,'-x,'@y,'＝1,\"a,\"\"b\"\"\",plain,'\tz\r\n,é\r\n"
        ));
    }
}
