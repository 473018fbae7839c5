//! How long a connection may take over the head of a request. hyper counts the time between two requests as part of it,
//! and proxies keep a connection for a minute or two to use it again: what they send just when it is closed under them is
//! lost, and their reader sees a 502.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Where a connection is: how many requests began and ended on it, so that an odd number says that one is being answered.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Requests(Arc<AtomicU64>);

impl Requests {
    /// The head of one was read.
    pub(in crate::web) fn begin(&self) -> Answering {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(in crate::web) struct Answering(Requests);

impl Answering {
    /// The rest of its answer: it is under way until that is sent, or given up.
    pub(in crate::web) fn through(self, body: Body) -> Answer {
        Answer { body, _answering: self }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The rest of an answer.
pub(in crate::web) struct Answer {
    body: Body,
    _answering: Answering,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that is given up when a head does not come to its end in time: the first counts from the start, a later
/// one from its first byte. How long it may idle before that is for whoever reads from it to say.
pub(in crate::web) struct Patient<S> {
    stream: S,
    requests: Requests,
    /// The count that the deadline belongs to.
    at: u64,
    until: Option<Pin<Box<Sleep>>>,
    head: Duration,
    /// Whether others wait for this place, so that idling counts as well.
    is_crowded: Box<dyn Fn() -> bool + Send>,
}

impl<S> Patient<S> {
    pub(in crate::web) fn new(
        stream: S,
        requests: Requests,
        head: Duration,
        is_crowded: impl Fn() -> bool + Send + 'static,
    ) -> Self {
        let (at, until) = (requests.count(), Some(Box::pin(sleep(head))));
        Self { stream, requests, at, until, head, is_crowded: Box::new(is_crowded) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let at = this.requests.count();
        let is_answered = at % 2 == 1;
        if at != this.at {
            let counts = !is_answered && (this.is_crowded)();
            (this.at, this.until) = (at, counts.then(|| Box::pin(sleep(this.head))));
        }
        if let Some(until) = &mut this.until
            && until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(context, buffer));
        if !is_answered && this.until.is_none() && buffer.filled().len() > before {
            this.until = Some(Box::pin(sleep(this.head)));
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// A connection on which no head may take any time, and its other end.
    fn connection(is_crowded: bool) -> (Patient<DuplexStream>, DuplexStream, Requests) {
        let (near, far) = duplex(64);
        let requests = Requests::default();
        let patient = Patient::new(near, requests.clone(), Duration::ZERO, move || is_crowded);
        (patient, far, requests)
    }

    async fn is_given_up(patient: &mut Patient<DuplexStream>) -> bool {
        let mut piece = [0; 8];
        patient.read(&mut piece).await.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut)
    }

    /// Whether nothing arrives, and nothing would end the wait.
    async fn is_borne(patient: &mut Patient<DuplexStream>) -> bool {
        let mut piece = [0; 8];
        let mut read = std::pin::pin!(patient.read(&mut piece));
        let pending = std::future::poll_fn(|context| Poll::Ready(read.as_mut().poll(context)));
        pending.await.is_pending() && patient.until.is_none()
    }

    #[tokio::test]
    async fn a_first_head_is_waited_for_from_the_start() {
        let (mut patient, _far, _) = connection(false);
        assert!(is_given_up(&mut patient).await);
        let (mut patient, mut far, _) = connection(false);
        far.write_all(b"GET /").await.unwrap();
        while !is_given_up(&mut patient).await {}
    }

    #[tokio::test]
    async fn idling_between_requests_is_borne_and_a_head_that_does_not_end_is_not() {
        let (mut patient, mut far, requests) = connection(false);
        for _ in 0..2 {
            let answering = requests.begin();
            assert!(is_borne(&mut patient).await, "while it is answered");
            far.write_all(b"body").await.unwrap();
            let mut piece = [0; 8];
            assert_eq!(patient.read(&mut piece).await.unwrap(), 4);
            assert!(is_borne(&mut patient).await, "nobody waits for the rest of a body here");
            drop(answering);
            assert!(is_borne(&mut patient).await, "between requests");
        }
        far.write_all(b"GET /").await.unwrap();
        let mut piece = [0; 8];
        assert_eq!(patient.read(&mut piece).await.unwrap(), 5);
        assert!(is_given_up(&mut patient).await);
    }

    #[tokio::test]
    async fn a_deadline_ends_with_its_head() {
        let (mut patient, mut far, requests) = connection(false);
        drop(requests.begin());
        far.write_all(b"GET /").await.unwrap();
        let mut piece = [0; 8];
        assert_eq!(patient.read(&mut piece).await.unwrap(), 5);
        // Nothing is read while it is answered.
        drop(requests.begin());
        assert!(is_borne(&mut patient).await);
    }

    #[tokio::test]
    async fn where_others_wait_idling_counts() {
        let (mut patient, _far, requests) = connection(true);
        let answering = requests.begin();
        assert!(is_borne(&mut patient).await);
        drop(answering);
        assert!(is_given_up(&mut patient).await);
    }
}
