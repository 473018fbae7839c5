//! A file store on disk, in which no link is followed: whoever may write into it could otherwise have the program
//! read, write and delete what lies elsewhere.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, Extensions, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat, unlinkat};
use rustix::io::Errno;
use tokio::task::spawn_blocking;

use crate::domain::timestamp::Timestamp;

/// How a folder is opened; beneath the root, without following a link.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What lies in the store and is neither a file nor a folder.
#[derive(Debug, thiserror::Error)]
#[error("{} is a link, or no plain file", .0.display())]
pub(super) struct Link(pub PathBuf);

/// What the operating system says of a path.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used", .0.display())]
struct Unusable(PathBuf, #[source] io::Error);

/// A directory as an object store. Reading, listing and deleting go step by step from the root, so that no link that
/// is put there meanwhile is followed either; where something is written is looked at just before.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    files: LocalFileSystem,
    /// The directory itself may be reached by links; this is where they lead.
    root: Arc<Path>,
}

/// What lies under a key.
struct Place {
    folder: OwnedFd,
    name: String,
    stat: Stat,
}

impl Disk {
    /// Opens a directory that is there.
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let files = LocalFileSystem::new_with_prefix(directory)?.with_automatic_cleanup(false);
        let root = std::fs::canonicalize(directory).map_err(|error| unusable(directory, error))?;
        Ok(Self { files: files.with_fsync(true), root: root.into() })
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_ref())
    }

    fn open_folder(&self, key: &Key) -> Result<OwnedFd> {
        let mut path = self.root.to_path_buf();
        let mut folder = rustix::fs::open(&path, FOLDER, Mode::empty())
            .map_err(|error| unusable(&path, error))?;
        for part in key.parts() {
            let name = part.as_ref();
            path.push(name);
            folder = match openat(&folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                Ok(inner) => inner,
                Err(error) => {
                    // Systems name a link that is not followed in several ways.
                    find_stat(&folder, name, &path)?;
                    return Err(unusable(&path, error));
                }
            };
        }
        Ok(folder)
    }

    /// What lies under a key; `None` when nothing does.
    fn find(&self, key: &Key) -> Result<Option<Place>> {
        let Some((parent, name)) = key.parent().zip(key.filename()) else { return Ok(None) };
        let folder = match self.open_folder(&parent) {
            Err(Error::NotFound { .. }) => return Ok(None),
            folder => folder?,
        };
        let stat = find_stat(&folder, name, &self.path(key))?;
        Ok(stat.map(|stat| Place { folder, name: name.to_owned(), stat }))
    }

    /// Refuses a key under which a link lies, or on the way to it.
    async fn demand_no_link(&self, key: &Key) -> Result<()> {
        let (disk, key) = (self.clone(), key.clone());
        spawn_blocking(move || disk.find(&key).map(drop)).await?
    }

    /// Refuses a file that was opened under this key, and is not the one that lies there.
    fn demand_opened(&self, key: &Key, file: &std::fs::File) -> Result<()> {
        let path = self.path(key);
        let opened = fstat(file).map_err(|error| unusable(&path, error))?;
        let is_it = |stat: Stat| (stat.st_dev, stat.st_ino) == (opened.st_dev, opened.st_ino);
        match self.find(key)? {
            Some(place) if is_it(place.stat) => Ok(()),
            // It was replaced, or is gone by now.
            _ => Err(unusable(&path, Errno::NOENT)),
        }
    }

    fn remove(&self, key: &Key) -> Result<()> {
        let path = self.path(key);
        let place = self.find(key)?.ok_or_else(|| unusable(&path, Errno::NOENT))?;
        unlinkat(&place.folder, &place.name, AtFlags::empty())
            .map_err(|error| unusable(&path, error))
    }

    /// What lies in a folder; with `deep`, also in all folders in it.
    fn list_folder(&self, folder: Key, deep: bool) -> Result<ListResult> {
        let mut found = ListResult {
            common_prefixes: vec![],
            objects: vec![],
            extensions: Extensions::default(),
        };
        let mut folders = vec![folder];
        while let Some(at) = folders.pop() {
            let folder = match self.open_folder(&at) {
                Err(Error::NotFound { .. }) => continue,
                folder => folder?,
            };
            for name in names(&folder, &self.path(&at))? {
                let key = Key::parse(format!("{at}/{name}"))?;
                // It may have been deleted meanwhile.
                let Some(stat) = find_stat(&folder, &name, &self.path(&key))? else { continue };
                match (is_file(&stat), deep) {
                    (true, _) if whole_name(&name).is_none() => {
                        found.objects.push(meta(key, &stat));
                    }
                    (true, _) => {}
                    (false, true) => folders.push(key),
                    (false, false) => found.common_prefixes.push(key),
                }
            }
        }
        Ok(found)
    }

    /// Deletes the files of a folder that have such a name and were last written to before this moment; returns how many.
    /// What is being written has its name as it lies there ([`whole_name`]).
    pub(super) async fn sweep(
        &self,
        folder: &'static str,
        is_ours: fn(&str) -> bool,
        before: Timestamp,
    ) -> Result<usize> {
        let disk = self.clone();
        spawn_blocking(move || disk.sweep_folder(folder, is_ours, before)).await?
    }

    fn sweep_folder(
        &self,
        folder: &str,
        is_ours: fn(&str) -> bool,
        before: Timestamp,
    ) -> Result<usize> {
        let key = Key::from(folder);
        let opened = match self.open_folder(&key) {
            Err(Error::NotFound { .. }) => return Ok(0),
            opened => opened?,
        };
        let (mut swept, mut refused) = (0, None);
        let mut names = names(&opened, &self.path(&key))?;
        names.retain(|name| is_ours(name));
        for name in names {
            let path = self.path(&key).join(&name);
            match find_stat(&opened, &name, &path) {
                Ok(Some(stat)) if is_file(&stat) && written_at(&stat) < before => {
                    match unlinkat(&opened, &name, AtFlags::empty()) {
                        Ok(()) => swept += 1,
                        // Another worker sweeps as well.
                        Err(Errno::NOENT) => {}
                        Err(error) => return Err(unusable(&path, error)),
                    }
                }
                Ok(_) => {}
                // It keeps nothing else from going.
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(swept), Err)
    }
}

