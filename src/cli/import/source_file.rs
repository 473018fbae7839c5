//! A file that somebody brings: looked through to its end before anything is done by it, then read again.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::outcome::{Error, refuse};
use crate::domain::contacts::file_columns::Columns;
use crate::domain::contacts::table::Table;
use crate::domain::sentence::sentence;

/// A file whose header can be read, and that has rows.
pub(super) struct SourceFile<'a> {
    path: &'a Path,
    file: File,
    /// The hash of all of it.
    pub sha256: [u8; 32],
    /// How many rows it has, those that cannot be read among them.
    pub rows: u64,
}

/// A table in a file, and what its columns hold.
pub(super) type Opened = (Table<Hashed>, Columns);

impl<'a> SourceFile<'a> {
    /// Looks through a file; `begin` reads its header, and `nothing` is said of one without a row.
    pub(super) fn look_through(
        path: &'a Path,
        begin: impl Fn(Hashed) -> Result<Opened, Error>,
        nothing: &str,
    ) -> Result<Self, Error> {
        let unreadable =
            |error: io::Error| refuse(format!("{} cannot be read ({error})", path.display()));
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(refuse(format!("{} is a directory", path.display())));
        }
        let (mut table, columns) =
            begin(Hashed::begin(file)).map_err(|error| of_file(path, sentence(error.as_ref())))?;
        while table.next_row().map_err(unreadable)?.is_some() {}
        let rows = table.rows();
        if rows == 0 {
            return Err(of_file(path, nothing));
        }
        let unread = columns.unread(table.names());
        if !unread.is_empty() {
            let told = format!("columns that are not read: {}", listed(&unread));
            // Nobody reading it is no reason to stop.
            let _ = writeln!(io::stderr(), "{told}");
        }
        let (file, sha256) = table.into_source().finish();
        Ok(Self { path, file, sha256, rows })
    }

    /// The file from its beginning.
    pub(super) fn again(
        &self,
        begin: impl Fn(Hashed) -> Result<Opened, Error>,
    ) -> Result<Opened, Error> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        begin(Hashed::begin(file)).map_err(|error| of_file(self.path, sentence(error.as_ref())))
    }

    /// Checks that it was read whole again, and that each of its rows came to something.
    pub(super) fn account_for(&self, read: Table<Hashed>, rows: u64) -> Result<(), Error> {
        let seen = read.rows();
        let (_, sha256) = read.into_source().finish();
        if sha256 != self.sha256 {
            return Err(of_file(
                self.path,
                "it was changed while it was read: run the command again",
            ));
        }
        if seen != self.rows || rows != self.rows {
            return Err(of_file(
                self.path,
                format!(
                    "{} rows were read and {rows} accounted for: this is a fault of the program",
                    self.rows
                ),
            ));
        }
        Ok(())
    }

    /// What is said when rows were refused.
    pub(super) fn refused(&self, count: u64) -> Result<(), Error> {
        match count {
            0 => Ok(()),
            all if all == self.rows => {
                Err(of_file(self.path, "every row was refused, for the reason beside its line"))
            }
            some => Err(of_file(
                self.path,
                format!(
                    "{some} of {} rows were refused, for the reason beside their line",
                    self.rows
                ),
            )),
        }
    }
}

fn of_file(path: &Path, error: impl std::fmt::Display) -> Error {
    refuse(format!("{}: {error}", path.display()))
}

/// Names from somebody's file, as a terminal may show them.
fn listed(names: &[&str]) -> String {
    let shown = |name: &&str| -> String {
        let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
        format!("`{name}`")
    };
    let mut listed: Vec<String> = names.iter().take(20).map(shown).collect();
    if names.len() > listed.len() {
        listed.push(format!("and {} more", names.len() - listed.len()));
    }
    listed.join(", ")
}

/// A file's bytes, hashed as they are read.
pub(super) struct Hashed {
    file: File,
    hash: Sha256,
}

impl Hashed {
    fn begin(file: File) -> Self {
        Self { file, hash: Sha256::new() }
    }

    /// The file, and the SHA-256 of what was read of it.
    fn finish(self) -> (File, [u8; 32]) {
        (self.file, self.hash.finalize().into())
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
