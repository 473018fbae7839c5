//! One JSON object a line: the same names as CSV, nothing escaped but JSON.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::COLUMNS;

/// One contact; what is not known is `null`.
pub(super) fn row(out: &mut impl Write, cells: &[Option<String>]) -> io::Result<()> {
    let object: Map<String, Value> = COLUMNS
        .iter()
        .zip(cells)
        .map(|(column, cell)| ((*column).to_owned(), cell.clone().into()))
        .collect();
    serde_json::to_writer(&mut *out, &object)?;
    out.write_all(b"\n")
}
