//! A file of lines that only grows, on disk before whoever appended goes on.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::error::OutsideError;
use crate::folders::flush_folder;

/// What closes off a line that a loss of power cut short: whoever wrote it was never told that it is there.
const TORN: &[u8] = b" #torn\n";

/// One such file, mode 0600. Several processes append to it.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    file: PathBuf,
    /// Whether its folder was flushed since it was opened here: who made the file may have been killed before that.
    is_named: Arc<AtomicBool>,
}

impl Journal {
    pub(super) fn open(file: PathBuf) -> Self {
        Self { file, is_named: Arc::default() }
    }

    /// Appends whole lines, each with its newline; they are on disk when this returns.
    pub(super) async fn append(&self, lines: String) -> Result<(), OutsideError> {
        let (file, is_named) = (self.file.clone(), self.is_named.clone());
        let written = tokio::task::spawn_blocking(move || {
            append(&file, lines.as_bytes())?;
            if !is_named.load(Ordering::Relaxed) {
                flush_folder(file.parent().unwrap_or(Path::new(".")))?;
                is_named.store(true, Ordering::Relaxed);
            }
            Ok(())
        });
        let written = written.await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(|error| OutsideError::Write(self.file.clone(), error))
    }

    /// All bytes; none of a file that is not there.
    pub(super) async fn bytes(&self) -> Result<Vec<u8>, OutsideError> {
        let read = self.blocking(|file| match File::open(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![]),
            opened => read_from(&mut opened?, 0),
        });
        read.await
    }

    /// Reads all whole lines.
    pub(super) async fn read<T>(
        &self,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, OutsideError> {
        parse_lines(&self.name(), &self.bytes().await?, parse)
    }

    /// Reads the whole lines that came since this place, and gives the place behind them; `None` where nothing came.
    /// What was read before comes once more where the file is another one.
    pub(super) async fn read_on<T>(
        &self,
        place: &ReadUpTo,
        look: Look,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<(Vec<T>, ReadUpTo)>, OutsideError> {
        let Some(grown) = self.grown(place, place.to, look).await? else { return Ok(None) };
        match parse_lines(&self.name(), &grown.bytes, &parse) {
            // The number of a line is counted from the first.
            Err(OutsideError::Line(..)) if grown.from > 0 => {
                self.read(parse).await?;
                Err(OutsideError::Line(self.name(), 0))
            }
            lines => {
                let whole = grown.bytes.iter().rposition(|byte| *byte == b'\n');
                Ok(Some((lines?, place.behind(&grown, whole.map_or(0, |at| at + 1)))))
            }
        }
    }

    /// What stands in the file from `from` on, which lies not behind the place, if anything came since that place: all
    /// of it, from the first byte on, where the file is another one.
    pub(super) async fn grown(
        &self,
        place: &ReadUpTo,
        from: u64,
        look: Look,
    ) -> Result<Option<Grown>, OutsideError> {
        let place = place.clone();
        self.blocking(move |file| grown(file, &place, from, look)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, OutsideError> {
        let file = self.file.clone();
        let done = tokio::task::spawn_blocking(move || work(&file)).await;
        let done = done.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        done.map_err(|error| OutsideError::Read(self.file.clone(), error))
    }

    /// What errors call it.
    pub(super) fn name(&self) -> String {
        self.file.display().to_string()
    }
}

/// How closely it is looked at whether what was read still stands before a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// At which file it is, that it is not shorter, and at the last bytes: cheap, however long the file is.
    End,
    /// At every byte.
    Whole,
}

/// How far a file was read, and what tells whether it is still the one that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadUpTo {
    to: u64,
    file: Option<FileId>,
    /// The last bytes before the place.
    tail: Vec<u8>,
    /// All bytes before it.
    hash: Sha256,
}

/// The device of a file, and its number there.
type FileId = (u64, u64);

/// How many bytes before a place are compared: the MAC that ends a line is among them.
const TAIL: usize = 64;

/// What a file has come to since a place.
#[derive(Debug)]
pub(super) struct Grown {
    /// Where the bytes begin.
    pub(super) from: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether the file is another one than was read.
    pub(super) is_another: bool,
    file: Option<FileId>,
}

impl ReadUpTo {
    /// The place behind the first `count` bytes of what came since this one.
    pub(super) fn behind(&self, grown: &Grown, count: usize) -> Self {
        let read = grown.bytes.get(..count).unwrap_or(&grown.bytes);
        let before = if grown.is_another { Self::default() } else { self.clone() };
        let known = usize::try_from(before.to.saturating_sub(grown.from)).unwrap_or(usize::MAX);
        let new = read.get(known..).unwrap_or_default();
        let tail = [before.tail.as_slice(), new].concat();
        let mut hash = before.hash;
        hash.update(new);
        Self {
            to: before.to + new.len() as u64,
            file: grown.file,
            tail: tail[tail.len().saturating_sub(TAIL)..].to_vec(),
            hash,
        }
    }

    /// Whether these are the first bytes of the file that was read.
    fn is_in(&self, bytes: &[u8]) -> bool {
        let read = usize::try_from(self.to).ok().and_then(|to| bytes.get(..to));
        let own = self.hash.clone().finalize();
        read.is_some_and(|read| Sha256::digest(read) == own)
    }

    /// Whether the last bytes that were read stand where they stood.
    fn ends_in(&self, file: &mut File) -> std::io::Result<bool> {
        if file.metadata()?.len() < self.to {
            return Ok(false);
        }
        let mut tail = vec![0; self.tail.len()];
        file.seek(SeekFrom::Start(self.to.saturating_sub(tail.len() as u64)))?;
        match file.read_exact(&mut tail) {
            // Cut short at this moment.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            read => read.map(|()| tail == self.tail),
        }
    }
}

fn grown(file: &Path, place: &ReadUpTo, from: u64, look: Look) -> std::io::Result<Option<Grown>> {
    let mut opened = match File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let gone = Grown { from: 0, bytes: vec![], is_another: true, file: None };
            return Ok((place.to > 0).then_some(gone));
        }
        opened => opened?,
    };
    let metadata = opened.metadata()?;
    let id = Some((metadata.dev(), metadata.ino()));
    let same = place.file == id;
    if look == Look::End && same && place.ends_in(&mut opened)? {
        if opened.metadata()?.len() == place.to {
            return Ok(None);
        }
        let bytes = read_from(&mut opened, from)?;
        return Ok(Some(Grown { from, bytes, is_another: false, file: id }));
    }
    let mut bytes = read_from(&mut opened, 0)?;
    if same && place.is_in(&bytes) {
        if bytes.len() as u64 == place.to {
            return Ok(None);
        }
        bytes.drain(..usize::try_from(from).unwrap_or(bytes.len()).min(bytes.len()));
        return Ok(Some(Grown { from, bytes, is_another: false, file: id }));
    }
    Ok(Some(Grown { from: 0, bytes, is_another: true, file: id }))
}

