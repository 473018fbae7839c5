//! What lies in a bundle's directory, so that what nothing names is found too.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use crate::bundle::{DOCUMENTS, FOLDERS};
use crate::finding::{Findings, Problem};

/// The most files that are listed: some hundred bytes are kept of each.
const LISTED: usize = 1_000_000;

/// The files that nothing named so far, by their paths within the bundle.
pub(super) struct Listing(BTreeSet<String>);

impl Listing {
    /// All that is there.
    pub(super) fn new(dir: &Path, findings: &mut Findings) -> Self {
        let mut listing = Self(BTreeSet::new());
        if let Err(error) = listing.add(dir, None) {
            findings.file(".", Problem::Listing(error));
        }
        for folder in FOLDERS {
            // Only of what is a folder: what a link leads to is no part of the bundle.
            let path = dir.join(folder);
            if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                listing.0.remove(folder);
                if let Err(error) = listing.add(&path, Some(folder)) {
                    findings.file(folder, Problem::Listing(error));
                }
            }
        }
        listing
    }

    fn add(&mut self, dir: &Path, folder: Option<&str>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            if self.0.len() >= LISTED {
                return Err(io::Error::other("there are more than a million files"));
            }
            let name = printable(&entry?);
            self.0.insert(match folder {
                Some(folder) => format!("{folder}/{name}"),
                None => name,
            });
        }
        Ok(())
    }

    /// Something names this file, whether or not it is there.
    pub(super) fn name(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// The names of what lies in this folder, and nothing named yet.
    pub(super) fn within(&self, folder: &str) -> Vec<String> {
        let within = |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
        self.0.iter().filter_map(within).collect()
    }

    /// Whatever is left; `all_read` says whether all that could name a document was read.
    pub(super) fn name_the_rest(&self, all_read: bool, findings: &mut Findings) {
        let is_document =
            |path: &str| DOCUMENTS.iter().any(|folder| path.starts_with(&format!("{folder}/")));
        for path in self.0.iter().filter(|path| all_read || !is_document(path)) {
            findings.file(path.clone(), Problem::Unnamed);
        }
    }
}

/// A name without what could lead a terminal astray; none of those that a bundle has is changed by it.
fn printable(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().escape_debug().to_string()
}
