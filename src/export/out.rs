//! Where an export goes: a file, a pipe, a browser, the file store.

use std::future::{Future, ready};
use std::io::{self, Write};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Takes the pieces of an export, one after the other. Whoever is slow slows the export down.
pub trait Out: Send {
    /// Takes one piece.
    fn take(&mut self, piece: Bytes) -> impl Future<Output = io::Result<()>> + Send;
}

impl<W: Write + Send> Out for W {
    fn take(&mut self, piece: Bytes) -> impl Future<Output = io::Result<()>> + Send {
        ready(self.write_all(&piece))
    }
}

/// Hashes what passes through.
pub(super) struct Hashing<O> {
    out: O,
    hash: Sha256,
}

impl<O: Out> Hashing<O> {
    pub(super) fn new(out: O) -> Self {
        Self { out, hash: Sha256::new() }
    }

    pub(super) async fn take(&mut self, piece: Vec<u8>) -> io::Result<()> {
        self.hash.update(&piece);
        if piece.is_empty() { Ok(()) } else { self.out.take(piece.into()).await }
    }

    /// SHA-256 of all that passed.
    pub(super) fn sha256(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}
