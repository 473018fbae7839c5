//! The endings of the data directory go to the file store, and those of other replicas come from there.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::journal::{parse_lines, whole_lines};
use super::{Ending, Outside, OutsideError};
use crate::domain::notice::hex;

/// Where they lie: objects named by the hash of what they hold, so that none ever takes another's place.
const FOLDER: &str = "outside/endings";

/// How much of the file one object holds: the lines that begin in so many bytes of it. The last object of a
/// file is put anew as the file grows.
const PIECE: u64 = 64 * 1024;

/// How many objects are read before their lines are appended, so that a start that is cut short begins further on.
const FETCHED_AT_ONCE: usize = 256;
/// How many of those are asked for side by side.
const SIDE_BY_SIDE: usize = 16;

/// How often the store is listed until nothing that it named was replaced before it was read.
const LISTINGS: usize = 16;

/// What this process knows of the file store.
#[derive(Debug, Default)]
pub(super) struct Exchanged {
    /// The objects whose lines are in the file.
    known: HashSet<String>,
    /// The lines that stand in those objects.
    there: HashSet<Mark>,
    /// Where the first piece begins that is not full, or not there.
    begins: u64,
    /// The object of that piece, which the next one of it replaces.
    last: Option<String>,
    /// How far the file was read.
    length: u64,
}

/// What tells one line from all others: the MAC at its end, in hex.
type Mark = [u8; 32];

fn mark(line: &[u8]) -> Option<Mark> {
    line.last_chunk().copied()
}

impl Exchanged {
    /// The lines of this piece stand in an object of this name.
    fn know(&mut self, name: String, piece: &[u8]) {
        self.there.extend(whole_lines(piece).filter_map(|(_, line)| mark(line)));
        self.known.insert(name);
    }

    /// Whether the store has each line of a piece already, in whatever object.
    fn has_all(&self, piece: &[u8]) -> bool {
        whole_lines(piece)
            .all(|(_, line)| mark(line).is_some_and(|mark| self.there.contains(&mark)))
    }
}

impl Outside {
    /// Fetches what others put, and puts what they lack. Afterwards the data directory knows every ending that
    /// the file store knew, and the file store every one that was noted here before.
    ///
    /// # Errors
    /// When either cannot be read or written, or holds a line by another hand; then nothing is lost, and the
    /// next time goes on from here.
    pub async fn exchange(&self) -> Result<(), OutsideError> {
        let mut state = self.exchanged.lock().await;
        self.fetch(&mut state).await?;
        self.put(&mut state).await
    }

    /// The same, if something was noted here since; nobody else is asked.
    ///
    /// # Errors
    /// As [`Outside::exchange`].
    pub async fn put_new(&self) -> Result<(), OutsideError> {
        let mut state = self.exchanged.lock().await;
        self.put(&mut state).await
    }

    /// What versions before kept of erasures becomes part of the one file, when what those versions wrote is adopted:
    /// its lines have no MAC, and at any other time they are anybody's.
    ///
    /// # Errors
    /// When either file cannot be read or written, or holds a line by another hand.
    pub async fn take_over_erasures(&self) -> Result<(), OutsideError> {
        let (lines, _) = self.erasures.read(0, Ending::parse_erasure).await?;
        self.append_new(lines).await
    }

    /// The last piece of another process may be replaced by a longer one after it was listed and before it is
    /// read: then the store is listed again.
    async fn fetch(&self, state: &mut Exchanged) -> Result<(), OutsideError> {
        // What this file put needs not be fetched.
        let mut own = HashMap::new();
        if state.known.is_empty() {
            let bytes = self.endings.bytes(0).await?;
            own.extend(
                pieces(&bytes, 0).into_iter().map(|(_, piece)| (object_name(&piece), piece)),
            );
        }
        for _ in 0..LISTINGS {
            let mut names = self.files.names(FOLDER).await?;
            for name in &names {
                if let Some(piece) = own.remove(name) {
                    state.know(name.clone(), &piece);
                }
            }
            names.retain(|name| !state.known.contains(name));
            let mut is_whole = true;
            for names in names.chunks(FETCHED_AT_ONCE) {
                let found = stream::iter(names.to_vec()).map(|name| self.find_object(name));
                let found: Vec<_> = found.buffered(SIDE_BY_SIDE).try_collect().await?;
                let mut lines = vec![];
                for (name, bytes) in &found {
                    is_whole &= bytes.is_some();
                    if let Some(bytes) = bytes {
                        lines.extend(parse_lines(&key(name), bytes, self.line())?);
                    }
                }
                self.append_new(lines).await?;
                for (name, bytes) in found {
                    if let Some(bytes) = bytes {
                        state.know(name, &bytes);
                    }
                }
            }
            if is_whole {
                return Ok(());
            }
        }
        Err(OutsideError::Unsettled)
    }

    async fn find_object(&self, name: String) -> Result<(String, Option<Bytes>), OutsideError> {
        let bytes = self.files.find(&key(&name)).await?;
        Ok((name, bytes))
    }

