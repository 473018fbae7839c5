//! Why something cannot be kept outside, or read there.

use std::path::PathBuf;

use crate::files::FilesError;

/// Why something cannot be kept outside, or read there.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// A file in the data directory was not written.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// A file in the data directory was not read.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// A line that this program did not write.
    #[error("{0} was changed by another hand: line {1} is not as this program writes it")]
    Line(String, usize),
    /// An object that is no head of this ledger.
    #[error("{0} is no signed head of this ledger")]
    Head(String),
    /// An object of endings that this program did not put, or that was changed since.
    #[error(
        "{0} was changed by another hand: it does not hold what its name says. The machine whose endings.log has its \
         lines puts it right with its next check (`assent ledger verify`); where no such machine is left, remove it"
    )]
    Object(String),
    /// Another file store than the one that the database is used with.
    #[error(
        "the file store is not the one that this database is used with, so reports and withdrawals of other processes are \
         missing here: give each the same files_url; where files move, `outside/store` moves with them"
    )]
    ForeignStore,
    /// Others replace what they put faster than it is read.
    #[error(
        "what other replicas put into the file store could not be read to its end: it is tried again"
    )]
    Unsettled,
    /// It took longer than whoever waits for it may wait.
    #[error("the file store, or what is kept in the data directory, did not answer in time")]
    Slow,
    /// The file store, or the data directory as one.
    #[error("what is kept outside the database cannot be reached")]
    Files(#[from] FilesError),
}
