//! What went wrong, as visitors are told it: what to do, and nothing of the inside.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::intake::IntakeError;
use crate::store::is_away;
use crate::templates::TemplateError;

/// An answer other than the page asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// 400: not HTTP as it should be.
    #[error("malformed request")]
    Malformed,
    /// 400: no host, several, or what can be none (RFC 9112 §3.2).
    #[error("no one host is named")]
    UnclearHost,
    /// 401: a program without a token that works.
    #[error("no token that works")]
    Unauthorised,
    /// 403: a form on a site that may not post here.
    #[error("a form on another site")]
    ForeignOrigin,
    /// 403: a form whose browser kept back which page it stood on (`Origin: null`).
    #[error("a form of a page that is not told")]
    HiddenOrigin,
    /// 403: a member of staff whose role does not allow it.
    #[error("not allowed for this role")]
    Forbidden,
    /// 403: a form of a page that belongs to another session, or to none.
    #[error("a form without this session's token")]
    StaleForm,
    /// 404: nothing here.
    #[error("not found")]
    NotFound,
    /// 404: a link that lost something on its way, or that we never wrote.
    #[error("a link that is not whole")]
    BrokenLink(FreshLink),
    /// 405.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 410: was here once; says why and what to do.
    #[error("gone")]
    Gone(Box<Gone>),
    /// 412: it is not what the client builds upon (RFC 9110 §13).
    #[error("precondition failed")]
    PreconditionFailed,
    /// 413: more than a form can hold.
    #[error("too large")]
    TooLarge,
    /// 415: not a form.
    #[error("wrong type")]
    WrongType,
    /// 416: a range the file does not have; carries the file's size.
    #[error("range not satisfiable")]
    RangeNotSatisfiable(u64),
    /// 421: a host that is not ours.
    #[error("misdirected")]
    Misdirected,
    /// 422: a program asks for something that is not known there; carries what is.
    #[error("an unknown field")]
    UnknownField(&'static [&'static str]),
    /// 429: come back after this time.
    #[error("too many requests")]
    TooMany(Duration),
    /// 501: a body in a transfer coding that is not known here (RFC 9112 §6.1).
    #[error("unknown transfer coding")]
    UnknownCoding,
    /// 503: could not be stored or read just now.
    #[error("unavailable")]
    Unavailable,
    /// 503: the database did not answer, or had it give way to another; what is run again where it gave way is told by it.
    #[error("the database is away")]
    Away(#[source] Arc<sqlx::Error>),
    /// 500: our mistake.
    #[error("internal error")]
    Internal,
}

/// Why a link does not work any more, and what to do.
#[derive(Clone, Debug, Serialize)]
pub struct Gone {
    /// What happened.
    pub title: String,
    /// Why, and what to do.
    pub message: String,
    /// The one button that mails a fresh link.
    pub fresh: Option<Fresh>,
    /// Where to begin again.
    pub start_again: Option<String>,
}

/// A button that mails a fresh link.
#[derive(Clone, Debug, Serialize)]
pub struct Fresh {
    /// Where it posts.
    pub action: String,
    /// What it says.
    pub button: String,
}

/// How somebody whose link is not whole gets another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshLink {
    /// To their choices, by their address.
    Choices,
    /// To what a form of theirs led to, by their address.
    Form,
    /// By a press: their browser knows which form they sent.
    ByPress,
    /// At the console, by the address of their account.
    AtConsole,
}

impl FreshLink {
    /// As the page is told.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Choices | Self::AtConsole => "choices",
            Self::Form => "form",
            Self::ByPress => "press",
        }
    }
}

impl From<Gone> for Error {
    fn from(gone: Gone) -> Self {
        Self::Gone(Box::new(gone))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            return Self::Away(Arc::new(error));
        }
        tracing::error!(error = ?error, "the database did not take a statement, or answered what nobody expects: a bug");
        Self::Internal
    }
}

impl From<crate::flows::Error> for Error {
    fn from(error: crate::flows::Error) -> Self {
        match error {
            crate::flows::Error::Store(error) => error.into(),
            crate::flows::Error::Evidence(error) => {
                tracing::error!(error = ?error, "evidence could not be written down or read");
                Self::Internal
            }
            crate::flows::Error::Outside(error) => error.into(),
            error @ crate::flows::Error::Changed(..) => {
                tracing::error!(error = ?error, "what mails or receipts rest on was changed by another hand");
                Self::Internal
            }
            error @ (crate::flows::Error::Tree
            | crate::flows::Error::Unsealed(_)
            | crate::flows::Error::Stopped(_)
            | crate::flows::Error::NotLevel(_)
            | crate::flows::Error::NewerSchema(_)) => {
                tracing::error!(error = ?error, "the ledger could not be read");
                Self::Internal
            }
        }
    }
}

impl From<crate::files::FilesError> for Error {
    fn from(error: crate::files::FilesError) -> Self {
        tracing::error!(error = ?error, "the file store did not answer");
        Self::Unavailable
    }
}

