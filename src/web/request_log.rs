//! The line that the log keeps of each request, and the id that all its lines bear.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tracing::{Instrument, Span};

use super::App;
use super::client_ip::is_trusted;

/// Names a request, from the proxy on.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is asked for all the time and tells nobody anything.
const QUIET: [&str; 3] = ["/livez", "/readyz", "/assets/"];

/// Logs each request once its answer is over, by its route, never by its path: paths hold tokens. What is logged
/// meanwhile bears the id too, which the answer tells.
pub(super) async fn log(
    State(app): State<Arc<App>>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = request_id(&app, &request);
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let method = request.method().clone();
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert(REQUEST_ID, id);
    let status = response.status();
    let line = Line { span, method, matched, status, began, bytes: 0 };
    response.map(|body| Body::new(Counted { body, line }))
}

/// That of one of our own proxies, where it gave one that can stand in a line; else a new one.
fn request_id(app: &App, request: &Request) -> HeaderValue {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let given = request.headers().get(REQUEST_ID).filter(|id| is_plain(id.as_bytes()));
    match given.filter(|_| {
        peer.is_some_and(|ConnectInfo(peer)| is_trusted(peer.ip(), &app.trusted_proxies))
    }) {
        Some(id) => id.clone(),
        None => HeaderValue::try_from(app.moment().new_id().simple().to_string())
            .unwrap_or(HeaderValue::from_static("")),
    }
}

fn is_plain(id: &[u8]) -> bool {
    (1..=64).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=/+".contains(byte))
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
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let data = frame.data_ref().map_or(0, Bytes::len);
            self.line.bytes += u64::try_from(data).unwrap_or(u64::MAX);
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
    use super::*;

    #[test]
    fn an_id_of_a_proxy_is_plain() {
        for id in ["7f3a", "b1c2-d3:e4_f5.6=7/8+9", &"a".repeat(64)] {
            assert!(is_plain(id.as_bytes()), "{id}");
        }
        for id in ["", "a b", "a\"b", "a\nb", "é", "a{b", &"a".repeat(65)] {
            assert!(!is_plain(id.as_bytes()), "{id}");
        }
    }
}
