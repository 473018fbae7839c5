//! Report files: on disk or in S3, through one interface. A file is found by the key its row holds,
//! never by anything in a request.

mod disk;
#[cfg(test)]
mod disk_tests;
mod error;
mod incoming;
mod objects;
mod shelf;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

pub use error::FilesError;
pub use incoming::IncomingReport;
pub use shelf::Shelf;

use disk::{Disk, whole_name};
use shelf::{EXPORTS, OF_REPORTS, export_name, is_export_name, is_report_name};

use crate::domain::catalog::media_type::MediaType;
use crate::domain::key::made_at;
use crate::domain::timestamp::Timestamp;
use crate::folders::make_folder;

/// How much of a local file is read at once: large enough that few turns of the event loop serve it.
const READ_SIZE: usize = 256 * 1024;
/// How much is sent to the store at once; S3 takes parts of 5 MiB and more.
const PART_SIZE: usize = 8 * 1024 * 1024;
/// Where nothing is put.
const NO_FILE: &str = "checks/none";
/// The largest cover picture.
pub const COVER_MAX: u64 = 2 * 1024 * 1024;

/// The file store.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// The same, where it is a directory and not S3.
    disk: Option<Arc<Disk>>,
    /// What is removed beside everything else.
    background: TaskTracker,
}

/// What was put into the store.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// Where it lies.
    pub key: String,
    /// What it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub byte_size: i64,
    /// Lower-case hex SHA-256.
    pub sha256: String,
}

/// The directory that a URL `file:DIR` or `file://DIR` names; none for any other.
#[must_use]
pub fn directory_of(url: &str) -> Option<&Path> {
    let directory = url.strip_prefix("file:")?;
    Some(Path::new(directory.strip_prefix("//").unwrap_or(directory)))
}

/// When a report's file or a cover was put into the store: what replaces it lies under a key of its own, which tells.
#[must_use]
pub fn put_at(key: &str) -> Option<Timestamp> {
    let (id, _) = key.rsplit('/').next()?.split_once('.')?;
    made_at(id.parse().ok()?)
}

impl Files {
    /// Opens the store named by `file:DIR` (made when missing) or `s3://bucket/prefix`. The directory may be reached
    /// by links; below it none is followed.
    ///
    /// # Errors
    /// When the URL names neither, or the directory cannot be made.
    pub fn open(url: &str) -> Result<Self, FilesError> {
        if let Some(directory) = directory_of(url) {
            make_folder(directory)
                .map_err(|error| FilesError::Directory(directory.to_owned(), error))?;
            let disk = Arc::new(Disk::open(directory)?);
            return Ok(Self::new(disk.clone(), Some(disk)));
        }
        Self::open_bucket(url)
    }

