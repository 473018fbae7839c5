//! Answers that are the same for all who ask: kept ready with their headers, and packed once, in each coding when
//! somebody first takes it.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::OnceCell;

use super::coding::{Coding, WORTH_PACKING};
use super::packing::Settled;
use super::validators::Validators;
use super::{for_good, validators};
use crate::web::Error;

/// An answer that is the same for all.
pub(in crate::web) struct Ready {
    state: Validators,
    /// Those of the answer, and of the one that says that it is the same still (304).
    headers: HeaderMap,
    kind: HeaderValue,
    body: Bytes,
    brotli: Packed,
    zstd: Packed,
    gzip: Packed,
}

/// It in one coding; nothing where it is no smaller in it.
type Packed = Arc<OnceCell<Option<Bytes>>>;

impl Ready {
    /// A page that anybody may keep, and must ask after before it is shown again.
    pub(in crate::web) fn page(html: impl AsRef<str> + Into<Bytes>) -> Self {
        let state = Validators::of_text(html.as_ref());
        let headers = validators::public_headers(&state, "accept-encoding");
        Self::new((state, headers), "text/html; charset=utf-8", html)
    }

    /// A document for programs, in whose answer stands for which page it is (CORS).
    pub(in crate::web) fn json(json: String) -> Self {
        let state = Validators::of_text(&json);
        let headers = validators::public_headers(&state, "accept-encoding, origin");
        Self::new((state, headers), "application/json", json)
    }

    /// A script for pages of other sites, which keep it for ten minutes.
    pub(in crate::web) fn script_for_others(text: &'static str) -> Self {
        let state = Validators::of_text(text);
        let mut headers = validators::public_headers(&state, "accept-encoding");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=600"));
        Self::new((state, headers), "text/javascript; charset=utf-8", text)
    }

    /// A text that never changes under its address, told by these validators.
    pub(in crate::web) fn for_good(
        state: Validators,
        kind: &'static str,
        text: impl Into<Bytes>,
    ) -> Self {
        let headers = for_good::headers(&state, kind);
        Self::new((state, headers), kind, text)
    }

