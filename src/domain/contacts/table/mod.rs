//! Tables of people as other programs write them: CSV and what goes by that name, read row by row in little
//! memory. What is unambiguous is read, and one broken row costs one row.

mod error;
mod lines;
mod separator;
mod splitter;

use std::collections::VecDeque;
use std::io::{self, Read};

pub use error::{RowError, TableError};
pub use separator::Separator;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::formula_guard::unguarded;
use crate::domain::contacts::table::lines::{LONGEST, Line, Lines, is_blank};
use crate::domain::contacts::table::splitter::{Splitter, Told};

/// More columns than any tool exports.
const MOST_COLUMNS: usize = 2_000;
/// How much may be read a second time behind quotation marks that nothing closes, besides four times what was read:
/// a file made of nothing else is then read line by line, and takes no longer than another.
const READ_AGAIN: u64 = 1024 * 1024;

/// What the first line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// A header.
    Header,
    /// A header, or an address: then there is no header, and each line is an address.
    HeaderOrAddress,
}

/// Where a row has its address, and how many cells it has at least.
#[derive(Clone, Copy, Debug)]
struct Place {
    address: usize,
    least: usize,
}

/// A table, its header read.
pub struct Table<R> {
    lines: Lines<R>,
    /// Lines that were looked at already.
    ahead: VecDeque<Line>,
    splitter: Splitter,
    names: Vec<String>,
    /// How many cells the header has.
    width: usize,
    place: Option<Place>,
    read_again: u64,
    rows: u64,
}

/// A row with the line it begins on.
pub struct Row<'a> {
    /// The line.
    pub line: u64,
    /// Its cells, or why it is none.
    pub cells: Result<Cells<'a>, RowError>,
}

/// The cells of one row.
#[derive(Clone, Copy)]
pub struct Cells<'a>(&'a Splitter);

impl<'a> Cells<'a> {
    /// What stands in a column, without the apostrophe that our own exports put before formulas; empty where the row
    /// ends before it, `None` where it is not UTF-8.
    #[must_use]
    pub fn text(self, column: usize) -> Option<&'a str> {
        str::from_utf8(self.0.cell(column).unwrap_or_default()).ok().map(unguarded)
    }
}

impl<R: Read> Table<R> {
    /// Reads the header: `is_address` says which names, as [`Table::names`] gives them, are of a column of addresses.
    ///
    /// # Errors
    /// Says why it is no table with such a header.
    pub fn begin(
        source: R,
        first: FirstLine,
        is_address: impl Fn(&str) -> bool,
    ) -> Result<Self, TableError> {
        let mut table = Self {
            lines: Lines::begin(source)?,
            ahead: VecDeque::new(),
            splitter: Splitter::new(Separator::COMMA),
            names: Vec::new(),
            width: MOST_COLUMNS,
            place: None,
            read_again: 0,
            rows: 0,
        };
        let line = table.line()?.ok_or(TableError::Empty)?;
        let said = Separator::said(&line.text);
        if said.is_some() {
            table.ahead.pop_front();
        }
        let line = table.line()?.ok_or(TableError::Empty)?;
        if first == FirstLine::HeaderOrAddress && is_an_address(&line.text) {
            (table.names, table.width) = (vec!["email".to_owned()], 1);
            return Ok(table);
        }
        let shown = line.text.clone();
        let mut found: Option<(Separator, usize)> = None;
        let mut is_broken = false;
        for separator in said.into_iter().chain(Separator::ALL) {
            table.splitter = Splitter::new(separator);
            let Ok(taken) = table.take_apart()? else {
                is_broken = true;
                continue;
            };
            let names = table.read_names();
            if count(&names) > count(&table.names) && names.iter().any(|name| is_address(name)) {
                table.names = names;
                found = Some((separator, taken));
                if Some(separator) == said {
                    break;
                }
            }
        }
        let Some((separator, taken)) = found else {
            return Err(if is_broken { TableError::NoHeader } else { no_header(&shown) });
        };
        table.width = table.names.len();
        if table.width > MOST_COLUMNS {
            return Err(TableError::TooWide);
        }
        table.splitter = Splitter::new(separator);
        table.ahead.drain(..taken);
        table.read_again = 0;
        Ok(table)
    }

    /// What the columns are called: in lower case, with single spaces for all that parts words. Empty where a column
    /// has no name.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Says where a row has its address, and how many cells it has at least: by that, rows are told from the further
    /// lines of a cell.
    pub fn place_address(&mut self, address: usize, least: usize) {
        self.place = Some(Place { address, least });
    }

    /// How many rows there were so far, those that are none among them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What it was read from.
    #[must_use]
    pub fn into_source(self) -> R {
        self.lines.into_source()
    }

