//! One JSON object a line: the same names as CSV, in the same order, nothing escaped but JSON.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

/// One contact; what is not known is `null`.
pub(super) fn row(
    out: &mut impl Write,
    columns: &[&str],
    cells: &[Option<String>],
) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Row(columns, cells))?;
    out.write_all(b"\n")
}

struct Row<'a>(&'a [&'a str], &'a [Option<String>]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1))
    }
}
