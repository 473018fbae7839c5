//! The lines of `events.ndjson`, a piece of the file at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use super::files::open;
use super::row::{CheckedRow, check_row};
use crate::bundle::EventLine;
use crate::finding::{Problem, Row};
use crate::note::Checkpoint;
use crate::tree::{Hash, leaf_hash};

/// The longest line that is read, in bytes with its newline.
const LINE_LIMIT: usize = 16 * 1024 * 1024;

/// How many bytes and how many lines make a chunk: enough to be worth a thread.
const CHUNK_BYTES: usize = 1024 * 1024;
const CHUNK_LINES: usize = 8192;

/// Lines that stand one after the other.
#[derive(Default)]
pub(super) struct Chunk {
    first_line: u64,
    bytes: Vec<u8>,
    /// Where each line lies; none for a line that was too long to be kept.
    lines: Vec<Option<Range<usize>>>,
}

impl Chunk {
    /// Whether the first line carries an inclusion proof: what makes a bundle a partial one.
    pub(super) fn begins_with_proof(&self) -> bool {
        let line = self.lines.first().cloned().flatten().and_then(|range| self.bytes.get(range));
        line.and_then(EventLine::parse).is_some_and(|event| event.proof.is_some())
    }

    /// The rows that have a body, each with the hash of its leaf.
    pub(super) fn filled_leaves(&self) -> Vec<(Row, Hash)> {
        let filled = |(range, line): (&Option<Range<usize>>, u64)| {
            let event = EventLine::parse(self.bytes.get(range.clone()?)?)?;
            event.body?;
            let row = Row { line, index: Some(event.index), event_id: None };
            Some((row, leaf_hash(event.leaf.as_bytes())))
        };
        self.lines.iter().zip(self.first_line..).filter_map(filled).collect()
    }

    /// Each line by itself.
    pub(super) fn check(&self, checkpoint: &Checkpoint, partial: bool) -> Vec<CheckedRow> {
        let check = |(range, line): (&Option<Range<usize>>, u64)| match range
            .clone()
            .and_then(|range| self.bytes.get(range))
        {
            Some(text) => check_row(text, line, checkpoint, partial),
            None => CheckedRow::unreadable(line, Problem::LongLine),
        };
        self.lines.iter().zip(self.first_line..).map(check).collect()
    }
}

/// A file's lines, read once from front to back.
pub(super) struct Lines<R> {
    reader: R,
    /// The number of the line that comes next.
    line: u64,
}

impl Lines<BufReader<File>> {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(BufReader::with_capacity(256 * 1024, open(path)?)))
    }
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self { reader, line: 1 }
    }

    /// The next chunks, at most so many; none at the end of the file.
    pub(super) fn next_chunks(&mut self, count: usize) -> io::Result<Vec<Chunk>> {
        let mut chunks = Vec::new();
        while chunks.len() < count {
            let chunk = self.next_chunk()?;
            if chunk.lines.is_empty() {
                break;
            }
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    fn next_chunk(&mut self) -> io::Result<Chunk> {
        let mut chunk = Chunk { first_line: self.line, ..Chunk::default() };
        while chunk.bytes.len() < CHUNK_BYTES && chunk.lines.len() < CHUNK_LINES {
            let start = chunk.bytes.len();
            let limit = LINE_LIMIT as u64;
            let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut chunk.bytes)?;
            if read == 0 {
                break;
            }
            self.line += 1;
            let cut_short = read == LINE_LIMIT && chunk.bytes.last() != Some(&b'\n');
            if cut_short && !self.at_end()? {
                chunk.bytes.truncate(start);
                chunk.lines.push(None);
                self.reader.skip_until(b'\n')?;
            } else {
                chunk.lines.push(Some(start..chunk.bytes.len()));
            }
        }
        Ok(chunk)
    }

    fn at_end(&mut self) -> io::Result<bool> {
        Ok(self.reader.fill_buf()?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &[u8]) -> Vec<Option<usize>> {
        let mut lines = Lines::new(text);
        let mut lengths = Vec::new();
        loop {
            let chunks = lines.next_chunks(3).unwrap();
            if chunks.is_empty() {
                return lengths;
            }
            for chunk in chunks {
                assert_eq!(chunk.first_line, lengths.len() as u64 + 1);
                lengths.extend(chunk.lines.into_iter().map(|line| line.map(|range| range.len())));
            }
        }
    }

    #[test]
    fn lines_come_in_order_across_chunks() {
        let text = "0123456789\n".repeat(300_000);
        assert_eq!(lengths(text.as_bytes()), vec![Some(11); 300_000]);
        assert_eq!(lengths(b""), []);
        assert_eq!(lengths(b"\n\nend"), [Some(1), Some(1), Some(3)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let (long, most) = ("x".repeat(3 * LINE_LIMIT), "x".repeat(LINE_LIMIT - 1));
        let text = format!("a\n{long}\n{most}\nb\n{long}");
        assert_eq!(lengths(text.as_bytes()), [Some(2), None, Some(LINE_LIMIT), Some(2), None]);
    }
}
