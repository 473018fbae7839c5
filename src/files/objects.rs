//! Small objects that are written once: what the program keeps outside its database.

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use tokio::io::AsyncWriteExt;

use super::{Files, FilesError, read_part};

impl Files {
    /// Puts an object where there is none, whole and on disk when this returns; `false` where there is one
    /// already, by whomever: of many at once, one puts it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn create(&self, key: &str, bytes: impl Into<Bytes>) -> Result<bool, FilesError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.into());
        match self.store.put_opts(&Key::from(key), payload, options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A small object whole; `None` when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn find(&self, key: &str) -> Result<Option<Bytes>, FilesError> {
        match self.store.get(&Key::from(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts an object in place of whatever lies there, whole and on disk when this returns.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn replace(&self, key: &str, bytes: impl Into<Bytes>) -> Result<(), FilesError> {
        self.store.put(&Key::from(key), PutPayload::from(bytes.into())).await?;
        Ok(())
    }

    /// Removes an object, if it is there. What a row names goes by [`Files::delete`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_object(&self, key: &str) -> Result<(), FilesError> {
        match self.store.delete(&Key::from(key)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            deleted => Ok(deleted?),
        }
    }

    /// The last names of the objects that lie right under a folder, each with its size in bytes, and those of the
    /// folders there, without one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sizes(&self, folder: &str) -> Result<Vec<(String, Option<u64>)>, FilesError> {
        let listed = self.store.list_with_delimiter(Some(&Key::from(folder))).await;
        let listed = match listed {
            Err(object_store::Error::NotFound { .. }) => return Ok(vec![]),
            listed => listed?,
        };
        let folders = listed.common_prefixes.iter().map(|folder| (folder, None));
        let objects = listed.objects.iter().map(|object| (&object.location, Some(object.size)));
        let named = folders.chain(objects);
        Ok(named.filter_map(|(key, size)| Some((key.filename()?.to_owned(), size))).collect())
    }

    /// The last names of the objects and folders that lie right under a folder, in order; none when there is
    /// no such folder.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, FilesError> {
        let mut names: Vec<String> =
            self.sizes(folder).await?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Copies an object to a file, which is made, and is on disk when this returns; `false`, without a file, where
    /// there is no such object.
    ///
    /// # Errors
    /// When the store does not answer, or the file cannot be written.
    pub async fn copy_out(&self, key: &str, file: &Path) -> Result<bool, FilesError> {
        let wrong = |error| FilesError::Write(file.to_owned(), error);
        let mut pieces = match self.store.get(&Key::from(key)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            found => found?.into_stream(),
        };
        let mut out = tokio::fs::File::create_new(file).await.map_err(wrong)?;
        while let Some(piece) = pieces.try_next().await? {
            out.write_all(&piece).await.map_err(wrong)?;
        }
        out.sync_all().await.map_err(wrong)?;
        Ok(true)
    }

    /// Puts a file into the store under this key, unless an object is there; it appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be read, or the store does not answer.
    pub async fn copy_in(&self, key: &str, file: &Path) -> Result<(), FilesError> {
        let unreadable = |error| FilesError::Read(file.to_owned(), error);
        let key = Key::from(key);
        match self.store.head(&key).await {
            Err(object_store::Error::NotFound { .. }) => {}
            there => {
                there?;
                return Ok(());
            }
        }
        let mut open = tokio::fs::File::open(file).await.map_err(unreadable)?;
        self.upload(&key, &mut open, unreadable).await?;
        Ok(())
    }

    /// Puts a file into the store, part after part; it appears whole or not at all. Returns its size in bytes.
    pub(super) async fn upload(
        &self,
        key: &Key,
        file: &mut tokio::fs::File,
        unreadable: impl Fn(std::io::Error) -> FilesError,
    ) -> Result<i64, FilesError> {
        let mut upload = self.store.put_multipart(key).await?;
        match put_parts(&mut *upload, file, unreadable).await {
            Ok(byte_size) => {
                upload.complete().await?;
                Ok(byte_size)
            }
            Err(error) => {
                upload.abort().await?;
                Err(error)
            }
        }
    }

    /// Every key in the store, in no order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keys(&self) -> Result<Vec<String>, FilesError> {
        let listed = self.store.list(None).map_ok(|object| object.location.to_string());
        Ok(listed.try_collect().await?)
    }
}

async fn put_parts(
    upload: &mut dyn MultipartUpload,
    file: &mut tokio::fs::File,
    unreadable: impl Fn(std::io::Error) -> FilesError,
) -> Result<i64, FilesError> {
    let mut byte_size = 0;
    loop {
        let part = read_part(file).await.map_err(&unreadable)?;
        // A store takes one part at least.
        if part.is_empty() && byte_size > 0 {
            return Ok(byte_size);
        }
        let length = i64::try_from(part.len()).unwrap_or(i64::MAX);
        upload.put_part(PutPayload::from(part)).await?;
        if length == 0 {
            return Ok(0);
        }
        byte_size += length;
    }
}
