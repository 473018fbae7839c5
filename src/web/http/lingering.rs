//! A request that is answered before its body was read, as one that is refused: what its client still sends is read for a
//! while and thrown away. Closed at once, the connection would be reset, and the answer lost before it is read
//! (RFC 9112 §9.6).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;

/// How much is read that nobody wants, in bytes.
const MOST: usize = 32 << 20;
/// For how long, and of whom: whoever was slower than that until then is not waited for.
const DEADLINE: Duration = Duration::from_secs(5);

/// The body of a request, whose rest is read when nobody wants it any more.
pub(in crate::web) struct Lingering {
    /// Nothing once it was let go.
    body: Option<Incoming>,
    lingers: bool,
    since: Instant,
}

impl Lingering {
    /// The same request. A client that waits for `100 Continue` sends nothing once it is refused.
    pub(in crate::web) fn after(request: Request<Incoming>) -> Request<Self> {
        let lingers = !request.headers().contains_key(EXPECT);
        request.map(|body| Self { body: Some(body), lingers, since: Instant::now() })
    }
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Whoever waited was told to go on.
        self.lingers = true;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let lingers = self.lingers && self.since.elapsed() < DEADLINE;
        let unread = self.body.take().filter(|body| lingers && !body.is_end_stream());
        if let (Some(body), Ok(runtime)) = (unread, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(DEADLINE, read_away(body)));
        }
    }
}

async fn read_away(mut body: Incoming) {
    let mut read = 0;
    // Whoever breaks off has heard enough.
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Sends a request to who refuses it unread; returns what came back.
    async fn refused(head: &str, bytes: usize) -> std::io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        let refuse = service_fn(|request| async {
            drop(Lingering::after(request));
            Ok::<Response, Infallible>(StatusCode::PAYLOAD_TOO_LARGE.into_response())
        });
        let served = tokio::spawn(async move {
            http1::Builder::new().serve_connection(TokioIo::new(stream), refuse).await.ok();
        });
        client
            .write_all(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n").as_bytes())
            .await?;
        client.write_all(&vec![b'x'; bytes]).await?;
        client.shutdown().await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        served.await.map_err(std::io::Error::other)?;
        Ok(answer)
    }

    #[tokio::test]
    async fn who_is_refused_may_say_all_and_reads_why() {
        let bytes = 8 << 20;
        let answer = refused(&format!("Content-Length: {bytes}"), bytes).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(refused("Content-Length: 0", 0).await.unwrap().starts_with("HTTP/1.1 413"));
    }

    #[tokio::test]
    async fn who_says_too_much_is_cut_off() {
        let bytes = 2 * MOST;
        assert!(refused(&format!("Content-Length: {bytes}"), bytes).await.is_err());
    }

    #[tokio::test]
    async fn who_waits_to_go_on_is_not_told_to() {
        let answer = refused("Expect: 100-continue\r\nContent-Length: 5", 0).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}
