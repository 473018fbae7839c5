//! An independent reader of exports, by `read_export.py`: Python's CSV, and a workbook's ZIP and XML.

use std::path::Path;

use serde_json::Value;

use super::verify::{errors, python, script};

/// What stands in an export. Of CSV only the rows are known.
#[derive(Debug)]
pub struct Exported {
    pub rows: Vec<Vec<String>>,
    /// Whether every cell is a string.
    pub strings: bool,
    /// How many rows stay in sight.
    pub frozen: u64,
    /// What the filter covers, such as `A1:N4`.
    pub filter: String,
}

impl Exported {
    /// Reads `csv` or `xlsx`.
    pub fn read(format: &str, bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join(format!("export.{format}"));
        std::fs::write(&path, bytes).expect("a file");
        Self::read_file(format, &path)
    }

    pub fn read_file(format: &str, path: &Path) -> Self {
        let output =
            python().arg(script("read_export.py")).arg(format).arg(path).output().expect("python");
        assert!(output.status.success(), "{}", errors(&output));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        Self {
            rows: serde_json::from_value(told["rows"].clone()).expect("rows"),
            strings: told["strings"].as_bool().unwrap_or(false),
            frozen: told["frozen"].as_u64().unwrap_or(0),
            filter: told["filter"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The cells of one column below the header.
    pub fn column(&self, name: &str) -> Vec<&str> {
        let at = self.rows[0].iter().position(|title| title == name).expect("that column");
        self.rows[1..].iter().map(|row| row[at].as_str()).collect()
    }
}
