//! Forms with files: `multipart/form-data` (RFC 7578), read while it arrives. A report goes to the file store
//! piece by piece and is never held whole; names that a browser gives to files are not looked at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::Instant;

use crate::domain::catalog::media_type::MediaType;
use crate::files::{COVER_MAX, Files, FilesError, StoredFile};
use crate::random::Moment;
use crate::web::Error;
use crate::web::http::fields::Fields;

/// What a form with files may take.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Limits {
    /// How many bytes it may have in all.
    pub bytes: u64,
    /// How long nothing may arrive before the rest is not waited for.
    pub silence: Duration,
    /// How many bytes a second it must bring, after a first minute, so that nobody keeps a place for nothing.
    pub rate: u64,
}

/// The limits of the console's forms: a report of many pictures, over a slow line.
pub(in crate::web) const LIMITS: Limits =
    Limits { bytes: 500 * 1000 * 1000, silence: Duration::from_secs(10), rate: 16 * 1024 };

/// The longest text of one field.
const LONGEST_TEXT: usize = 300 * 1024;
/// How much text a form may hold in all, and how many fields.
const MOST_TEXT: usize = 1024 * 1024;
const MOST_FIELDS: usize = 1000;
/// How much may arrive before a field's head has ended: what is read ahead is held.
const READ_AHEAD: u64 = 1024 * 1024;

/// What a form with files brought.
#[derive(Debug)]
pub(in crate::web) struct Uploaded {
    /// The fields that hold text.
    pub fields: Fields,
    /// The report's file, sent as `file`.
    pub file: Option<StoredFile>,
    /// The cover, sent as `cover`: where it lies and what it is.
    pub cover: Option<(String, MediaType)>,
    /// What was wrong with files, by field, and what to do.
    pub faults: Vec<(&'static str, String)>,
    /// The files in the store that no row names. They go when this is dropped.
    unnamed: Unnamed,
}

impl Uploaded {
    /// From here on a row may name this file, even when the answer to the commit is lost.
    pub(in crate::web) fn keep(&self, key: &str) {
        self.unnamed.keys().retain(|unnamed| unnamed != key);
    }
}

/// Files in the store that nobody would ever remove, should the request end here.
#[derive(Debug)]
struct Unnamed {
    files: Files,
    keys: Mutex<Vec<String>>,
}

impl Unnamed {
    fn keys(&self) -> MutexGuard<'_, Vec<String>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        for key in std::mem::take(&mut *self.keys()) {
            remove(&self.files, key);
        }
    }
}

/// Removes a file that no row names, in the background; an orphan is worth a line in the log, not an error.
pub(in crate::web) fn remove(files: &Files, key: String) {
    let store = files.clone();
    files.in_background(async move {
        if let Err(error) = store.delete_of_report(&key).await {
            tracing::warn!(error = ?error, key, "a file that no report names could not be removed");
        }
    });
}

/// Reads a form with files. A file that cannot be taken is read to its end
/// all the same, so that the browser shows the answer, and named in `faults`.
///
/// # Errors
/// When it is no such form, too large, too slow or broken off: then nothing of it is kept.
pub(in crate::web) async fn receive(
    files: &Files,
    at: &Moment,
    request: Request,
    limits: Limits,
) -> Result<Uploaded, Error> {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let boundary = text(header::CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind).ok());
    let boundary = boundary.ok_or(Error::WrongType)?;
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.bytes) {
        return Err(Error::TooLarge);
    }
    let ahead = Arc::new(AtomicU64::new(0));
    let size = Constraints::new().size_limit(SizeLimit::new().whole_stream(limits.bytes));
    let body = in_time(body, limits, ahead.clone());
    let mut form = Reading { form: Multipart::with_constraints(body, boundary, size), ahead };
    let mut uploaded = Uploaded {
        fields: Fields::default(),
        file: None,
        cover: None,
        faults: vec![],
        unnamed: Unnamed { files: files.clone(), keys: Mutex::default() },
    };
    let (mut letters, mut count) = (0, 0);
    while let Some(mut field) = form.next().await? {
        count += 1;
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => uploaded.take_file(at, &mut field, &form.ahead).await?,
            "cover" => uploaded.take_cover(at, &mut field, &form.ahead).await?,
            _ => {
                let value = read(&mut field, &form.ahead, LONGEST_TEXT).await?;
                let value = value.ok_or(Error::TooLarge)?;
                letters += name.len() + value.len();
                if letters > MOST_TEXT || count > MOST_FIELDS {
                    return Err(Error::TooLarge);
                }
                uploaded.fields.push(&name, &value);
            }
        }
    }
    Ok(uploaded)
}

