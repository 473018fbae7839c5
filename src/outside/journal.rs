//! A file of lines that only grows, on disk before whoever appended goes on.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::OutsideError;

/// What closes off a line that a loss of power cut short: whoever wrote it was never told that it is there.
const TORN: &[u8] = b" #torn\n";

/// One such file, mode 0600. Several processes append to it.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    file: PathBuf,
}

impl Journal {
    pub(super) fn open(file: PathBuf) -> Self {
        Self { file }
    }

    /// Appends whole lines, each with its newline; they are on disk when this returns.
    pub(super) async fn append(&self, lines: String) -> Result<(), OutsideError> {
        let file = self.file.clone();
        let written = tokio::task::spawn_blocking(move || append(&file, lines.as_bytes())).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(|error| OutsideError::Write(self.file.clone(), error))
    }

    /// How long the file is; it is made by the first line.
    pub(super) async fn length(&self) -> Result<u64, OutsideError> {
        match tokio::fs::metadata(&self.file).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            there => Ok(there.map_err(|error| self.unreadable(error))?.len()),
        }
    }

    /// The bytes from this place on.
    pub(super) async fn bytes(&self, from: u64) -> Result<Vec<u8>, OutsideError> {
        let file = self.file.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut file = match File::open(&file) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
                file => file?,
            };
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = vec![];
            file.read_to_end(&mut bytes).map(|_| bytes)
        });
        let read = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        read.map_err(|error| self.unreadable(error))
    }

    /// Reads the whole lines from this place on, where a line begins, and gives the place behind them.
    pub(super) async fn read<T>(
        &self,
        from: u64,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<(Vec<T>, u64), OutsideError> {
        let bytes = self.bytes(from).await?;
        match parse_lines(&self.name(), &bytes, &parse) {
            // The number of a line is counted from the first.
            Err(OutsideError::Line(..)) if from > 0 => {
                parse_lines(&self.name(), &self.bytes(0).await?, &parse)?;
                Err(OutsideError::Line(self.name(), 0))
            }
            lines => {
                let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                Ok((lines?, from + whole as u64))
            }
        }
    }

    /// What errors call it.
    pub(super) fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn unreadable(&self, error: std::io::Error) -> OutsideError {
        OutsideError::Read(self.file.clone(), error)
    }
}

/// Reads the whole lines of a file, or of an object, of this name.
pub(super) fn parse_lines<T>(
    name: &str,
    bytes: &[u8],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, OutsideError> {
    let parsed = |(number, line): (usize, &[u8])| {
        let line = std::str::from_utf8(line).ok();
        line.and_then(&parse).ok_or_else(|| OutsideError::Line(name.to_owned(), number))
    };
    whole_lines(bytes).map(parsed).collect()
}

fn append(file: &Path, lines: &[u8]) -> std::io::Result<()> {
    let mut out = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    // Until it is closed, for what is read of its end must still be its end.
    out.lock()?;
    let end = out.seek(SeekFrom::End(0))?;
    if end > 0 {
        let mut last = [0];
        out.seek(SeekFrom::End(-1))?;
        out.read_exact(&mut last)?;
        if last != *b"\n" {
            out.write_all(TORN)?;
        }
    }
    out.write_all(lines)?;
    out.sync_all()?;
    if end == 0 {
        File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// The lines that were written to their end, each with its number.
pub(super) fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.ends_with(TORN))
        .filter_map(|(at, line)| Some((at + 1, line.strip_suffix(b"\n")?)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_torn_line_is_closed_off_and_never_read() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        let read =
            async || journal.read(0, |line| line.parse::<u32>().ok()).await.map(|(lines, _)| lines);
        assert_eq!(read().await.unwrap(), Vec::<u32>::new());
        journal.append("1\n22\n".into()).await.unwrap();
        let mode = std::fs::metadata(&journal.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Cut anywhere, a line says less than it did, or something else.
        let whole = std::fs::read(&journal.file).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&journal.file, &whole[..cut]).unwrap();
            let kept: Vec<u32> = match cut {
                0 | 1 => vec![],
                2..=4 => vec![1],
                _ => vec![1, 22],
            };
            assert_eq!(read().await.unwrap(), kept, "cut at {cut}");
            journal.append("333\n".into()).await.unwrap();
            assert_eq!(read().await.unwrap(), [kept, vec![333]].concat(), "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn what_was_read_is_not_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        journal.append("1\n22\n".into()).await.unwrap();
        let read = async |from| journal.read(from, |line| line.parse::<u32>().ok()).await.unwrap();
        assert_eq!(read(0).await, (vec![1, 22], 5));
        assert_eq!(read(5).await, (vec![], 5));
        // A line that is not whole yet is read once it is.
        let whole = std::fs::read(&journal.file).unwrap();
        std::fs::write(&journal.file, [&whole[..], b"33"].concat()).unwrap();
        assert_eq!(read(5).await, (vec![], 5));
        std::fs::write(&journal.file, [&whole[..], b"33\n4"].concat()).unwrap();
        assert_eq!(read(5).await, (vec![33], 8));
    }

    #[tokio::test]
    async fn a_line_by_another_hand_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        for bad in [&b"1\nx\n3\n"[..], b"1\n\n3\n", b"1\n\xff\n3\n", b"1\n2 #torn \n"] {
            std::fs::write(&journal.file, bad).unwrap();
            let error = journal.read(0, |line| line.parse::<u32>().ok()).await.unwrap_err();
            assert!(error.to_string().contains("line 2"), "{error}");
            let later = journal.read(2, |line| line.parse::<u32>().ok()).await.unwrap_err();
            assert_eq!(later.to_string(), error.to_string());
        }
    }

    #[test]
    fn many_who_append_at_once_keep_their_lines_whole() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lines");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..20 {
                        append(file, format!("{writer}{writer}{writer}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read(&file).unwrap();
        let lines: Vec<&[u8]> = whole_lines(&text).map(|(_, line)| line).collect();
        assert_eq!(lines.len(), 160);
        assert!(lines.iter().all(|line| line.len() == 3 && line.iter().all(|d| *d == line[0])));
    }
}