/// What lies under this name in a folder; `None` when nothing does.
fn find_stat(folder: &OwnedFd, name: &str, path: &Path) -> Result<Option<Stat>> {
    let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(None),
        stat => stat.map_err(|error| unusable(path, error))?,
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile | FileType::Directory => Ok(Some(stat)),
        // Opening one of the others may take for ever.
        _ => Err(Error::Generic { store: "disk", source: Box::new(Link(path.to_owned())) }),
    }
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// The names in a folder. One that is no text is nobody's key.
fn names(folder: &OwnedFd, path: &Path) -> Result<Vec<String>> {
    let mut names = vec![];
    for entry in Dir::read_from(folder).map_err(|error| unusable(path, error))? {
        let entry = entry.map_err(|error| unusable(path, error))?;
        if let Ok(name) = entry.file_name().to_str()
            && ![".", ".."].contains(&name)
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The name that a file will have which is being written under this one; `None` for one that is whole.
pub(super) fn whole_name(name: &str) -> Option<&str> {
    let (whole, number) = name.rsplit_once('#')?;
    (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())).then_some(whole)
}

fn written_at(stat: &Stat) -> Timestamp {
    let nanos = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
    Timestamp::from_micros(i64::try_from(nanos / 1000).unwrap_or(i64::MAX))
}

fn meta(location: Key, stat: &Stat) -> ObjectMeta {
    let since = Duration::from_micros(u64::try_from(written_at(stat).micros()).unwrap_or(0));
    ObjectMeta {
        location,
        last_modified: (SystemTime::UNIX_EPOCH + since).into(),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        e_tag: None,
        version: None,
    }
}

fn unusable(path: &Path, error: impl Into<io::Error>) -> Error {
    let error = error.into();
    let is_gone = error.kind() == io::ErrorKind::NotFound;
    let source = Box::new(Unusable(path.to_owned(), error));
    if is_gone {
        Error::NotFound { path: path.display().to_string(), source }
    } else {
        Error::Generic { store: "disk", source }
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(
        &self,
        location: &Key,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.demand_no_link(location).await?;
        self.files.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Key,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.demand_no_link(location).await?;
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        self.demand_no_link(location).await?;
        let got = self.files.get_opts(location, options).await?;
        let (disk, key) = (self.clone(), location.clone());
        let demanded = spawn_blocking(move || {
            if let GetResultPayload::File(file, _) = &got.payload {
                disk.demand_opened(&key, file)?;
            }
            Ok(got)
        });
        demanded.await?
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Key>>,
    ) -> BoxStream<'static, Result<Key>> {
        let disk = self.clone();
        let removed = locations.then(move |location| {
            let disk = disk.clone();
            async move {
                let location = location?;
                spawn_blocking(move || disk.remove(&location).map(|()| location)).await?
            }
        });
        removed.boxed()
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (disk, folder) = (self.clone(), prefix.cloned().unwrap_or_default());
        let listed = async move {
            let listed = spawn_blocking(move || disk.list_folder(folder, true)).await?;
            Ok::<_, Error>(stream::iter(listed?.objects.into_iter().map(Ok)))
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        let (disk, folder) = (self.clone(), prefix.cloned().unwrap_or_default());
        spawn_blocking(move || disk.list_folder(folder, false)).await?
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.demand_no_link(from).await?;
        self.demand_no_link(to).await?;
        self.files.copy_opts(from, to, options).await
    }
}