impl Uploaded {
    async fn take_file(
        &mut self,
        at: &Moment,
        field: &mut Field<'_>,
        ahead: &AtomicU64,
    ) -> Result<(), Error> {
        let chosen = is_chosen(field);
        let mut incoming = Some(self.unnamed.files.receive_report(at.new_id()));
        let (mut refused, mut size) = (None, 0);
        while let Some(piece) = next_piece(field, ahead).await? {
            size += piece.len();
            if let Some(report) = incoming.as_mut()
                && let Err(error) = report.push(&piece).await
            {
                (incoming, refused) = (None, Some(error));
            }
        }
        if !chosen && size == 0 {
            return Ok(());
        }
        if self.file.is_some() || self.faults.iter().any(|(name, _)| *name == "file") {
            self.fault("file", "Choose one file");
            return Ok(());
        }
        let stored = match (incoming, refused) {
            (Some(_), _) if size == 0 => {
                self.fault("file", "This file is empty: choose another");
                return Ok(());
            }
            (Some(report), _) => report.finish().await,
            (None, error) => Err(error.unwrap_or(FilesError::NotAReport)),
        };
        match stored {
            Ok(stored) => {
                self.unnamed.keys().push(stored.key.clone());
                self.file = Some(stored);
            }
            Err(FilesError::NotAReport) => self.fault(
                "file",
                "Choose a PDF, EPUB or ZIP file: this is another kind, whatever its name says",
            ),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn take_cover(
        &mut self,
        at: &Moment,
        field: &mut Field<'_>,
        ahead: &AtomicU64,
    ) -> Result<(), Error> {
        let chosen = is_chosen(field);
        let most = usize::try_from(COVER_MAX).unwrap_or(usize::MAX);
        let picture = read(field, ahead, most).await?;
        if !chosen && picture.as_ref().is_some_and(Bytes::is_empty) {
            return Ok(());
        }
        if self.cover.is_some() || self.faults.iter().any(|(name, _)| *name == "cover") {
            self.fault("cover", "Choose one picture");
            return Ok(());
        }
        let stored = match picture {
            Some(picture) => self.unnamed.files.put_cover_bytes(at.new_id(), picture).await,
            None => Err(FilesError::CoverTooLarge),
        };
        match stored {
            Ok((key, kind)) => {
                self.unnamed.keys().push(key.clone());
                self.cover = Some((key, kind));
            }
            Err(FilesError::NotACover) => {
                self.fault("cover", "Choose a PNG, JPEG or WebP picture");
            }
            Err(FilesError::CoverTooLarge) => {
                self.fault("cover", "Choose a picture of at most 2 MB: it is sent with every view");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn fault(&mut self, field: &'static str, words: &str) {
        self.faults.retain(|(name, _)| *name != field);
        self.faults.push((field, words.to_owned()));
    }
}

/// Whether somebody chose a file: browsers send a field with no file as an empty one without a name.
fn is_chosen(field: &Field<'_>) -> bool {
    field.file_name().is_some_and(|name| !name.is_empty())
}

/// A form on its way in.
struct Reading {
    form: Multipart<'static>,
    ahead: Arc<AtomicU64>,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Field<'static>>, Error> {
        let field = self.form.next_field().await.map_err(|error| broken(&error))?;
        self.ahead.store(0, Ordering::Relaxed);
        Ok(field)
    }
}

async fn next_piece(field: &mut Field<'_>, ahead: &AtomicU64) -> Result<Option<Bytes>, Error> {
    let piece = field.chunk().await.map_err(|error| broken(&error))?;
    ahead.store(0, Ordering::Relaxed);
    Ok(piece)
}

/// A field whole; `None` when it holds more than `most` bytes, which are read and dropped.
async fn read(
    field: &mut Field<'_>,
    ahead: &AtomicU64,
    most: usize,
) -> Result<Option<Bytes>, Error> {
    let mut whole = Some(BytesMut::new());
    while let Some(piece) = next_piece(field, ahead).await? {
        whole = whole.filter(|whole| whole.len() + piece.len() <= most);
        if let Some(whole) = whole.as_mut() {
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.map(BytesMut::freeze))
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("nothing arrived for too long")]
    Silent,
    #[error("the connection broke off")]
    Connection(#[source] axum::Error),
    #[error("a field's head does not end")]
    Endless,
}

fn broken(error: &multer::Error) -> Error {
    match error {
        multer::Error::StreamSizeExceeded { .. } => Error::TooLarge,
        multer::Error::StreamReadFailed(why) => match why.downcast_ref::<Broken>() {
            Some(Broken::Silent) => Error::TooSlow,
            Some(Broken::Endless) => Error::TooLarge,
            _ => Error::Malformed,
        },
        _ => Error::Malformed,
    }
}

/// The pieces of a body, each in time, and never more of them than are asked for.
fn in_time(
    body: Body,
    limits: Limits,
    ahead: Arc<AtomicU64>,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send + 'static {
    let pieces = Some(body.into_data_stream());
    let latest = Instant::now() + Duration::from_mins(1);
    stream::unfold((pieces, ahead, latest), move |(pieces, ahead, mut latest)| async move {
        let mut pieces = pieces?;
        // The reader takes all that is ready at once; this lets it work off what it has.
        tokio::task::yield_now().await;
        let until = latest.min(Instant::now() + limits.silence);
        let piece = match tokio::time::timeout_at(until, pieces.next()).await {
            Ok(None) => return None,
            Ok(Some(Ok(piece))) => {
                let size = u64::try_from(piece.len()).unwrap_or_default();
                latest += Duration::from_micros(size * 1_000_000 / limits.rate);
                let held = ahead.fetch_add(size, Ordering::Relaxed);
                if held > READ_AHEAD { Err(Broken::Endless) } else { Ok(piece) }
            }
            Ok(Some(Err(error))) => Err(Broken::Connection(error)),
            Err(_) => Err(Broken::Silent),
        };
        let pieces = piece.is_ok().then_some(pieces);
        Some((piece, (pieces, ahead, latest)))
    })
}
