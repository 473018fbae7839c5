//! What went wrong, as programs read it (RFC 9457).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::Error;
use crate::web::http::fields::InvalidField;

/// What a refusal comes in.
pub(super) const KIND: &str = "application/problem+json";

/// Why something was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument<'a> {
    /// `about:blank`: there is no more to it than its status.
    r#type: &'static str,
    /// The status in words.
    #[schema(required)]
    title: Option<&'static str>,
    status: u16,
    /// What was wrong where.
    errors: &'a [InvalidField],
}

/// A refusal, and what was wrong where.
#[derive(Debug)]
pub(in crate::web) struct Problem {
    status: StatusCode,
    errors: Vec<InvalidField>,
}

impl Problem {
    /// What was sent cannot be used as it is.
    pub(super) fn unusable(errors: Vec<InvalidField>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, errors }
    }

    /// One thing that stands against it.
    pub(super) fn new(status: StatusCode, fault: InvalidField) -> Self {
        Self { status, errors: vec![fault] }
    }
}

fn unknown_field(known: &[&str]) -> InvalidField {
    let message = match known {
        [] => "Send no fields in the address".to_owned(),
        known => format!("Send no other fields than {}", known.join(", ")),
    };
    InvalidField::new("query", "unknown-field", message)
}

/// What a request met before or beside its own rules.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let body = |code, message| vec![InvalidField::new("body", code, message)];
        let token = |code, message| vec![InvalidField::new("authorization", code, message)];
        let errors = match error {
            Error::Unauthorised => token("no-token", "Send a token that works as a bearer token"),
            Error::Forbidden => token("scope", "Use a token that was made for this"),
            Error::Malformed => body("malformed", "Send the whole body"),
            Error::UnclearHost => {
                vec![InvalidField::new("host", "unclear", "Name one host, that of this site")]
            }
            Error::UnknownCoding => {
                body("unknown-coding", "Send it in no transfer coding but chunked")
            }
            Error::UnknownField(known) => vec![unknown_field(known)],
            Error::TooSlow => body("too-slow", "Send the body within ten seconds"),
            Error::TooLarge => body("too-large", "Send less"),
            Error::WrongType => body("wrong-type", "Send a type that is taken here"),
            _ => vec![],
        };
        Self { status: error.status(), errors }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, errors } = self;
        // RFC 9457 §4.2.1: without a type of its own, the title is the status in words.
        let document = ProblemDocument {
            r#type: "about:blank",
            title: status.canonical_reason(),
            status: status.as_u16(),
            errors: &errors,
        };
        // Only our own mistake would leave it empty; its status says the most of it.
        let text = serde_json::to_string(&document).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, KIND)], text).into_response()
    }
}
