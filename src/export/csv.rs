//! CSV that people open in spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::COLUMNS;

/// The byte-order mark, by which spreadsheets know UTF-8, and the header.
pub(super) fn begin(out: &mut impl Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    record(out, COLUMNS.iter().map(|column| Cow::Borrowed(*column)))
}

/// One contact.
pub(super) fn row(out: &mut impl Write, cells: &[Option<String>]) -> io::Result<()> {
    record(out, cells.iter().map(|cell| harmless(cell.as_deref().unwrap_or_default())))
}

fn record<'a>(out: &mut impl Write, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
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
        begin(&mut out).unwrap();
        let cells = ["=1+1", "+a@b.test", "-x", "@y", "＝1", "a,\"b\"", "plain", "\tz"];
        row(&mut out, &cells.map(|cell| Some(cell.to_owned()))).unwrap();
        row(&mut out, &[None, Some("é".to_owned())]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\u{feff}subscriber_id,email,"));
        assert!(text.contains(
            "receipt_id\r\n'=1+1,'+a@b.test,'-x,'@y,'＝1,\"a,\"\"b\"\"\",plain,'\tz\r\n,é\r\n"
        ));
    }
}