    fn new(
        (state, headers): (Validators, HeaderMap),
        kind: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            state,
            headers,
            kind: HeaderValue::from_static(kind),
            body: body.into(),
            brotli: Packed::default(),
            zstd: Packed::default(),
            gzip: Packed::default(),
        }
    }

    /// The same with more headers.
    #[must_use]
    pub(in crate::web) fn with(
        mut self,
        more: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Self {
        self.headers.extend(more);
        self
    }

    /// How many bytes it has, as it is.
    pub(in crate::web) fn size(&self) -> usize {
        self.body.len()
    }

    /// What a GET or HEAD is answered, in the coding that it likes best.
    ///
    /// # Errors
    /// When a condition of the request failed.
    pub(in crate::web) async fn answer(&self, request: &HeaderMap) -> Result<Response, Error> {
        if let Some(same) = self.state.not_modified(request, &self.headers)? {
            return Ok(same);
        }
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        let packed = match Coding::preferred(request) {
            Some(coding) => self.packed(coding).await.map(|body| (coding, body)),
            None => None,
        };
        let mut response = Response::new(Body::empty());
        if let Some((coding, body)) = packed {
            headers.insert(header::CONTENT_ENCODING, coding.header());
            *response.body_mut() = Body::from(body);
        } else {
            response.extensions_mut().insert(Settled);
            *response.body_mut() = Body::from(self.body.clone());
        }
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// It in this coding; `None` where it is no smaller in it. Whoever asks meanwhile waits for the one packing, which
    /// goes on when those who asked go away: another would be begun beside it otherwise, for each who comes and goes.
    async fn packed(&self, coding: Coding) -> Option<Bytes> {
        let place = match coding {
            Coding::Brotli => &self.brotli,
            Coding::Zstd => &self.zstd,
            Coding::Gzip => &self.gzip,
        };
        if let Some(packed) = place.get() {
            return packed.clone();
        }
        let (place, body) = (place.clone(), self.body.clone());
        let packing =
            tokio::spawn(
                async move { place.get_or_try_init(|| pack(body, coding)).await.cloned() },
            );
        packing.await.map_err(io::Error::from).flatten().unwrap_or_else(|error| {
            tracing::error!(error = ?error, ?coding, "a page could not be packed: it is sent as it is");
            None
        })
    }
}

/// Packs on a thread of its own: that takes some milliseconds for each ten thousand bytes.
async fn pack(body: Bytes, coding: Coding) -> io::Result<Option<Bytes>> {
    if body.len() < WORTH_PACKING {
        return Ok(None);
    }
    let whole = body.len();
    let packed = tokio::task::spawn_blocking(move || coding.pack(&body)).await??;
    let is_smaller = packed.len() < whole;
    Ok(is_smaller.then(|| Bytes::from(packed.into_boxed_slice())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::{HttpBody, to_bytes};
    use axum::http::StatusCode;

    use super::*;
    use crate::web::http::packing::packed;

    fn asking(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn page() -> Ready {
        let more = (header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        Ready::page("<p>Words.</p>".repeat(100)).with([more])
    }

    #[tokio::test]
    async fn each_coding_is_packed_once() {
        let page = page();
        for (accepts, coding) in
            [("br, gzip", Coding::Brotli), ("zstd", Coding::Zstd), ("gzip", Coding::Gzip)]
        {
            let asked = asking(&[(header::ACCEPT_ENCODING, accepts)]);
            let mut bodies = Vec::new();
            for _ in 0..2 {
                let answer = page.answer(&asked).await.unwrap();
                assert_eq!(answer.headers()[header::CONTENT_ENCODING], coding.header());
                assert_eq!(answer.headers()[header::VARY], "accept-encoding");
                assert_eq!(answer.headers()[header::CONTENT_LANGUAGE], "en");
                bodies.push(to_bytes(answer.into_body(), usize::MAX).await.unwrap());
            }
            assert_eq!(bodies[0].as_ptr(), bodies[1].as_ptr(), "the same bytes, not such bytes");
            assert_eq!(bodies[0], coding.pack(&page.body).unwrap());
        }
        let plain = page.answer(&HeaderMap::new()).await.unwrap();
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(to_bytes(plain.into_body(), usize::MAX).await.unwrap(), page.body);
    }

    #[tokio::test]
    async fn packing_goes_on_when_nobody_waits_for_it() {
        let page = page();
        let asked = asking(&[(header::ACCEPT_ENCODING, "br")]);
        let left = tokio::time::timeout(Duration::ZERO, page.answer(&asked)).await;
        assert!(left.is_err(), "whoever asked has gone before it is packed");
        let packed = async {
            while page.brotli.get().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), packed).await.expect("it was packed");
    }

    #[tokio::test]
    async fn what_is_sent_as_it_is_stays_so() {
        for (text, accepts) in [
            ("short", "gzip, br, zstd"),
            ("long".repeat(100).as_str(), "identity, gzip;q=0.5"),
            ("long".repeat(100).as_str(), "deflate"),
        ] {
            let asked = asking(&[(header::ACCEPT_ENCODING, accepts)]);
            let answer = Ready::page(text.to_owned()).answer(&asked).await.unwrap();
            let answer = packed(answer, true);
            assert!(!answer.headers().contains_key(header::CONTENT_ENCODING), "{accepts}");
            assert_eq!(answer.headers()[header::VARY], "accept-encoding", "{accepts}");
            assert_eq!(answer.body().size_hint().exact(), Some(text.len() as u64), "{accepts}");
        }
    }

    #[tokio::test]
    async fn who_has_it_is_told_so_with_all_that_varies() {
        let page = page();
        let tag = page.state.headers()[header::ETAG].to_str().unwrap().to_owned();
        let mut asked = asking(&[(header::ACCEPT_ENCODING, "br")]);
        asked.insert(header::IF_NONE_MATCH, HeaderValue::try_from(&tag).unwrap());
        let same = page.answer(&asked).await.unwrap();
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(same.body().size_hint().exact(), Some(0));
        for (name, value) in [
            (header::ETAG, tag.as_str()),
            (header::CACHE_CONTROL, "no-cache"),
            (header::VARY, "accept-encoding"),
            (header::CONTENT_LANGUAGE, "en"),
        ] {
            assert_eq!(same.headers()[&name], value);
        }
        assert!(!same.headers().contains_key(header::CONTENT_ENCODING));
        assert!(page.brotli.get().is_none(), "nothing was packed for it");
        let refused = page.answer(&asking(&[(header::IF_MATCH, "\"another\"")])).await;
        assert!(matches!(refused, Err(Error::PreconditionFailed)));
    }
}
