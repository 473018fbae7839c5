//! The HTTP server: one loop over hyper, because the stock one has no time-out for headers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::web::http::lingering::Lingering;
use crate::web::http::patience::{Patient, Requests};
use crate::web::links;

/// How long a client may take to send a request's head.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// How long a client may idle between requests: longer than nginx and Amazon's balancers keep a connection (a minute),
/// Traefik (90 seconds) and Caddy (two minutes).
const IDLE: Duration = Duration::from_secs(130);
/// How long a client may take none of an answer before it is given up.
const WRITE_DEADLINE: Duration = Duration::from_mins(1);
/// How many connections are served at once; more wait to be accepted.
const CONNECTIONS: usize = 8192;
/// With fewer places left than this, nobody may idle for longer than a head may take.
const CROWDED: usize = CONNECTIONS / 4;
/// How long a kept connection stays open once the program was asked to stop: what a proxy sends over it by then is
/// answered, and told to use another from now on (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_millis(300);
/// How long open requests may take once the program was asked to stop.
const GRACE: Duration = Duration::from_secs(15);
/// How long to wait when no more connections can be accepted, as when file descriptors ran out.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves until `stop`, then lets open requests finish.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_until((listener, router), stop, GRACE).await;
}

async fn serve_until(
    (listener, router): (TcpListener, Router),
    stop: CancellationToken,
    grace: Duration,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (open, cut) = (TaskTracker::new(), CancellationToken::new());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, stop, cut) = (router.clone(), stop.clone(), cut.clone());
                let left = places.clone();
                let is_crowded = move || left.available_permits() < CROWDED;
                open.spawn(async move {
                    let served = serve_connection((stream, peer), is_crowded, router, stop);
                    cut.run_until_cancelled(served).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(error = ?error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(grace, open.wait()).await.is_err() {
        tracing::warn!(connections = open.len(), "connections were still open when time ran out");
        // What they leave half done is removed while there is time for it.
        cut.cancel();
        open.wait().await;
    }
}

async fn serve_connection(
    (stream, peer): (TcpStream, SocketAddr),
    is_crowded: impl Fn() -> bool + Send + 'static,
    router: Router,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = ?error, "TCP_NODELAY could not be set");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_DEADLINE));
    let requests = Requests::default();
    let stream = Patient::new(Box::pin(stream), requests.clone(), HEADER_DEADLINE, is_crowded);
    let stopping = stop.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let answering = requests.begin();
        links::tidy(&mut request);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = router.clone().oneshot(Lingering::after(request));
        let stopping = stopping.clone();
        async move {
            let mut answer = answered.await?;
            if stopping.is_cancelled() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer.map(|body| answering.through(body)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = lingered(&stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(error = ?error, "a connection ended early");
    }
}

async fn lingered(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LINGER).await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use uuid::Uuid;

    use super::*;
    use crate::files::Files;

    /// The files in a folder of the store.
    fn count(store: &tempfile::TempDir) -> usize {
        std::fs::read_dir(store.path().join("reports")).map_or(0, Iterator::count)
    }

    #[tokio::test]
    async fn a_kept_connection_is_answered_once_more_and_told_to_close() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "whole" }));
        let served = tokio::spawn(serve_until((listener, router), stop.clone(), GRACE));
        for stops in [false, true] {
            if stops {
                stop.cancel();
            }
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            while !answer.ends_with("whole") {
                let mut bytes = [0; 1024];
                let read = client.read(&mut bytes).await.unwrap();
                assert!(read > 0, "{answer}");
                answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            }
            assert_eq!(answer.contains("connection: close"), stops, "{answer}");
        }
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "it is closed");
        served.await.unwrap();
    }

    #[tokio::test]
    async fn an_upload_that_the_end_cuts_off_leaves_nothing() {
        let store = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", store.path().display())).unwrap();
        let begun = Arc::new(Notify::new());
        let (own, told) = (files.clone(), begun.clone());
        let upload = get(|| async move {
            let mut incoming = own.receive_report(Uuid::nil());
            incoming
                .push(&[b"%PDF-1.7".as_slice(), &vec![b'x'; 9_000_000]].concat())
                .await
                .unwrap();
            told.notify_one();
            std::future::pending::<()>().await;
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", upload);
        let served = tokio::spawn(serve_until((listener, router), stop.clone(), Duration::ZERO));
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        begun.notified().await;
        assert_eq!(count(&store), 1, "the part that was sent");
        stop.cancel();
        served.await.unwrap();
        files.settle().await;
        assert_eq!(count(&store), 0);
    }
}