fn read_from(file: &mut File, from: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = vec![];
    file.read_to_end(&mut bytes).map(|_| bytes)
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
    out.sync_all()
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

    fn number(line: &str) -> Option<u32> {
        line.parse().ok()
    }

    /// What came since this place, which moves behind it.
    async fn read_on(journal: &Journal, place: &mut ReadUpTo, look: Look) -> Vec<u32> {
        let Some((lines, behind)) = journal.read_on(place, look, number).await.unwrap() else {
            return vec![];
        };
        *place = behind;
        lines
    }

    #[tokio::test]
    async fn a_torn_line_is_closed_off_and_never_read() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        let read = async || journal.read(number).await;
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
        for look in [Look::End, Look::Whole] {
            std::fs::write(&journal.file, "1\n22\n").unwrap();
            let mut place = ReadUpTo::default();
            assert_eq!(read_on(&journal, &mut place, look).await, [1, 22]);
            assert_eq!(journal.read_on(&place, look, number).await.unwrap().map(|_| ()), None);
            // A line that is not whole yet is read once it is.
            std::fs::write(&journal.file, "1\n22\n33").unwrap();
            assert_eq!(read_on(&journal, &mut place, look).await, [0; 0]);
            std::fs::write(&journal.file, "1\n22\n33\n4").unwrap();
            assert_eq!(read_on(&journal, &mut place, look).await, [33]);
            assert_eq!(place.to, 8);
        }
    }

    #[tokio::test]
    async fn a_file_of_the_same_length_that_says_something_else_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        let put = |text: &str| std::fs::write(&journal.file, text).unwrap();
        for (before, after, kept) in [
            // What nobody reads was cut out again, and something else came.
            ("1\nx #torn\n", "1\n2345678\n", vec![1, 2_345_678]),
            // It is shorter, or gone.
            ("1\n2\n", "3\n", vec![3]),
            ("1\n2\n", "", vec![]),
        ] {
            for look in [Look::End, Look::Whole] {
                put(before);
                let mut place = ReadUpTo::default();
                read_on(&journal, &mut place, look).await;
                put(after);
                assert_eq!(read_on(&journal, &mut place, look).await, kept, "{after:?}");
                journal.append("9\n".into()).await.unwrap();
                assert_eq!(read_on(&journal, &mut place, look).await, [9], "{after:?}");
            }
        }
        std::fs::remove_file(&journal.file).unwrap();
        let mut place = ReadUpTo::default();
        assert_eq!(read_on(&journal, &mut place, Look::End).await, [0; 0]);
        put("1\n");
        read_on(&journal, &mut place, Look::End).await;
        std::fs::remove_file(&journal.file).unwrap();
        assert_eq!(read_on(&journal, &mut place, Look::End).await, [0; 0]);
        assert_eq!(place.to, 0);
    }

    #[tokio::test]
    async fn a_change_far_before_the_place_is_seen_by_whoever_looks_at_all_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        let text = |first: u32| format!("{first}\n{}", "7\n".repeat(TAIL));
        std::fs::write(&journal.file, text(1)).unwrap();
        let mut place = ReadUpTo::default();
        read_on(&journal, &mut place, Look::End).await;
        std::fs::write(&journal.file, text(2)).unwrap();
        assert_eq!(read_on(&journal, &mut place, Look::End).await, [0; 0]);
        assert_eq!(read_on(&journal, &mut place, Look::Whole).await[0], 2);
        assert_eq!(read_on(&journal, &mut place, Look::Whole).await, [0; 0]);
        // Another file with the same bytes is another one all the same.
        let other = dir.path().join("other");
        std::fs::write(&other, text(2)).unwrap();
        std::fs::rename(&other, &journal.file).unwrap();
        assert_eq!(read_on(&journal, &mut place, Look::End).await.len(), TAIL + 1);
    }

    #[tokio::test]
    async fn what_is_read_from_before_the_place_moves_it_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        std::fs::write(&journal.file, "1\n22\n").unwrap();
        let mut place = ReadUpTo::default();
        read_on(&journal, &mut place, Look::Whole).await;
        journal.append("333\n".into()).await.unwrap();
        let grown = journal.grown(&place, 2, Look::End).await.unwrap().unwrap();
        assert_eq!((grown.from, grown.bytes.as_slice()), (2, &b"22\n333\n"[..]));
        place = place.behind(&grown, grown.bytes.len());
        assert_eq!(place.to, 9);
        assert!(journal.grown(&place, 2, Look::Whole).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_line_by_another_hand_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().join("lines"));
        for bad in [&b"1\nx\n3\n"[..], b"1\n\n3\n", b"1\n\xff\n3\n", b"1\n2 #torn \n"] {
            std::fs::write(&journal.file, bad).unwrap();
            let error = journal.read(number).await.unwrap_err();
            assert!(error.to_string().contains("line 2"), "{error}");
            std::fs::write(&journal.file, "1\n").unwrap();
            let mut place = ReadUpTo::default();
            read_on(&journal, &mut place, Look::End).await;
            std::fs::write(&journal.file, bad).unwrap();
            let later = journal.read_on(&place, Look::End, number).await.unwrap_err();
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
