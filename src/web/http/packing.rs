//! Pages that are made for one request are packed on their way, by gzip, quickly; what is the same for all is
//! [`ready`](super::ready) and packed already. Report files must keep their byte ranges.

use std::io;

use async_compression::tokio::bufread::GzipEncoder;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::TryStreamExt;
use tokio_util::io::{ReaderStream, StreamReader};

use super::coding::{Coding, WORTH_PACKING};

/// Marks an answer that stays as it is: its bytes were chosen for what this request takes.
#[derive(Clone, Copy)]
pub(super) struct Settled;

/// An answer as it is sent to a request that takes gzip, or does not.
pub(in crate::web) fn packed(response: Response, takes_gzip: bool) -> Response {
    if !is_worth_packing(&response) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    say_that_it_varies(&mut head.headers);
    if !takes_gzip {
        return Response::from_parts(head, body);
    }
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::ACCEPT_RANGES);
    head.headers.insert(header::CONTENT_ENCODING, Coding::Gzip.header());
    let bytes = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    Response::from_parts(head, Body::from_stream(ReaderStream::new(GzipEncoder::new(bytes))))
}

/// Whether it is a text that is long enough, whole, and not packed yet.
fn is_worth_packing(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let said = |name| headers.contains_key(name);
    kind.starts_with(b"text/")
        && !said(header::CONTENT_ENCODING)
        && !said(header::CONTENT_RANGE)
        && response.extensions().get::<Settled>().is_none()
        && length(response).is_none_or(|length| length >= WORTH_PACKING as u64)
}

/// How long it is, where that is known.
fn length(response: &Response) -> Option<u64> {
    let said = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    response.body().size_hint().exact().or_else(said)
}

fn say_that_it_varies(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
    let mut fields = lines.flat_map(|line| line.split(','));
    if !fields.any(|field| field.trim().eq_ignore_ascii_case("accept-encoding")) {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::body::to_bytes;
    use axum::http::HeaderName;
    use axum::response::IntoResponse;
    use bytes::Bytes;

    use super::*;

    const PAGE: (HeaderName, &str) = (header::CONTENT_TYPE, "text/html; charset=utf-8");

    fn coding(response: &Response) -> Option<&HeaderValue> {
        response.headers().get(header::CONTENT_ENCODING)
    }

    #[tokio::test]
    async fn a_page_is_packed_for_whoever_takes_that() {
        let text = "<p>Words.</p>".repeat(10_000);
        let pieces = text.as_bytes().chunks(1000).map(Bytes::copy_from_slice);
        let pieces: Vec<io::Result<Bytes>> = pieces.map(Ok).collect();
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let length = (header::CONTENT_LENGTH, "130000");
        let answer = packed(([PAGE, length], body).into_response(), true);
        assert_eq!(coding(&answer).unwrap(), "gzip");
        assert_eq!(answer.headers()[header::VARY], "accept-encoding");
        assert!(!answer.headers().contains_key(header::CONTENT_LENGTH));
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut unpacked).unwrap();
        assert!(bytes.len() < 10_000 && unpacked == text);
        let plain = packed(([PAGE], text).into_response(), false);
        assert_eq!((coding(&plain), plain.body().size_hint().exact()), (None, Some(130_000)));
        assert_eq!(plain.headers()[header::VARY], "accept-encoding");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_breaks_off_packed() {
        let pieces = [Ok(Bytes::from(vec![b'a'; 9000])), Err(io::Error::other("away"))];
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let answer = packed(([PAGE], body).into_response(), true);
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[test]
    fn what_is_short_or_no_text_or_a_part_or_packed_is_sent_as_it_is() {
        let long = "a".repeat(1000);
        for headers in [
            vec![(header::CONTENT_TYPE, "application/pdf")],
            vec![(header::CONTENT_TYPE, "image/png")],
            vec![PAGE, (header::CONTENT_ENCODING, "br")],
            vec![PAGE, (header::CONTENT_RANGE, "bytes 0-999/5000")],
        ] {
            let mut response = long.clone().into_response();
            for (name, value) in &headers {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            let sent = packed(response, true);
            assert_eq!(sent.body().size_hint().exact(), Some(1000), "{headers:?}");
            assert!(!sent.headers().contains_key(header::VARY), "{headers:?}");
        }
        let short = packed(([PAGE], "a".repeat(255)).into_response(), true);
        assert_eq!(short.body().size_hint().exact(), Some(255));
        let mut settled = ([PAGE], long).into_response();
        settled.extensions_mut().insert(Settled);
        assert_eq!(packed(settled, true).body().size_hint().exact(), Some(1000));
    }

    #[test]
    fn what_varies_already_says_so_once() {
        for (said, says) in [
            (None, vec!["accept-encoding"]),
            (Some("Accept-Encoding"), vec!["Accept-Encoding"]),
            (Some("accept, accept-encoding"), vec!["accept, accept-encoding"]),
            (Some("accept"), vec!["accept", "accept-encoding"]),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(said.map(|said| (header::VARY, HeaderValue::from_static(said))));
            say_that_it_varies(&mut headers);
            assert_eq!(headers.get_all(header::VARY).iter().collect::<Vec<_>>(), says);
        }
    }
}
