//! The line that the log keeps of each request, and the id that all its lines bear.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tracing::Span;

use super::client_ip::is_trusted;
use super::{App, Error};
use crate::domain::request_id::RequestId;

/// Names a request, from the proxy on.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is asked for all the time and tells nobody anything.
const QUIET: [&str; 3] = ["/livez", "/readyz", "/assets/"];

/// A request that was begun. It is logged once its answer is over, by its route, never by its path: paths hold tokens.
pub(super) struct Begun {
    /// What is logged meanwhile bears the id of the request, which the answer tells.
    pub(super) span: Span,
    id: Option<HeaderValue>,
    method: Method,
    at: Instant,
}

impl Begun {
    /// Gives the request its id.
    pub(super) fn new(app: &App, request: &mut Request) -> Self {
        let at = Instant::now();
        let id = request_id(app, request);
        let span = tracing::info_span!("request", id = id.as_str());
        let header = HeaderValue::from_str(id.as_str()).ok();
        request.extensions_mut().insert(id);
        Self { span, id: header, method: request.method().clone(), at }
    }

    /// The answer, which is logged when it is over.
    pub(super) fn answered(self, matched: Option<MatchedPath>, mut response: Response) -> Response {
        if let Some(id) = self.id {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let (status, method) = (response.status(), self.method);
        let line = Line { span: self.span, method, matched, status, began: self.at, bytes: 0 };
        response.map(|body| Body::new(Counted { body, line }))
    }
}

/// That of one of our own proxies, where it gave one that can stand in a line; else a new one.
fn request_id(app: &App, request: &Request) -> RequestId {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let is_ours = peer.is_some_and(|ConnectInfo(peer)| is_trusted(peer.ip(), &app.trusted_proxies));
    let given = request.headers().get(REQUEST_ID).filter(|_| is_ours);
    given
        .and_then(|given| RequestId::parse(given.as_bytes()))
        .unwrap_or_else(|| app.moment().new_id().into())
}

/// For what a worker does later on its behalf.
impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        // Only a route outside the log has none.
        head.extensions.get::<Self>().cloned().ok_or(Error::Internal)
    }
}

/// What is told of a request.
struct Line {
    span: Span,
    method: Method,
    matched: Option<MatchedPath>,
    status: StatusCode,
    began: Instant,
    /// How many bytes of the body left, as they went over the wire.
    bytes: u64,
}

/// Told when the answer is over, whole or broken off.
impl Drop for Line {
    fn drop(&mut self) {
        let route = self.matched.as_ref().map_or("-", MatchedPath::as_str);
        let (method, status, bytes) = (&self.method, self.status.as_u16(), self.bytes);
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let _entered = self.span.enter();
        if QUIET.iter().any(|quiet| route.starts_with(quiet)) {
            tracing::debug!(%method, route, status, ms, bytes, "answered a request");
        } else {
            tracing::info!(%method, route, status, ms, bytes, "answered a request");
        }
    }
}

/// A body whose bytes are counted.
struct Counted {
    body: Body,
    line: Line,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, line } = self.get_mut();
        // What is told while the rest of an answer is made is told of its request, too.
        let frame = ready!(line.span.in_scope(|| Pin::new(body).poll_frame(context)));
        if let Some(Ok(frame)) = &frame {
            let data = frame.data_ref().map_or(0, Bytes::len);
            line.bytes += u64::try_from(data).unwrap_or(u64::MAX);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use futures_util::FutureExt;
    use futures_util::stream;
    use http_body_util::BodyExt;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_rest_of_an_answer_is_made_under_its_request() {
        let log = Log::default();
        let out = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || out.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", id = "abc");
            let piece = async {
                tracing::info!("making it");
                Ok::<_, std::convert::Infallible>(Bytes::from_static(b"1234"))
            };
            let line = Line {
                span,
                method: Method::GET,
                matched: None,
                status: StatusCode::OK,
                began: Instant::now(),
                bytes: 0,
            };
            let body = Body::from_stream(stream::once(piece));
            let whole = Counted { body, line }.collect().now_or_never();
            assert_eq!(whole.unwrap().unwrap().to_bytes(), "1234");
        });
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 2, "{told}");
        assert!(lines.iter().all(|line| line.contains("request{id=\"abc\"}")), "{told}");
        assert!(lines[0].contains("making it") && lines[1].contains("bytes=4"), "{told}");
    }
}