impl From<crate::outside::OutsideError> for Error {
    fn from(error: crate::outside::OutsideError) -> Self {
        tracing::error!(error = ?error, "what is kept outside the database did not answer");
        Self::Unavailable
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(error = ?error, "a file of the data directory could not be written");
        Self::Unavailable
    }
}

impl From<TemplateError> for Error {
    fn from(error: TemplateError) -> Self {
        tracing::error!(error = ?error, "a page could not be rendered");
        Self::Internal
    }
}

impl From<crate::domain::staff::password::HashError> for Error {
    fn from(error: crate::domain::staff::password::HashError) -> Self {
        tracing::error!(error = ?error, "a password could not be looked at");
        Self::Internal
    }
}

impl From<IntakeError> for Error {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Full | IntakeError::Busy | IntakeError::Away => Self::Unavailable,
            IntakeError::Store => Self::Internal,
        }
    }
}

/// When to come back after a 503, in seconds.
const COME_BACK: u64 = 5;

impl Error {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::UnclearHost => StatusCode::BAD_REQUEST,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin | Self::HiddenOrigin | Self::Forbidden | Self::StaleForm => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound | Self::BrokenLink(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Gone(_) => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::UnknownField(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownCoding => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable | Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Title and message of its page.
    pub(super) fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("That did not reach us whole", "Go back and try again."),
            Self::UnclearHost => (
                "It is not clear which site this is for",
                "A program, or a proxy on the way, names none in its request, or more than one.",
            ),
            Self::Unauthorised => (
                "This needs a token",
                "Send a token of this console that works, as `Authorization: Bearer …`.",
            ),
            Self::ForeignOrigin => (
                "This form was sent from another site",
                "Open the form on this site and send it from here.",
            ),
            Self::HiddenOrigin => (
                "Your browser did not say which page this form stood on",
                "Open the form here, at its own address, and send it again. If you see this page again, a privacy \
                 setting or an extension of your browser keeps that back: allow it for this site, or use another \
                 browser.",
            ),
            Self::Forbidden => (
                "Your account may not do that",
                "Ask an admin of this console to do it, or to give your account another role.",
            ),
            Self::StaleForm => (
                "This form is no longer valid",
                "You signed in again since it was opened. Go back, load the page again, and send it once more.",
            ),
            Self::NotFound | Self::Gone(_) => (
                "Page not found",
                "Check that the address is whole: mail programs sometimes break long links in two.",
            ),
            Self::BrokenLink(_) => (
                "This link is not whole",
                "Open our message again and copy the whole link: mail programs sometimes break long links in two.",
            ),
            Self::MethodNotAllowed => {
                ("That cannot be done here", "Open the page first and use its button.")
            }
            Self::TooSlow => (
                "Your answers did not arrive in time",
                "Check your connection, then send them again.",
            ),
            Self::PreconditionFailed => (
                "This has changed meanwhile",
                "What you have of it and what stands here now do not belong together. Load it again from its \
                 beginning.",
            ),
            Self::TooLarge => (
                "That is more than this form can hold",
                "Shorten your answers and send them again.",
            ),
            Self::WrongType => ("That was not sent as a form", "Open the page and use its button."),
            Self::RangeNotSatisfiable(_) => {
                ("That part of the file does not exist", "Download the file from its beginning.")
            }
            Self::Misdirected => {
                ("This site has another address", "Check the address that you opened.")
            }
            Self::UnknownField(_) => (
                "That asks for something that is not known here",
                "Leave it out, and ask once more.",
            ),
            Self::TooMany(_) => (
                "Too many requests came from your network",
                "Wait a little, then send your answers again.",
            ),
            Self::UnknownCoding => (
                "That was sent in a way that is not known here",
                "Send it as it is, without compressing it on the way.",
            ),
            Self::Unavailable | Self::Away(_) => (
                "We cannot do that just now",
                "Try again in a few seconds. If you sent something, we cannot say yet whether it was stored: send it again.",
            ),
            Self::Internal => {
                ("Something went wrong on our side", "Try again, and tell us if it happens twice.")
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        match &self {
            Self::TooMany(wait) => {
                headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
            }
            Self::Unavailable => {
                headers.insert(header::RETRY_AFTER, COME_BACK.into());
            }
            Self::Away(error) => {
                tracing::error!(error = ?error, "the database did not answer");
                headers.insert(header::RETRY_AFTER, COME_BACK.into());
            }
            Self::Unauthorised => {
                // RFC 6750 §3.
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::RangeNotSatisfiable(size) => {
                if let Ok(range) = HeaderValue::try_from(format!("bytes */{size}")) {
                    headers.insert(header::CONTENT_RANGE, range);
                }
            }
            Self::TooSlow | Self::TooLarge | Self::UnclearHost | Self::UnknownCoding => {
                // The rest of the body is not read, or others may see its end elsewhere, so the connection cannot be
                // used again.
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}
