//! The endings of the data directory go to the file store, and those of other replicas come from there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::ending::Ending;
use super::endings::Endings;
use super::error::OutsideError;
use super::exchanged::{Exchanged, Last};
use super::journal::{Grown, Look, parse_lines, whole_lines};
use super::objects::{FOLDER, find_lines, key, object_name, pieces};
use super::places::{Access, Outside};

/// How many objects are read before their lines are appended, so that a start that is cut short begins further on.
const FETCHED_AT_ONCE: usize = 256;
/// How many of those are asked for side by side.
const SIDE_BY_SIDE: usize = 16;

/// How often the store is listed until nothing that it named was replaced before it was read.
const LISTINGS: usize = 16;
/// How many listings of which all was read tell together what the store holds.
const WHOLE_LISTINGS: usize = 2;

impl Outside {
    /// Fetches what others put, and puts what they lack. Afterwards the data directory knows every ending that
    /// the file store knew, and the file store every one that was noted here before. The whole file is looked at, and
    /// not only what it has grown by.
    ///
    /// # Errors
    /// When either cannot be read or written, or holds a line by another hand; then nothing is lost, and the
    /// next time goes on from here.
    pub async fn exchange(&self) -> Result<(), OutsideError> {
        let mut state = self.exchanged.lock().await;
        let fetched = self.fetch(&mut state, true).await;
        self.hear(Look::Whole).await?;
        // What others put keeps nothing of ours from reaching them.
        let put = self.put(&mut state, Look::Whole).await;
        fetched.and(put)
    }

    /// All endings that either place knows; neither learns them from the other.
    ///
    /// # Errors
    /// When either cannot be read, or holds a line by another hand.
    pub async fn known_endings(&self) -> Result<Arc<Endings>, OutsideError> {
        self.fetch(&mut *self.exchanged.lock().await, true).await?;
        self.hear(Look::Whole).await
    }

    /// Reads each object anew, also those that this machine put, unlike [`Outside::exchange`]: one that was changed
    /// without changing its size is found, and one that was taken away is put again.
    ///
    /// # Errors
    /// As [`Outside::exchange`].
    pub async fn look_through(&self) -> Result<(), OutsideError> {
        let mut anew = Exchanged::default();
        // It may take long, and nobody has to wait for it.
        self.fetch(&mut anew, false).await?;
        let mut state = self.exchanged.lock().await;
        (state.known, state.there) = (anew.known, anew.there);
        self.put_missing(&mut state).await?;
        self.hear(Look::Whole).await?;
        self.put(&mut state, Look::Whole).await
    }

    /// Puts what was noted here since; fetches nothing.
    ///
    /// # Errors
    /// As [`Outside::exchange`].
    pub async fn put_new(&self) -> Result<(), OutsideError> {
        let mut state = self.exchanged.lock().await;
        self.put(&mut state, Look::End).await
    }

    /// Exchanges as [`Outside::exchange`] does, if this process noted anything that the file store may lack: whoever ends has
    /// nobody else who brings it there, whatever becomes of the file meanwhile.
    ///
    /// # Errors
    /// As [`Outside::exchange`].
    pub async fn bring_noted(&self) -> Result<(), OutsideError> {
        let nothing = self.heard.lock().await.noted.is_empty();
        if nothing { Ok(()) } else { self.exchange().await }
    }

    /// What versions before kept of erasures becomes part of the one file, when what those versions wrote is adopted:
    /// its lines have no MAC, and at any other time they are anybody's.
    ///
    /// # Errors
    /// When either file cannot be read or written, or holds a line by another hand.
    pub async fn take_over_erasures(&self) -> Result<(), OutsideError> {
        self.append_new(self.erasures.read(Ending::parse_erasure).await?).await
    }