    /// The next row in which anything stands; `None` at the end.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<Row<'_>>> {
        loop {
            let Some(Line { number, .. }) = self.line()? else { return Ok(None) };
            let line = *number;
            let told = self.take_apart()?;
            let taken = told.unwrap_or(1);
            if told.is_ok() && self.splitter.is_blank_from(0) {
                self.ahead.drain(..taken);
                continue;
            }
            let fault = told.err().or_else(|| self.misfit());
            self.ahead.drain(..taken);
            self.rows += 1;
            let cells = match fault {
                Some(fault) => Err(fault),
                None => Ok(Cells(&self.splitter)),
            };
            return Ok(Some(Row { line, cells }));
        }
    }

    /// The next line in which anything stands, which stays ahead.
    fn line(&mut self) -> io::Result<Option<&Line>> {
        while self.ahead.front().is_none_or(Line::is_blank) {
            self.ahead.pop_front();
            if self.ahead.is_empty() {
                let Some(line) = self.lines.next()? else { return Ok(None) };
                self.ahead.push_back(line);
            }
        }
        Ok(self.ahead.front())
    }

    /// How many of the lines ahead are one row, which the splitter then holds. A quoted cell may have several lines;
    /// it has not where one of them is the next row.
    fn take_apart(&mut self) -> io::Result<Result<usize, RowError>> {
        self.splitter.begin();
        let Some(first) = self.ahead.front() else { return Ok(Err(RowError::NeverClosed)) };
        if first.too_long {
            return Ok(Err(RowError::TooLong));
        }
        let mut told = self.splitter.feed(&first.text);
        if told == Told::Broken {
            return Ok(Err(RowError::BehindQuote));
        }
        let (mut taken, mut length) = (1, first.text.len());
        let may_read_again = self.read_again <= 4 * self.lines.read() + READ_AGAIN;
        while told == Told::Open && may_read_again {
            if self.ahead.len() == taken {
                let Some(line) = self.lines.next()? else { break };
                self.ahead.push_back(line);
            }
            let line = &self.ahead[taken];
            length += line.text.len() + 1;
            let ends = line.too_long || length > LONGEST || self.splitter.cells() > self.width;
            if ends || self.begins_row(&line.text) {
                break;
            }
            told = self.splitter.feed(&line.text);
            taken += 1;
        }
        // Only a whole row has lines of its own in its cells.
        let fits = taken == 1 || self.place.is_none() || self.splitter.cells() == self.width;
        if told == Told::Whole && fits {
            return Ok(Ok(taken));
        }
        self.read_again += length as u64;
        Ok(Err(RowError::NeverClosed))
    }

    /// Whether a line by itself reads as a row, whatever stands before it.
    fn begins_row(&self, line: &[u8]) -> bool {
        let Some(place) = self.place else { return false };
        let separator = self.splitter.separator();
        let mut cells = line.split(|byte| *byte == separator.byte());
        let address = cells.clone().nth(place.address);
        let is_plain = address.is_some_and(is_an_address) && cells.nth(place.least - 1).is_some();
        is_plain || self.reads_as_row(line, separator)
    }

    /// Whether a line is a row with an address when its cells are parted by this.
    fn reads_as_row(&self, line: &[u8], separator: Separator) -> bool {
        let Some(place) = self.place else { return false };
        let mut splitter = Splitter::new(separator);
        let is_whole = splitter.feed(line) == Told::Whole && splitter.cells() >= place.least;
        is_whole && splitter.cell(place.address).is_some_and(is_an_address)
    }

    /// Why a row that could be taken apart does not go with the header.
    fn misfit(&self) -> Option<RowError> {
        let (mine, cells) = (self.splitter.separator(), self.splitter.cells());
        let named = self.names.iter().rposition(|name| !name.is_empty()).map_or(0, |at| at + 1);
        let is_short = self.place.is_some_and(|place| cells < place.least);
        if is_short && let Some(line) = self.ahead.front() {
            let mut others = Separator::ALL.into_iter().filter(|other| *other != mine);
            if let Some(other) = others.find(|other| self.reads_as_row(&line.text, *other)) {
                return Some(RowError::OtherSeparator(other, mine));
            }
        }
        let is_more = !self.splitter.is_blank_from(named);
        is_more.then_some(RowError::TooMany(cells, named))
    }

    fn read_names(&self) -> Vec<String> {
        let cells = (0..self.splitter.cells()).filter_map(|at| self.splitter.cell(at));
        cells.map(name).collect()
    }
}

/// The name of a column, the same however it is written: `Job_title`, `JOB TITLE`, `job-title`.
fn name(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell).to_lowercase().replace('’', "'");
    let parts = |c: char| {
        c.is_whitespace() || matches!(c, '_' | '-' | '\u{200b}' | '\u{2060}' | '\u{feff}')
    };
    let words: Vec<&str> = text.split(parts).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn is_an_address(cell: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(cell) else { return false };
    EmailAddress::parse(unguarded(text.trim().trim_matches('"').trim())).is_ok()
}

/// How many columns have a name.
fn count(names: &[String]) -> usize {
    names.iter().filter(|name| !name.is_empty()).count()
}

/// What a first line is that names no column of addresses. What is no name may be somebody's address.
fn no_header(line: &[u8]) -> TableError {
    let is_text = str::from_utf8(line)
        .is_ok_and(|text| !text.contains(|c: char| c == '@' || c.is_control() && c != '\t'));
    if is_text && !is_blank(line) { TableError::NoAddress } else { TableError::NoHeader }
}

#[cfg(test)]
mod table_tests;
