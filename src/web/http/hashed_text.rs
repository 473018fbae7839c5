//! A text under an address that names it for good, byte for byte as it was hashed: by that hash evidence names it.

use assent_ledger::digest::sha256_hex;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::for_good::for_good;
use super::ready::Ready;
use super::validators::Validators;
use crate::web::Error;

/// Such a text.
pub(in crate::web) struct HashedText<'a> {
    /// Its media type.
    pub kind: &'static str,
    /// The hash that it is kept with.
    pub sha256: &'a str,
    /// The language that it is in.
    pub lang: &'a str,
    /// What is given out.
    pub text: String,
}

impl HashedText<'_> {
    /// The answer with it.
    ///
    /// # Errors
    /// When it is not what the hash is of, as where another hand put it in its place; and when a condition of the request
    /// failed.
    pub(in crate::web) fn answer(self, request: &HeaderMap) -> Result<Response, Error> {
        let (state, lang) = self.validators_and_language()?;
        let mut answer = for_good(request, &state, self.kind, self.text)?;
        answer.headers_mut().insert(header::CONTENT_LANGUAGE, lang);
        Ok(answer)
    }

    /// The same, kept ready for all who ask.
    ///
    /// # Errors
    /// When it is not what the hash is of.
    pub(in crate::web) fn ready(self) -> Result<Ready, Error> {
        let (state, lang) = self.validators_and_language()?;
        Ok(Ready::for_good(state, self.kind, self.text).with([(header::CONTENT_LANGUAGE, lang)]))
    }

    fn validators_and_language(&self) -> Result<(Validators, HeaderValue), Error> {
        if sha256_hex(self.text.as_bytes()) != self.sha256 {
            tracing::error!(
                sha256 = self.sha256,
                "a text is not the one that was hashed: it is not given out"
            );
            return Err(Error::NotFound);
        }
        let lang = HeaderValue::try_from(self.lang).map_err(|_| Error::Internal)?;
        Ok((Validators::of_hashed_text(self.sha256), lang))
    }
}
