//! The files of a bundle beside its events, each held against the hash by which it is named.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::row::References;
use super::unnamed_files::UnnamedFiles;
use crate::bundle::{CHECKPOINT, EVENTS, EXTENT, KEYS, context_file, notice_file, policy_file};
use crate::context::{Shown, read_context};
use crate::digest::{hex, sha256_hex};
use crate::finding::{Findings, Problem, Row};

/// The longest text that is read whole, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// How many references are remembered as looked at; with more, some are looked at again. Memory stays flat
/// whatever a bundle claims to refer to.
const REMEMBERED: usize = 4096;

/// The files that were looked at, and those that nothing named so far.
pub(super) struct Files<'a> {
    dir: &'a Path,
    partial: bool,
    unnamed: UnnamedFiles,
    /// Whether all rows and contexts so far could be read: else it is not known what they name.
    all_read: bool,
    seen: HashSet<References>,
    notices: HashSet<String>,
    policies: HashSet<(String, String)>,
}

impl<'a> Files<'a> {
    /// Lists the files of this directory: a partial bundle has one more than a whole one.
    pub(super) fn new(dir: &'a Path, partial: bool, findings: &mut Findings) -> Self {
        let mut unnamed = UnnamedFiles::new(dir, findings);
        let extent = partial.then_some(EXTENT);
        for file in [EVENTS, CHECKPOINT, KEYS].into_iter().chain(extent) {
            unnamed.name(file);
        }
        let (seen, notices, policies) = (HashSet::new(), HashSet::new(), HashSet::new());
        Self { dir, partial, unnamed, all_read: true, seen, notices, policies }
    }

    pub(super) fn dir(&self) -> &'a Path {
        self.dir
    }

    pub(super) fn partial(&self) -> bool {
        self.partial
    }

    /// The names of what lies in a folder, and nothing named yet.
    pub(super) fn within(&self, folder: &str) -> Vec<String> {
        self.unnamed.within(folder)
    }

    /// Takes note that something names this file, whether or not it is there.
    pub(super) fn name(&mut self, path: &str) {
        self.unnamed.name(path);
    }

    /// Takes note that a row could not be read, so that files which it may refer to are not called unnamed.
    pub(super) fn miss_a_row(&mut self) {
        self.all_read = false;
    }

    /// Finds what lies there and nothing names; gives what is to be said of files that are let pass.
    pub(super) fn find_unnamed(&self, findings: &mut Findings) -> impl Iterator<Item = String> {
        self.unnamed.find(self.all_read, findings);
        self.unnamed.remarks()
    }

    /// Checks the files that a row refers to, each the first time that it is referred to.
    pub(super) fn check(&mut self, row: Row, refers: References, findings: &mut Findings) {
        if self.seen.contains(&refers) {
            return;
        }
        match &refers {
            References::Context(sha256) => {
                if let Some(shown) = self.context(row, sha256, findings) {
                    if let Some(problem) = self.notice(row, &shown.notice_sha256) {
                        findings.file(notice_file(&shown.notice_sha256), problem);
                    }
                    if let Some(form) = &shown.form
                        && let Some(problem) = self.document(row, &form.file, &form.sha256)
                    {
                        findings.file(form.file.clone(), problem);
                    }
                    self.policy(row, shown, findings);
                } else {
                    self.all_read = false;
                }
            }
            References::Shown(shown) => {
                // The words stand in the body too, so their file may be left out.
                match self.notice(row, &shown.notice_sha256) {
                    None | Some(Problem::Missing(_)) => {}
                    Some(problem) => findings.file(notice_file(&shown.notice_sha256), problem),
                }
                self.policy(row, shown.clone(), findings);
            }
        }
        remember(&mut self.seen, refers);
    }

    fn context(&mut self, row: Row, sha256: &str, findings: &mut Findings) -> Option<Shown> {
        let path = context_file(sha256);
        self.unnamed.name(&path);
        let text = match read_text(&self.dir.join(&path)) {
            Ok(text) => text,
            Err(error) => {
                findings.file(path, unreadable(row, error));
                return None;
            }
        };
        if sha256_hex(text.as_bytes()) != sha256 {
            findings.file(path, Problem::Content(row));
            return None;
        }
        let shown = read_context(&text);
        if shown.is_none() {
            findings.file(path, Problem::Context(row));
        }
        shown
    }

    fn notice(&mut self, row: Row, sha256: &str) -> Option<Problem> {
        if self.notices.contains(sha256) {
            return None;
        }
        let problem = self.document(row, &notice_file(sha256), sha256);
        if problem.is_none() {
            remember(&mut self.notices, sha256.to_owned());
        }
        problem
    }

    /// What is wrong with the document at this path, which has this hash.
    fn document(&mut self, row: Row, path: &str, sha256: &str) -> Option<Problem> {
        self.unnamed.name(path);
        match text_sha256(&self.dir.join(path)) {
            Ok(own) if own == sha256 => None,
            Ok(_) => Some(Problem::Content(row)),
            Err(error) => Some(unreadable(row, error)),
        }
    }

    fn policy(&mut self, row: Row, shown: Shown, findings: &mut Findings) {
        let policy = (shown.policy_label, shown.policy_sha256);
        if self.policies.contains(&policy) {
            return;
        }
        let path = policy_file(&policy.0);
        if let Some(problem) = self.document(row, &path, &policy.1) {
            findings.file(path, problem);
        }
        remember(&mut self.policies, policy);
    }
}

fn unreadable(row: Row, error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::Missing(row),
        _ => Problem::Unreadable(row, error),
    }
}

fn remember<T: Eq + std::hash::Hash>(seen: &mut HashSet<T>, item: T) {
    if seen.len() < REMEMBERED {
        seen.insert(item);
    }
}

/// A file of a bundle; never a pipe or a device, which might not end, nor a link, which may lead to one.
pub(super) fn open(path: &Path) -> io::Result<File> {
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    File::open(path)
}

/// The SHA-256 of a short text.
fn text_sha256(path: &Path) -> io::Result<String> {
    read_text(path).map(|text| sha256_hex(text.as_bytes()))
}

pub(super) fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

pub(super) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if read as u64 > FILE_LIMIT {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

pub(super) fn file_sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut digest, mut buffer) = (open(path)?, Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}