    /// Takes in endings that were kept elsewhere: appends those that the file lacks.
    ///
    /// # Errors
    /// When the file cannot be read or written; then none is taken in.
    pub async fn append_new(&self, lines: Vec<Ending>) -> Result<(), OutsideError> {
        if lines.is_empty() {
            return Ok(());
        }
        let here = self.endings.bytes(0).await?;
        let mut here: HashSet<&[u8]> = whole_lines(&here).map(|(_, line)| line).collect();
        let lines: Vec<String> =
            lines.iter().map(|ending| ending.line(&self.evidence_key)).collect();
        let new = lines.iter().filter(|line| here.insert(line.as_bytes()));
        let new: String = new.flat_map(|line| [line, "\n"]).collect();
        if new.is_empty() { Ok(()) } else { self.endings.append(new).await }
    }

    async fn put(&self, state: &mut Exchanged) -> Result<(), OutsideError> {
        let length = self.endings.length().await?;
        if length == state.length {
            return Ok(());
        }
        if length < state.length {
            // It is another file.
            (state.begins, state.last) = (0, None);
        }
        let from = state.begins;
        let bytes = self.endings.bytes(from).await?;
        let pieces = pieces(&bytes, from);
        for (at, (begins, piece)) in pieces.iter().enumerate() {
            // What another hand wrote here must not reach the others.
            if let Err(error) = parse_lines(&self.endings.name(), piece, self.line()) {
                // The whole file tells the number of the line.
                self.endings.read(0, self.line()).await?;
                return Err(error);
            }
            state.begins = *begins;
            let name = object_name(piece);
            if !state.known.contains(&name) {
                // What was fetched from there has not to be put once more, under the name of another piece.
                if state.has_all(piece) {
                    if at + 1 < pieces.len() {
                        // The next piece does not replace the object of this one.
                        state.last = None;
                    }
                    continue;
                }
                self.files.create(&key(&name), piece.clone()).await?;
                state.know(name.clone(), piece);
            }
            if let Some(before) = state.last.take().filter(|before| *before != name) {
                self.files.delete(&key(&before)).await?;
            }
            if at + 1 == pieces.len() {
                state.last = Some(name);
            }
        }
        state.length = from + bytes.len() as u64;
        Ok(())
    }
}

fn object_name(piece: &[u8]) -> String {
    hex(&Sha256::digest(piece))
}