    /// The last piece of another process may be replaced by a longer one after it was listed and before it is
    /// read: then the store is listed again. It may be replaced while the store is listed, too, so that neither of
    /// the two is named: so one listing is not believed by itself.
    async fn fetch(&self, state: &mut Exchanged, trusts_own: bool) -> Result<(), OutsideError> {
        // What this file put needs not be fetched, as long as it has its size.
        let mut own = HashMap::new();
        if trusts_own && state.known.is_empty() {
            let bytes = self.endings.bytes().await?;
            own.extend(
                pieces(&bytes, 0).into_iter().map(|(_, piece)| (object_name(&piece), piece)),
            );
        }
        let mut whole_listings = 0;
        for _ in 0..LISTINGS {
            let mut names = vec![];
            for (name, size) in self.files.sizes(FOLDER).await? {
                let size = size.ok_or_else(|| OutsideError::Object(key(&name)))?;
                if let Some(piece) = own.remove(&name).filter(|piece| piece.len() as u64 == size) {
                    state.know(name, &piece);
                } else if !state.knows(&name, size) {
                    names.push(name);
                }
            }
            let mut is_whole = true;
            for names in names.chunks(FETCHED_AT_ONCE) {
                let found = stream::iter(names.to_vec()).map(|name| self.find_object(name));
                let found: Vec<_> = found.buffered(SIDE_BY_SIDE).try_collect().await?;
                let (mut right, mut lines) = (vec![], vec![]);
                for (name, bytes) in found {
                    is_whole &= bytes.is_some();
                    let Some(mut bytes) = bytes else { continue };
                    if object_name(&bytes) != name {
                        bytes = self.put_right(&name, &bytes).await?;
                    }
                    lines.extend(parse_lines(&key(&name), &bytes, self.line())?);
                    right.push((name, bytes));
                }
                self.append_new(lines).await?;
                for (name, bytes) in right {
                    state.know(name, &bytes);
                }
            }
            whole_listings += usize::from(is_whole);
            if whole_listings == WHOLE_LISTINGS {
                return Ok(());
            }
        }
        Err(OutsideError::Unsettled)
    }

    /// Takes in endings that were kept elsewhere: appends those that the file lacks. This process knows all of them from
    /// here on.
    ///
    /// # Errors
    /// When the file cannot be read or written; then none is taken in.
    pub async fn append_new(&self, endings: Vec<Ending>) -> Result<(), OutsideError> {
        if endings.is_empty() {
            return Ok(());
        }
        let here = self.endings.bytes().await?;
        let mut here: HashSet<&[u8]> = whole_lines(&here).map(|(_, line)| line).collect();
        let lines: Vec<String> =
            endings.iter().map(|ending| ending.line(&self.evidence_key)).collect();
        let new = lines.iter().filter(|line| here.insert(line.as_bytes()));
        let new: String = new.flat_map(|line| [line, "\n"]).collect();
        if !new.is_empty() && self.access == Access::Use {
            self.endings.append(new).await?;
        }
        Arc::make_mut(&mut self.heard.lock().await.endings).add(endings);
        Ok(())
    }

    /// Puts what was put before and is not there any more.
    async fn put_missing(&self, state: &mut Exchanged) -> Result<(), OutsideError> {
        let bytes = self.endings.bytes().await?;
        let full = usize::try_from(state.begins).unwrap_or(usize::MAX).min(bytes.len());
        let mut put = pieces(&bytes[..full], 0);
        if let Some(last) = &state.last
            && let Some((begins, mut piece)) =
                pieces(&bytes[full..], state.begins).into_iter().next()
            && last.is_in(&piece)
        {
            piece.truncate(last.length);
            put.push((begins, piece));
        }
        for (_, piece) in put {
            if !state.has_all(&piece) {
                parse_lines(&self.endings.name(), &piece, self.line())?;
                self.put_piece(state, object_name(&piece), &piece).await?;
            }
        }
        Ok(())
    }

    /// Puts an object under its name, unless another process did. What another hand put in its place is looked at when it is fetched.
    async fn put_piece(
        &self,
        state: &mut Exchanged,
        name: String,
        piece: &[u8],
    ) -> Result<(), OutsideError> {
        let is_there = self.files.create(&key(&name), piece.to_vec()).await?
            || self.files.find(&key(&name)).await?.is_some_and(|there| there == piece);
        if is_there {
            state.know(name, piece);
        }
        Ok(())
    }

