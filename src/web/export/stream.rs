//! Pieces of an export on their way to a browser or a program. The last one is held back until the audit has the whole.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;

use crate::export::Out;

/// How long a browser may take over one piece before it is given up: the contacts it reads are kept in one
/// moment meanwhile, and the database cannot tidy up behind it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the pieces go in.
pub(super) struct ToBrowser {
    sender: mpsc::Sender<io::Result<Bytes>>,
    held: Option<(Bytes, u64)>,
    /// How many contacts were read.
    read: Arc<AtomicU64>,
    /// How many of them were handed over, at most.
    pub sent: u64,
}

/// A way to a browser and the body that comes out of it.
pub(super) fn to_browser(read: Arc<AtomicU64>) -> (ToBrowser, Body) {
    let (sender, receiver) = mpsc::channel(2);
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    // Compression asks again after the end.
    let pieces = pieces.fuse();
    (ToBrowser { sender, held: None, read, sent: 0 }, Body::from_stream(pieces))
}

impl ToBrowser {
    async fn hand_over(&mut self, piece: Bytes, rows: u64) -> io::Result<()> {
        match tokio::time::timeout(PATIENCE, self.sender.send(Ok(piece))).await {
            Ok(Ok(())) => {
                self.sent = rows;
                Ok(())
            }
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the browser went away")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the browser took no more")),
        }
    }

    /// Hands over what was held back; then the file is whole.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        match self.held.take() {
            Some((piece, rows)) => self.hand_over(piece, rows).await,
            None => Ok(()),
        }
    }

    /// Tells the browser that its file is not whole: the connection ends in the middle of it.
    pub(super) async fn break_off(self) {
        let broken = io::Error::other("the export stopped");
        // Who is gone need not be told.
        let _ = tokio::time::timeout(PATIENCE, self.sender.send(Err(broken))).await;
    }
}

impl Out for &mut ToBrowser {
    async fn take(&mut self, piece: Bytes) -> io::Result<()> {
        let rows = self.read.load(Ordering::Relaxed);
        match self.held.replace((piece, rows)) {
            Some((earlier, rows)) => self.hand_over(earlier, rows).await,
            None => Ok(()),
        }
    }
}
