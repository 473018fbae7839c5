//! Documents that programs send and are sent.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::query;
use crate::web::Error;
use crate::web::http::body;
use crate::web::http::fields::InvalidField;

/// The largest document.
const MOST: usize = 64 * 1024;

/// A document of this shape, and the bytes that it came in; beside it nothing is asked for.
pub(super) struct Document<T> {
    pub value: T,
    pub bytes: Bytes,
}

/// Why there is none.
pub(super) enum NoDocument {
    Refused(Error),
    Unusable(Problem),
}

impl IntoResponse for NoDocument {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => error.into_response(),
            Self::Unusable(problem) => problem.into_response(),
        }
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Document<T> {
    type Rejection = NoDocument;

    async fn from_request(request: Request, _: &S) -> Result<Self, NoDocument> {
        let (head, body) = request.into_parts();
        query::demand_none(&head.uri).map_err(NoDocument::Refused)?;
        if !is_json(&head.headers) {
            return Err(NoDocument::Refused(Error::WrongType));
        }
        let bytes = body::read(&head.headers, body, MOST).await.map_err(NoDocument::Refused)?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self { value, bytes }),
            Err(error) => {
                let message = format!("Send a JSON object as the documentation says: {error}");
                let fault = InvalidField::new("body", "malformed", message);
                Err(NoDocument::Unusable(Problem::unusable(vec![fault])))
            }
        }
    }
}

/// A document as it is sent.
///
/// # Errors
/// Only our own mistake: when it has no JSON form.
pub(super) fn text(document: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(document).map_err(|error| {
        tracing::error!(error = ?error, "a document could not be written down");
        Error::Internal
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