    async fn put(&self, state: &mut Exchanged, look: Look) -> Result<(), OutsideError> {
        // These were in the file before it is read.
        let noted = self.heard.lock().await.noted.len();
        if let Some(grown) = self.endings.grown(&state.place, state.begins, look).await? {
            self.put_grown(state, &grown).await?;
        }
        let lost = self.find_lost(state, noted).await;
        if !lost.is_empty() {
            let file = self.endings.name();
            tracing::error!(
                file,
                "another hand took out what this process had noted: it is written anew"
            );
            self.put_piece(state, object_name(lost.as_bytes()), lost.as_bytes()).await?;
            self.endings.append(lost).await?;
        }
        self.heard.lock().await.noted.drain(..noted);
        Ok(())
    }

    /// Those of the first `count` lines that this process noted which were not in the file when it was read.
    async fn find_lost(&self, state: &Exchanged, count: usize) -> String {
        let heard = self.heard.lock().await;
        let lost =
            heard.noted.iter().take(count).filter(|line| !state.has(line.trim_end().as_bytes()));
        lost.map(String::as_str).collect()
    }

    async fn put_grown(&self, state: &mut Exchanged, grown: &Grown) -> Result<(), OutsideError> {
        if grown.is_another {
            state.last = None;
        }
        let mut begins = grown.from;
        let pieces = pieces(&grown.bytes, grown.from);
        for (at, (from, piece)) in pieces.iter().enumerate() {
            // What another hand wrote here must not reach the others.
            if let Err(error) = parse_lines(&self.endings.name(), piece, self.line()) {
                // The whole file tells the number of the line.
                self.endings.read(self.line()).await?;
                return Err(error);
            }
            begins = *from;
            let name = object_name(piece);
            if !state.known.contains_key(&name) {
                // What was fetched from there has not to be put once more, under the name of another piece.
                if state.has_all(piece) {
                    if at + 1 < pieces.len() {
                        // The next piece does not replace the object of this one.
                        state.last = None;
                    }
                    continue;
                }
                self.put_piece(state, name.clone(), piece).await?;
            }
            let replaced = state.last.take().filter(|last| last.name != name && last.is_in(piece));
            if let Some(last) = replaced {
                self.files.delete_object(&key(&last.name)).await?;
            }
            if at + 1 == pieces.len() {
                state.last = Some(Last { name, length: piece.len() });
            }
        }
        (state.begins, state.place) = (begins, state.place.behind(grown, grown.bytes.len()));
        Ok(())
    }

    /// Whether anybody ever ended anything, as far as either place knows; nothing is fetched.
    ///
    /// # Errors
    /// When a place cannot be read.
    pub async fn holds_endings(&self) -> Result<bool, OutsideError> {
        Ok(!self.endings().await?.is_empty() || !self.files.sizes(FOLDER).await?.is_empty())
    }

    /// What an object holds, with its name; nothing when it is gone.
    async fn find_object(&self, name: String) -> Result<(String, Option<Bytes>), OutsideError> {
        let bytes = self.files.find(&key(&name)).await?;
        Ok((name, bytes))
    }

    /// Puts back what belongs under a name that something else was found under, where this machine has it.
    ///
    /// # Errors
    /// When this machine does not have it: whoever left by a line that is missing would be written to.
    async fn put_right(&self, name: &str, found: &[u8]) -> Result<Bytes, OutsideError> {
        let key = key(name);
        let Some(piece) = find_lines(&self.endings.bytes().await?, name) else {
            // A line by another hand says more.
            parse_lines(&key, found, self.line())?;
            return Err(OutsideError::Object(key));
        };
        if self.access == Access::Look {
            return Ok(piece);
        }
        self.files.replace(&key, piece.clone()).await?;
        tracing::warn!(
            object = key,
            "endings in the file store were changed by another hand, and are put right"
        );
        Ok(piece)
    }
}
