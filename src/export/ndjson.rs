//! One JSON object a line: the same names as CSV, in the same order, nothing escaped but JSON.

use std::cell::RefCell;
use std::io;

use serde::{Serialize, Serializer};

/// Lines of JSON.
#[derive(Default)]
pub(super) struct JsonRows(Vec<u8>);

impl JsonRows {
    /// One contact; what is not known is `null`.
    pub(super) fn row<'a>(
        &mut self,
        cells: impl Iterator<Item = (&'static str, Option<&'a str>)>,
    ) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &Row(RefCell::new(cells)))?;
        self.0.push(b'\n');
        Ok(())
    }

    /// The bytes since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

struct Row<I>(RefCell<I>);

impl<'a, I: Iterator<Item = (&'static str, Option<&'a str>)>> Serialize for Row<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&mut *self.0.borrow_mut())
    }
}