fn key(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// The whole lines of a file from this place on, those that begin within so many bytes together, and where each
/// piece begins.
fn pieces(bytes: &[u8], from: u64) -> Vec<(u64, Vec<u8>)> {
    let (mut pieces, mut begins): (Vec<(u64, Vec<u8>)>, u64) = (vec![], from);
    let mut of = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if whole_lines(line).next().is_some() {
            let number = begins / PIECE;
            if of != Some(number) {
                pieces.push((begins, vec![]));
                of = Some(number);
            }
            if let Some((_, piece)) = pieces.last_mut() {
                piece.extend_from_slice(line);
            }
        }
        begins += line.len() as u64;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::domain::address_key::AddressSecret;
    use crate::domain::evidence_key::EvidenceKey;
    use crate::files::Files;
    use crate::ledger::keys::LedgerKeys;
    use crate::ledger::note::{KeyName, SigningKey};

    fn line(number: usize) -> Ending {
        let text = format!(
            "2026-11-23T09:00:00.000000Z {number:064x} began unsubscribed newsletter:weekly"
        );
        Ending::parse(&text).unwrap()
    }

    fn open(data_dir: &Path, shared: &Path) -> Outside {
        let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
        let files = Files::open(&format!("file:{}", shared.display())).unwrap();
        let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
        let evidence_key = EvidenceKey::of(&AddressSecret::new([2; 32]));
        Outside::open(data_dir, &files, keys, evidence_key).unwrap()
    }

    #[tokio::test]
    async fn replicas_know_what_each_of_them_noted() {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [a, b] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[2].path()));
        a.note(&[line(1), line(2)]).await.unwrap();
        b.note(&[line(3)]).await.unwrap();
        a.exchange().await.unwrap();
        b.exchange().await.unwrap();
        assert_eq!(b.endings().await.unwrap().len(), 3);
        a.exchange().await.unwrap();
        assert_eq!(a.endings().await.unwrap().len(), 3);
        // One whose data directory is new learns all of it.
        let fresh = tempfile::tempdir().unwrap();
        let fresh = open(fresh.path(), dirs[2].path());
        fresh.exchange().await.unwrap();
        assert_eq!(fresh.endings().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_file_that_grows_is_kept_in_few_objects() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = open(dir.path(), shared.path());
        for from in 0..30 {
            let lines: Vec<Ending> = (from * 100..from * 100 + 100).map(line).collect();
            outside.note(&lines).await.unwrap();
            outside.put_new().await.unwrap();
        }
        let length = std::fs::metadata(dir.path().join("endings.log")).unwrap().len();
        let objects = outside.files.names(FOLDER).await.unwrap();
        assert_eq!(objects.len() as u64, length.div_ceil(PIECE));
        let fresh = tempfile::tempdir().unwrap();
        let fresh = open(fresh.path(), shared.path());
        fresh.exchange().await.unwrap();
        assert_eq!(fresh.endings().await.unwrap().len(), 3000);
    }

    #[tokio::test]
    async fn what_was_fetched_is_not_put_once_more() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = open(dir.path(), shared.path());
        outside.note(&[line(1)]).await.unwrap();
        outside.exchange().await.unwrap();
        outside.note(&(2..=500).map(line).collect::<Vec<_>>()).await.unwrap();
        outside.exchange().await.unwrap();
        let objects = async || outside.files.names(FOLDER).await.unwrap().len();
        let put = objects().await;
        // Machines whose data directory is new each time, and one that begins again.
        for _ in 0..3 {
            let fresh = tempfile::tempdir().unwrap();
            open(fresh.path(), shared.path()).exchange().await.unwrap();
            open(dir.path(), shared.path()).exchange().await.unwrap();
            assert_eq!(objects().await, put);
        }
        let fresh = tempfile::tempdir().unwrap();
        let fresh = open(fresh.path(), shared.path());
        fresh.exchange().await.unwrap();
        for number in 501..1500 {
            fresh.note(&[line(number)]).await.unwrap();
            if number % 100 == 0 {
                fresh.put_new().await.unwrap();
            }
        }
        fresh.put_new().await.unwrap();
        outside.exchange().await.unwrap();
        assert_eq!(outside.endings().await.unwrap().len(), 1499);
    }

    #[tokio::test]
    async fn nothing_that_was_there_is_missed_while_others_write() {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [writer, reader] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[2].path()));
        let there = std::sync::atomic::AtomicUsize::new(0);
        let notes = async {
            for number in 0..200 {
                writer.note(&[line(number)]).await.unwrap();
                writer.put_new().await.unwrap();
                there.store(number + 1, std::sync::atomic::Ordering::SeqCst);
            }
        };
        let reads = async {
            loop {
                let before = there.load(std::sync::atomic::Ordering::SeqCst);
                match reader.exchange().await {
                    // Whoever writes was faster each time: the next try finds it.
                    Err(OutsideError::Unsettled) => continue,
                    exchanged => exchanged.unwrap(),
                }
                assert!(reader.endings().await.unwrap().len() >= before, "of {before}");
                if before == 200 {
                    break;
                }
            }
        };
        tokio::join!(notes, reads);
    }

    #[tokio::test]
    async fn a_copy_of_the_data_directory_takes_nothing_away() {
        let (one, two, shared) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let original = open(one.path(), shared.path());
        original.note(&[line(1)]).await.unwrap();
        original.put_new().await.unwrap();
        std::fs::copy(one.path().join("endings.log"), two.path().join("endings.log")).unwrap();
        let copy = open(two.path(), shared.path());
        for number in 2..6 {
            let outside = if number % 2 == 0 { &original } else { &copy };
            outside.note(&[line(number)]).await.unwrap();
            outside.put_new().await.unwrap();
        }
        let fresh = tempfile::tempdir().unwrap();
        let fresh = open(fresh.path(), shared.path());
        fresh.exchange().await.unwrap();
        assert_eq!(fresh.endings().await.unwrap().len(), 5);
    }

    #[tokio::test]
    async fn lines_that_are_taken_away_are_known_until_the_process_ends() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = open(dir.path(), shared.path());
        outside.note(&[line(1), line(2)]).await.unwrap();
        assert_eq!(outside.endings().await.unwrap().len(), 2);
        std::fs::write(dir.path().join("endings.log"), "").unwrap();
        outside.note(&[line(3)]).await.unwrap();
        assert_eq!(outside.endings().await.unwrap().len(), 3);
        assert_eq!(open(dir.path(), shared.path()).endings().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn erasures_of_versions_before_are_taken_over() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = format!("2026-11-23T09:00:00.000000Z {:064x}\n", 9);
        std::fs::write(dir.path().join("erasures.log"), text).unwrap();
        let outside = open(dir.path(), shared.path());
        outside.take_over_erasures().await.unwrap();
        assert_eq!(outside.endings().await.unwrap().len(), 1);
        outside.exchange().await.unwrap();
        let text = std::fs::read_to_string(dir.path().join("endings.log")).unwrap();
        assert_eq!(text.lines().count(), 1);
        // With our MAC from here on.
        assert!(text.contains(" began erased * "), "{text}");
    }

    #[tokio::test]
    async fn a_line_by_another_hand_goes_no_further() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = open(dir.path(), shared.path());
        outside.note(&[line(1)]).await.unwrap();
        let file = dir.path().join("endings.log");
        let noted = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{noted}nonsense\n")).unwrap();
        assert!(matches!(outside.put_new().await, Err(OutsideError::Line(..))));
        assert!(outside.files.names(FOLDER).await.unwrap().is_empty());
        std::fs::write(&file, noted).unwrap();
        outside.put_new().await.unwrap();
        assert_eq!(outside.files.names(FOLDER).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_object_by_another_hand_is_named() {
        let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = open(dir.path(), shared.path());
        outside.files.create("outside/endings/x", "nonsense\n").await.unwrap();
        let error = outside.exchange().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "outside/endings/x was changed by another hand: line 1 is not as this program writes it"
        );
    }
}
