//! A file that arrives in pieces: told by its first bytes, hashed on the way, there whole or not at all.

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{COVER_MAX, Files, FilesError, PART_SIZE, Shelf, StoredFile};
use crate::domain::catalog::media_type::{HEAD_LENGTH, MediaType};

/// A report's file on its way into the store. Dropped before it was finished, it leaves nothing behind.
pub struct IncomingReport {
    files: Files,
    id: Uuid,
    started: Option<Started>,
    /// What arrived and is not a whole part yet.
    part: BytesMut,
    hash: Sha256,
    byte_size: i64,
}

/// An upload that the store knows of.
struct Started {
    files: Files,
    key: Key,
    media_type: MediaType,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        // S3 keeps the parts of an upload that nobody ends.
        self.files.in_background(async move {
            if let Err(error) = upload.abort().await {
                tracing::warn!(error = ?error, "an upload that broke off could not be removed");
            }
        });
    }
}

impl Files {
    /// Begins to take a report's file, which will lie under a key of its own.
    #[must_use]
    pub fn receive_report(&self, id: Uuid) -> IncomingReport {
        IncomingReport {
            files: self.clone(),
            id,
            started: None,
            part: BytesMut::new(),
            hash: Sha256::new(),
            byte_size: 0,
        }
    }

    /// Puts the bytes of a cover picture into the store under a key of its own.
    ///
    /// # Errors
    /// When it is no picture, too large, or cannot be stored.
    pub async fn put_cover_bytes(
        &self,
        id: Uuid,
        bytes: Bytes,
    ) -> Result<(String, MediaType), FilesError> {
        if u64::try_from(bytes.len()).is_ok_and(|size| size > COVER_MAX) {
            return Err(FilesError::CoverTooLarge);
        }
        let head = &bytes[..bytes.len().min(HEAD_LENGTH)];
        let media_type = MediaType::of_cover(head).ok_or(FilesError::NotACover)?;
        let key = Key::from(Shelf::Covers.key(&format!("{id}.{}", media_type.ending)));
        self.store.put(&key, bytes.into()).await?;
        Ok((key.to_string(), media_type))
    }
}

impl IncomingReport {
    /// Takes the next piece. What is no report is refused as soon as its first bytes are there.
    ///
    /// # Errors
    /// When it is no report file, or the store does not take it.
    pub async fn push(&mut self, piece: &[u8]) -> Result<(), FilesError> {
        let mut rest = piece;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PART_SIZE - self.part.len()));
            self.part.extend_from_slice(now);
            rest = later;
            if self.started.is_none() && self.part.len() >= HEAD_LENGTH {
                self.start().await?;
            }
            if self.part.len() == PART_SIZE {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    /// Ends the file: it is in the store from here on.
    ///
    /// # Errors
    /// When it is no report file, or the store does not take it.
    pub async fn finish(mut self) -> Result<StoredFile, FilesError> {
        if self.started.is_none() {
            self.start().await?;
        }
        if !self.part.is_empty() {
            self.send_part().await?;
        }
        let started = self.started.as_mut().ok_or(FilesError::NotAReport)?;
        if let Some(upload) = started.upload.as_mut() {
            upload.complete().await?;
        }
        started.upload = None;
        Ok(StoredFile {
            key: started.key.to_string(),
            media_type: started.media_type,
            byte_size: self.byte_size,
            sha256: HEXLOWER.encode(&self.hash.finalize()),
        })
    }

    async fn start(&mut self) -> Result<(), FilesError> {
        let head = &self.part[..self.part.len().min(HEAD_LENGTH)];
        let media_type = MediaType::of_report(head).ok_or(FilesError::NotAReport)?;
        let key = Key::from(Shelf::Reports.key(&format!("{}.{}", self.id, media_type.ending)));
        let upload = Some(self.files.store.put_multipart(&key).await?);
        self.started = Some(Started { files: self.files.clone(), key, media_type, upload });
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), FilesError> {
        let part = self.part.split().freeze();
        self.hash.update(&part);
        self.byte_size += i64::try_from(part.len()).unwrap_or(i64::MAX);
        if let Some(upload) = self.started.as_mut().and_then(|started| started.upload.as_mut()) {
            upload.put_part(PutPayload::from(part)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file below.
    fn names(directory: &std::path::Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                found.extend(names(&entry.path()));
            } else {
                found.push(entry.file_name().into_string().unwrap());
            }
        }
        found
    }

    #[tokio::test]
    async fn comes_out_as_it_went_in() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", directory.path().display())).unwrap();
        let mut whole = b"%PDF-1.7\n".to_vec();
        whole.resize(PART_SIZE + 4321, b'x');
        for (id, size) in (0..).zip([3001, 100_000, whole.len()]) {
            let mut incoming = files.receive_report(Uuid::from_u128(id));
            for piece in whole.chunks(size) {
                incoming.push(piece).await.unwrap();
            }
            let stored = incoming.finish().await.unwrap();
            assert_eq!(stored.byte_size, i64::try_from(whole.len()).unwrap());
            assert_eq!(stored.sha256, assent_ledger::digest::sha256_hex(&whole));
            assert_eq!(files.read(Shelf::Reports, &stored.key).await.unwrap(), whole);
        }
    }

    #[tokio::test]
    async fn a_header_behind_other_bytes_is_found_however_they_arrive() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", directory.path().display())).unwrap();
        let mut id = 0;
        for before in [&b"\xef\xbb\xbf"[..], &[b' '; 1000]] {
            for more in [0, 5000] {
                let whole = [before, b"%PDF-1.7\n", &vec![b'x'; more]].concat();
                for size in [1, 3, 64, 999, 1024, whole.len()] {
                    id += 1;
                    let mut incoming = files.receive_report(Uuid::from_u128(id));
                    for piece in whole.chunks(size) {
                        incoming.push(piece).await.unwrap();
                    }
                    let stored = incoming.finish().await.unwrap();
                    assert_eq!(stored.media_type.format, "PDF");
                    assert_eq!(files.read(Shelf::Reports, &stored.key).await.unwrap(), whole);
                }
            }
        }
    }

    #[tokio::test]
    async fn leaves_nothing_when_it_is_refused_or_breaks_off() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", directory.path().display())).unwrap();
        for wrong in [&b""[..], b"%PD", b"<html>", &[0; 200]] {
            let mut incoming = files.receive_report(Uuid::nil());
            let pushed = incoming.push(wrong).await;
            let refused = match pushed {
                Ok(()) => incoming.finish().await.map(drop),
                Err(error) => Err(error),
            };
            assert!(matches!(refused, Err(FilesError::NotAReport)), "{wrong:?}");
        }
        let mut incoming = files.receive_report(Uuid::nil());
        let mut piece = b"%PDF-1.7\n".to_vec();
        piece.resize(PART_SIZE + 1, b'x');
        incoming.push(&piece).await.unwrap();
        assert_eq!(names(directory.path()).len(), 1, "the part that was sent");
        drop(incoming);
        files.settle().await;
        assert!(names(directory.path()).is_empty());
    }
}
