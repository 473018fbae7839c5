//! Why a file could not be stored or read.

use std::path::PathBuf;

use super::disk::Link;

/// Why a file could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The URL names no store.
    #[error("the files URL must begin with `file:` or `s3://`")]
    UnknownScheme,
    /// Not a kind of file that is offered.
    #[error(
        "this is not a PDF, EPUB or ZIP file: reports are told by their first bytes, not their name"
    )]
    NotAReport,
    /// Not a kind of picture that is shown.
    #[error("this is not a PNG, JPEG or WebP picture")]
    NotACover,
    /// A cover is sent with every view of its page.
    #[error("the cover is larger than 2 MiB: save a smaller one")]
    CoverTooLarge,
    /// The file to be added cannot be read.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// A copy cannot be written.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// The directory of the store cannot be made.
    #[error("the files directory {} cannot be made", .0.display())]
    Directory(PathBuf, #[source] std::io::Error),
    /// The store puts what is to be put only where there is nothing (`If-None-Match: *`).
    #[error("the file store replaces what it is asked to keep: it must know conditional writes")]
    Overwrites,
    /// What lies in the store may lead out of it.
    #[error(
        "{} is a link, or no plain file: nothing below the directory of the file store may be one, so remove it",
        .0.display()
    )]
    Link(PathBuf),
    /// Another hand wrote what the row says.
    #[error("a row names {0}, where this program puts no file of that kind")]
    NotOurs(String),
    /// What the environment says of the bucket cannot be.
    #[error(
        "the bucket cannot be used as it is set: look at AWS_REGION, AWS_ENDPOINT and AWS_ALLOW_HTTP"
    )]
    BucketSettings(#[source] object_store::Error),
    /// There is no such bucket where it is looked for.
    #[error("there is no such bucket: look at files_url, AWS_REGION and AWS_ENDPOINT")]
    NoBucket(#[source] object_store::Error),
    /// The bucket does not let us do that.
    #[error(
        "the bucket refuses us: the key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN, where it \
         has one) must be allowed to list, get, put and delete in it"
    )]
    Refused(#[source] object_store::Error),
    /// Nothing answers there as a bucket does.
    #[error(
        "no bucket answers: look at AWS_ENDPOINT (http:// wants AWS_ALLOW_HTTP=true), AWS_REGION and, where \
         AWS_ACCESS_KEY_ID is not set, at the role of this machine"
    )]
    NoAnswer(#[source] object_store::Error),
    /// The store does not answer or lost the file.
    #[error("the file store did not answer")]
    Store(#[source] object_store::Error),
}

impl FilesError {
    /// Whether it is of the file and not of the store, and asking again would give the same.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, object_store::Error::NotFound { .. }),
            Self::Link(_) | Self::NotOurs(_) => true,
            _ => false,
        }
    }
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        let (store, source) = match error {
            object_store::Error::Generic { store, source } => (store, source),
            refused @ (object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. }) => return Self::Refused(refused),
            error => return Self::Store(error),
        };
        match source.downcast::<Link>() {
            Ok(link) => Self::Link(link.0),
            Err(source) => Self::Store(object_store::Error::Generic { store, source }),
        }
    }
}
