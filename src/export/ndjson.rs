//! One JSON object a line: the same names as CSV, in the same order, nothing escaped but JSON.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::COLUMNS;

/// One contact; what is not known is `null`.
pub(super) fn row(out: &mut impl Write, cells: &[Option<String>]) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Row(cells))?;
    out.write_all(b"\n")
}

struct Row<'a>(&'a [Option<String>]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(COLUMNS.iter().zip(self.0))
    }
}