    /// Opens the same to be read, and makes nothing: a directory that is not there holds nothing yet.
    ///
    /// # Errors
    /// When the URL names neither, or no directory.
    pub fn look(url: &str) -> Result<Self, FilesError> {
        let Some(directory) = directory_of(url) else { return Self::open_bucket(url) };
        match std::fs::metadata(directory) {
            Ok(found) if found.is_dir() => {
                let disk = Arc::new(Disk::open(directory)?);
                Ok(Self::new(disk.clone(), Some(disk)))
            }
            Ok(_) => {
                let error = std::io::ErrorKind::NotADirectory.into();
                Err(FilesError::Directory(directory.to_owned(), error))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::new(Arc::new(object_store::memory::InMemory::new()), None))
            }
            Err(error) => Err(FilesError::Directory(directory.to_owned(), error)),
        }
    }

    fn open_bucket(url: &str) -> Result<Self, FilesError> {
        let Some(place) = url.strip_prefix("s3://") else {
            return Err(FilesError::UnknownScheme);
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let s3 = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket);
        let s3 = s3.build().map_err(FilesError::BucketSettings)?;
        let store: Arc<dyn ObjectStore> = match prefix {
            "" => Arc::new(s3),
            prefix => Arc::new(object_store::prefix::PrefixStore::new(s3, prefix)),
        };
        Ok(Self::new(store, None))
    }

    fn new(store: Arc<dyn ObjectStore>, disk: Option<Arc<Disk>>) -> Self {
        Self { store, disk, background: TaskTracker::new() }
    }

    /// Puts a report's file into the store under a key of its own. It appears whole or not at all.
    ///
    /// # Errors
    /// When it is no report file, or cannot be read or stored.
    pub async fn put_report(&self, id: Uuid, path: &Path) -> Result<StoredFile, FilesError> {
        let unreadable = |error| FilesError::Read(path.to_owned(), error);
        let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut incoming = self.receive_report(id);
        let mut piece = BytesMut::with_capacity(READ_SIZE);
        while file.read_buf(&mut piece).await.map_err(unreadable)? > 0 {
            incoming.push(&piece).await?;
            piece.clear();
        }
        incoming.finish().await
    }

    /// Puts a finished export into the store, made of this run by the worker of this claim; returns its key and its
    /// size in bytes. It appears whole or not at all.
    ///
    /// # Errors
    /// When it cannot be read or stored.
    pub async fn put_export(
        &self,
        (run_id, claims): (Uuid, i32),
        ending: &str,
        file: std::fs::File,
    ) -> Result<(String, i64), FilesError> {
        let name = export_name(run_id, claims, ending);
        let key = Key::from(Shelf::Exports(run_id).key(&name));
        let unreadable = |error| FilesError::Read(PathBuf::from(&name), error);
        let mut file = tokio::fs::File::from_std(file);
        file.rewind().await.map_err(unreadable)?;
        let byte_size = self.upload(&key, &mut file, unreadable).await?;
        Ok((key.to_string(), byte_size))
    }

    /// Puts a cover picture into the store under a key of its own.
    ///
    /// # Errors
    /// When it is no picture, too large, or cannot be read or stored.
    pub async fn put_cover(
        &self,
        id: Uuid,
        file: &Path,
    ) -> Result<(String, MediaType), FilesError> {
        let unreadable = |error| FilesError::Read(file.to_owned(), error);
        let size = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
        if size > COVER_MAX {
            return Err(FilesError::CoverTooLarge);
        }
        let bytes = tokio::fs::read(file).await.map_err(unreadable)?;
        self.put_cover_bytes(id, bytes.into()).await
    }

    /// Removes a report's file or cover, if it is there.
    ///
    /// # Errors
    /// When it is neither, or the store does not answer.
    pub async fn delete_of_report(&self, key: &str) -> Result<(), FilesError> {
        let place = if Shelf::Covers.holds(key) { Shelf::Covers } else { Shelf::Reports };
        self.delete(place, key).await
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// When it does not lie on that shelf, or the store does not answer.
    pub async fn delete(&self, place: Shelf, key: &str) -> Result<(), FilesError> {
        demand(place, key)?;
        self.delete_object(key).await
    }

    /// Deletes the exports that were put, or begun to be put, before this moment, whatever became of whoever
    /// did; returns how many.
    ///
    /// # Errors
    /// When the store does not answer, or a link bears the name of one; then the others are gone.
    pub async fn sweep_exports(&self, before: Timestamp) -> Result<usize, FilesError> {
        if let Some(disk) = &self.disk {
            // What was begun stands beside what is whole, under a name that the store does not list.
            let is_ours = |name: &str| is_export_name(whole_name(name).unwrap_or(name));
            return Ok(disk.sweep(EXPORTS, is_ours, before).await?);
        }
        let mut swept = 0;
        let mut files = self.store.list(Some(&Key::from(EXPORTS)));
        while let Some(file) = files.try_next().await? {
            let is_ours = file.location.filename().is_some_and(is_export_name);
            let written = Timestamp::from_micros(file.last_modified.timestamp_micros());
            if is_ours && written < before {
                self.store.delete(&file.location).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Deletes what is left of files of reports and covers that were begun and never came to their end, as of a process
    /// that was killed meanwhile, where nothing was written since this moment; returns how many. What is whole stays. A
    /// bucket shows no such pieces: its own rules do away with them.
    ///
    /// # Errors
    /// When the store does not answer, or a link bears the name of one; then the others are gone.
    pub async fn sweep_pieces(&self, before: Timestamp) -> Result<usize, FilesError> {
        let Some(disk) = &self.disk else { return Ok(0) };
        let is_piece = |name: &str| whole_name(name).is_some_and(is_report_name);
        let (mut swept, mut refused) = (0, None);
        for folder in OF_REPORTS {
            match disk.sweep(folder, is_piece, before).await {
                Ok(count) => swept += count,
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(swept), |error| Err(error.into()))
    }

    /// Does this beside everything else, and before the program ends: see [`Files::settle`].
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Where nothing runs any more, what is left is swept later.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.background.spawn_on(work.in_current_span(), &runtime);
        }
    }

    /// Waits for what is removed in the background: a bucket keeps, unseen, what nobody ends.
    pub async fn settle(&self) {
        self.background.close();
        self.background.wait().await;
    }

    /// The bytes of a stored file, or of one range of it, in pieces.
    ///
    /// # Errors
    /// When it does not lie on that shelf, or the store does not answer or has no such file.
    pub async fn get(
        &self,
        place: Shelf,
        key: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>, FilesError> {
        demand(place, key)?;
        // A store has no such range.
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&Key::from(key), options).await?;
        let length = found.range.end - found.range.start;
        Ok(match found.payload {
            GetResultPayload::File(file, _) => {
                read_local(tokio::fs::File::from_std(file), found.range.start, length)
            }
            GetResultPayload::Stream(stream) => stream.map_err(std::io::Error::other).boxed(),
        })
    }

    /// A small file whole.
    ///
    /// # Errors
    /// When it does not lie on that shelf, or the store does not answer or has no such file.
    pub async fn read(&self, place: Shelf, key: &str) -> Result<Bytes, FilesError> {
        demand(place, key)?;
        Ok(self.store.get(&Key::from(key)).await?.bytes().await?)
    }

    /// Whether it is a directory of this machine.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Whether the store can be read.
    ///
    /// # Errors
    /// When it does not answer, or not us.
    pub async fn demand_readable(&self) -> Result<(), FilesError> {
        let Some(Err(error)) = self.store.list(None).next().await else { return Ok(()) };
        if self.disk.is_some() {
            return Err(error.into());
        }
        // Only what is asked of one object says which refusal it was.
        Err(match self.store.head(&Key::from(NO_FILE)).await.map_err(FilesError::from) {
            Err(refused @ FilesError::Refused(_)) => refused,
            Err(FilesError::Store(object_store::Error::NotFound { .. })) => {
                FilesError::NoBucket(error)
            }
            _ => FilesError::NoAnswer(error),
        })
    }

    /// Whether the store takes, gives and removes a file.
    ///
    /// # Errors
    /// When it does not.
    pub async fn try_out(&self, id: Uuid) -> Result<(), FilesError> {
        let key = Key::from(format!("checks/{id}"));
        self.store.put(&key, PutPayload::from_static(b"ok")).await?;
        self.store.get(&key).await?.bytes().await?;
        let again = self.create(key.as_ref(), Bytes::from_static(b"no")).await;
        self.store.delete(&key).await?;
        // Heads of the ledger are put where there is none: a store that puts them anyway hides a fork.
        if again? { Err(FilesError::Overwrites) } else { Ok(()) }
    }
}

/// Refuses a key by which another hand would have the program read or delete what is not of the row's kind.
fn demand(place: Shelf, key: &str) -> Result<(), FilesError> {
    if place.holds(key) { Ok(()) } else { Err(FilesError::NotOurs(key.to_owned())) }
}

async fn read_part(file: &mut tokio::fs::File) -> std::io::Result<Bytes> {
    let mut part = Vec::with_capacity(PART_SIZE);
    let most = u64::try_from(PART_SIZE).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut part).await?;
    Ok(part.into())
}

fn read_local(
    file: tokio::fs::File,
    start: u64,
    length: u64,
) -> BoxStream<'static, std::io::Result<Bytes>> {
    let opened = async move {
        let mut file = file;
        file.seek(std::io::SeekFrom::Start(start)).await?;
        let pieces = ReaderStream::with_capacity(file.take(length), READ_SIZE);
        Ok::<_, std::io::Error>(pieces)
    };
    futures_util::stream::once(opened).try_flatten().boxed()
}
