//! One row taken apart into its cells (RFC 4180), line by line.

use crate::domain::contacts::table::lines::is_blank;
use crate::domain::contacts::table::separator::Separator;

/// What a row is, as far as it was fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The row is whole.
    Whole,
    /// Within a quoted cell: the next line goes on with it.
    Open,
    /// Text stands behind a closing quotation mark.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A cell begins.
    Begun,
    /// Only spaces stand in it so far: before a quotation mark they are not of the cell.
    Spaces,
    /// In a cell without quotation marks around it; one inside stands for itself.
    Plain,
    Quoted,
    /// Behind a quotation mark in a quoted cell, which may be the first of two.
    Quote,
    /// Behind a quoted cell.
    Closed,
}

/// Takes rows apart, one after the other, in the same memory.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: Separator,
    state: State,
    text: Vec<u8>,
    /// Where in `text` each cell ends.
    ends: Vec<usize>,
}

impl Splitter {
    pub(super) fn new(separator: Separator) -> Self {
        Self { separator, state: State::Begun, text: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn separator(&self) -> Separator {
        self.separator
    }

    /// Lets go of the row before, and begins the next.
    pub(super) fn begin(&mut self) {
        self.state = State::Begun;
        self.text.clear();
        self.ends.clear();
    }

    /// Takes one line more of the row.
    pub(super) fn feed(&mut self, line: &[u8]) -> Told {
        if self.state == State::Quoted {
            self.text.push(b'\n');
        }
        let separator = self.separator.byte();
        for &byte in line {
            let is_separator = byte == separator;
            self.state = match self.state {
                State::Begun if byte == b'"' => State::Quoted,
                State::Spaces if byte == b'"' => {
                    self.text.truncate(self.ends.last().copied().unwrap_or(0));
                    State::Quoted
                }
                State::Quoted if byte == b'"' => State::Quote,
                State::Begun | State::Spaces | State::Plain | State::Quote | State::Closed
                    if is_separator =>
                {
                    self.ends.push(self.text.len());
                    State::Begun
                }
                State::Begun | State::Spaces if byte == b' ' => {
                    self.text.push(byte);
                    State::Spaces
                }
                State::Quote if byte == b'"' => {
                    self.text.push(b'"');
                    State::Quoted
                }
                // Some programs write a space before the separator.
                State::Quote | State::Closed if byte == b' ' => State::Closed,
                State::Quote | State::Closed => return Told::Broken,
                State::Begun | State::Spaces | State::Plain => {
                    self.text.push(byte);
                    State::Plain
                }
                State::Quoted => {
                    self.text.push(byte);
                    State::Quoted
                }
            };
        }
        if self.state == State::Quoted {
            return Told::Open;
        }
        self.ends.push(self.text.len());
        Told::Whole
    }

    /// How many cells are whole.
    pub(super) fn cells(&self) -> usize {
        self.ends.len()
    }

    /// One cell, if the row has so many.
    pub(super) fn cell(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before));
        self.text.get(start.copied().unwrap_or(0)..end)
    }

    /// Whether no cell from this one on holds anything.
    pub(super) fn is_blank_from(&self, place: usize) -> bool {
        (place..self.cells()).all(|at| self.cell(at).is_none_or(is_blank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(lines: &[&str]) -> (Told, Vec<String>) {
        let mut splitter = Splitter::new(Separator::COMMA);
        splitter.begin();
        let told = lines.iter().map(|line| splitter.feed(line.as_bytes())).last().unwrap();
        let cell = |at| String::from_utf8_lossy(splitter.cell(at).unwrap()).into_owned();
        (told, (0..splitter.cells()).map(cell).collect())
    }

    #[test]
    fn cells_are_read_as_rfc_4180_has_them() {
        for (lines, cells) in [
            (&["a,b"][..], &["a", "b"][..]),
            (&[""], &[""]),
            (&[",,"], &["", "", ""]),
            (&["\"a,b\",\"\",\"c\"\"d\""], &["a,b", "", "c\"d"]),
            (&["\"a\" ,b"], &["a", "b"]),
            (&["a,  \"b, c\" , d"], &["a", "b, c", " d"]),
            (&["O\"Neill,5\" pipe,\""], &["O\"Neill", "5\" pipe"]),
            (&["\"a", "", "b\",c"], &["a\n\nb", "c"]),
        ] {
            let (told, read) = split(lines);
            assert_eq!(read, cells, "{lines:?}");
            assert_eq!(told == Told::Whole, *lines != ["O\"Neill,5\" pipe,\""], "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_row_is_told() {
        for (lines, told) in [
            (&["a,\"b"][..], Told::Open),
            (&["a,\"b", "c,\"\"d"], Told::Open),
            (&["a,\"b\"c"], Told::Broken),
            (&["a,\"b\" c"], Told::Broken),
            (&["a,\"b", "c,\"d\""], Told::Broken),
        ] {
            assert_eq!(split(lines).0, told, "{lines:?}");
        }
    }
}
