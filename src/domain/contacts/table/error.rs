//! Why a table, or a row of it, cannot be read.

use std::io;

use super::separator::Separator;

/// Why a table cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Its source.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    /// Nothing to be seen.
    #[error("it is empty")]
    Empty,
    /// A workbook, which is an archive too, or an export that was not unpacked.
    #[error("it is a workbook or another archive: save the sheet as “CSV UTF-8”, or unpack it")]
    Packed,
    /// Its first row names nothing.
    #[error("the first line is not a header")]
    NoHeader,
    /// Its header names no column of addresses.
    #[error("the header lacks `email`")]
    NoAddress,
    /// Nobody writes so many.
    #[error("the header has more than 2,000 columns")]
    TooWide,
}

/// Why a row cannot be read. Repeats nothing that stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Over 64 KiB.
    #[error("is longer than 64 KiB")]
    TooLong,
    /// The next row begins, or the file ends, within its quotation marks.
    #[error("a quotation mark opens a cell here, and none closes it before the next row")]
    NeverClosed,
    /// A quotation mark in the middle of a quoted cell.
    #[error(
        "text stands behind a closing quotation mark: within a cell, write each quotation mark twice"
    )]
    BehindQuote,
    /// What is beyond the last column that has a name.
    #[error("has {0} cells where the header has {1}")]
    TooMany(usize, usize),
    /// It is of another make than the header.
    #[error("the separator is {0} here, and {1} in the header")]
    OtherSeparator(Separator, Separator),
}
