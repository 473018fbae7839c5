//! What lies in a bundle's directory, so that files which nothing names are found too.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use crate::bundle::{DOCUMENTS, FOLDERS};
use crate::finding::{Findings, Problem};

/// The most files that are listed: some hundred bytes are kept of each.
const LISTED: usize = 1_000_000;

/// What file managers leave in a folder that somebody looked at.
const LEFT_BY_FILE_MANAGERS: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// The files that nothing named so far, by their paths within the bundle.
pub(super) struct UnnamedFiles {
    files: BTreeSet<String>,
    /// Those of a file manager, which prove nothing and accuse nobody.
    left: Vec<String>,
}

impl UnnamedFiles {
    /// Lists all that lies in this directory and its folders.
    pub(super) fn new(dir: &Path, findings: &mut Findings) -> Self {
        let mut unnamed = Self { files: BTreeSet::new(), left: Vec::new() };
        if let Err(error) = unnamed.add(dir, None) {
            findings.file(".", Problem::Listing(error));
        }
        for folder in FOLDERS {
            // Only of what is a folder: what a link leads to is no part of the bundle.
            let path = dir.join(folder);
            if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                unnamed.files.remove(folder);
                if let Err(error) = unnamed.add(&path, Some(folder)) {
                    findings.file(folder, Problem::Listing(error));
                }
            }
        }
        unnamed.left.sort();
        unnamed
    }

    fn add(&mut self, dir: &Path, folder: Option<&str>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            if self.files.len() >= LISTED {
                return Err(io::Error::other("there are more than a million files"));
            }
            let entry = entry?;
            let name = printable(&entry);
            let is_left =
                LEFT_BY_FILE_MANAGERS.contains(&name.as_str()) && entry.file_type()?.is_file();
            let path = match folder {
                Some(folder) => format!("{folder}/{name}"),
                None => name,
            };
            if is_left {
                self.left.push(path);
            } else {
                self.files.insert(path);
            }
        }
        Ok(())
    }

    /// Takes note that something names this file, whether or not it is there.
    pub(super) fn name(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// The names of what lies in this folder, and nothing named yet.
    pub(super) fn within(&self, folder: &str) -> Vec<String> {
        let within = |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
        self.files.iter().filter_map(within).collect()
    }

    /// Finds whatever nothing named; documents only where `all_read` says that all was read which could name one.
    pub(super) fn find(&self, all_read: bool, findings: &mut Findings) {
        let is_document =
            |path: &str| DOCUMENTS.iter().any(|folder| path.starts_with(&format!("{folder}/")));
        for path in self.files.iter().filter(|path| all_read || !is_document(path)) {
            findings.file(path.clone(), Problem::Unnamed);
        }
    }

    /// What is said of each file that a file manager left.
    pub(super) fn remarks(&self) -> impl Iterator<Item = String> {
        let remark = |path| {
            format!(
                "{path} is what a file manager leaves, and no part of the bundle: it was not looked at"
            )
        };
        self.left.iter().map(remark)
    }
}

/// A name without what could lead a terminal astray; none of those that a bundle has is changed by it.
fn printable(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().escape_debug().to_string()
}
