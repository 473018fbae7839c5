//! The fields that a request carries, as handlers get them.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::web::Error;
use crate::web::http::fields::Fields;

/// The fields of a form that the guard has checked.
pub(super) struct Form(pub Fields);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        head.extensions.remove::<Fields>().map(Self).ok_or(Error::Internal)
    }
}

/// The fields of an address, after its `?`.
pub(super) struct Asked(pub Fields);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(head.uri.query().unwrap_or_default().as_bytes())))
    }
}
