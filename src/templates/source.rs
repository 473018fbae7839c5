//! A template's text as it lies in its file, and what is wrong there.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use super::built_in::BuiltIn;

/// One thing that is wrong with a template: where, and what to do, as one sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct Problem {
    /// The operator's file, or the name of a built-in one.
    pub file: String,
    /// Its line, where there is one; counts from 1.
    pub line: Option<usize>,
    /// What is wrong there, and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        match line {
            Some(line) => write!(f, "{file}:{line}: {what}"),
            None => write!(f, "{file}: {what}"),
        }
    }
}

/// One template: the operator's file, or the built-in text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The name it is rendered by.
    pub name: &'static str,
    /// Where its text lies, for people.
    pub file: String,
    pub text: String,
}

/// The largest file that is read as a template, in bytes.
const LARGEST: u64 = 1024 * 1024;

impl Source {
    /// The text that comes with the program.
    pub(super) fn built_in(built_in: &BuiltIn) -> Self {
        let BuiltIn { name, text, .. } = *built_in;
        Self { name, file: format!("built-in {name}"), text: text.to_owned() }
    }

    /// The file of this name under `directory`, or else the built-in text.
    pub(super) fn read(directory: Option<&Path>, built_in: &BuiltIn) -> Result<Self, Problem> {
        let Some(path) = directory.map(|directory| directory.join(built_in.name)) else {
            return Ok(Self::built_in(built_in));
        };
        let file = path.display().to_string();
        if let Ok(found) = std::fs::metadata(&path)
            && (!found.is_file() || found.len() > LARGEST)
        {
            let what = "it is no file of at most 1 MiB: correct or remove it".to_owned();
            return Err(Problem { file, line: None, what });
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { name: built_in.name, file, text }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::built_in(built_in)),
            Err(error) => {
                let what = if error.kind() == ErrorKind::PermissionDenied {
                    "it cannot be read: let the user that assent runs as read it".to_owned()
                } else {
                    format!("it cannot be read as UTF-8 text ({error}): correct or remove it")
                };
                Err(Problem { file, line: None, what })
            }
        }
    }

    pub(super) fn problem(&self, line: impl Into<Option<usize>>, what: String) -> Problem {
        Problem { file: self.file.clone(), line: line.into(), what }
    }

    /// The line that this byte lies in.
    pub(super) fn line_at(&self, at: usize) -> usize {
        let before = self.text.bytes().take(at);
        before.filter(|byte| *byte == b'\n').count() + 1
    }

    /// The first line that holds `text`.
    pub(super) fn line_with(&self, text: &str) -> Option<usize> {
        self.text.find(text).map(|at| self.line_at(at))
    }

    /// The last line.
    pub(super) fn end(&self) -> usize {
        self.text.lines().count().max(1)
    }
}
