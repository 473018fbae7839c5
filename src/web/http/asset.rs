//! A file that comes with the program and is cached for good, under a name that changes with its content.

use assent_ledger::digest::sha256_hex;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;

use super::ready::Ready;
use super::validators::Validators;
use crate::web::Error;

/// Such a file.
pub struct Asset {
    path: String,
    ready: Ready,
}

impl Asset {
    pub(in crate::web) fn css(name: &str, text: String) -> Self {
        Self::new((name, "css"), "text/css; charset=utf-8", text)
    }

    pub(in crate::web) fn script(name: &str, text: &'static str) -> Self {
        Self::new((name, "js"), "text/javascript; charset=utf-8", text)
    }

    fn new(
        (name, ending): (&str, &str),
        kind: &'static str,
        text: impl AsRef<str> + Into<Bytes>,
    ) -> Self {
        let digest = sha256_hex(text.as_ref().as_bytes());
        let path = format!("/assets/{name}.{}.{ending}", &digest[..12]);
        let state = Validators::of_text(text.as_ref());
        Self { path, ready: Ready::for_good(state, kind, text) }
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(in crate::web) async fn answer(&self, request: &HeaderMap) -> Result<Response, Error> {
        self.ready.answer(request).await
    }
}
