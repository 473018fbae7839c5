//! The page of each error, or, where programs ask, its problem document.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use super::error::{Error, Fresh, FreshLink, Gone};
use super::form::FRAMED_BELOW;
use super::form::form_context::form_slug;
use super::form::frame::Frame;
use super::headers::InFrame;
use super::state::app::App;
use super::state::frame::render;
use super::{api, console};
use crate::templates::TemplateError;
use crate::templates::page::Page;

/// What a request asked for, as far as the page of an error depends on it.
pub(super) struct Asked {
    uri: Uri,
    /// Whether a form was sent, whose page this one takes the place of.
    sends: bool,
    /// Of one at the console.
    headers: Option<HeaderMap>,
}

impl Asked {
    pub(super) fn read(request: &Request) -> Self {
        let uri = request.uri().clone();
        let below = uri.path().strip_prefix(console::PREFIX);
        let at_console = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let headers = at_console.then(|| request.headers().clone());
        Self { headers, sends: request.method() == Method::POST, uri }
    }
}

/// Gives every [`Error`] its page, or, where programs ask, its problem document.
pub(super) async fn drawn(app: &Arc<App>, asked: &Asked, mut response: Response) -> Response {
    let error = response.extensions_mut().remove::<Error>();
    // What the framework itself could not read: a path that is not UTF-8, which leads nowhere.
    let unread = response.status() == StatusCode::BAD_REQUEST;
    let Some(error) = error.or_else(|| unread.then_some(Error::NotFound)) else { return response };
    let path = asked.uri.path();
    if path.starts_with(api::PREFIX) {
        let (mut head, _) = response.into_parts();
        head.status = error.status();
        return replaced(head, api::Problem::from(&error));
    }
    let page = match &asked.headers {
        Some(headers) => console::error_page(app, headers, &error, path).await,
        None => public_page(app, &error, asked),
    };
    match page {
        Ok(page) => {
            let (mut head, _) = response.into_parts();
            head.status = error.status();
            if path.starts_with(FRAMED_BELOW) {
                head.extensions.insert(InFrame);
            }
            if asked.headers.is_some() {
                let policy = HeaderValue::from_static(console::POLICY);
                head.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            replaced(head, Html(page))
        }
        Err(error) => {
            tracing::error!(error = ?error, "an error page could not be rendered");
            response
        }
    }
}

/// The page of an error that was met by this request.
fn public_page(app: &App, error: &Error, asked: &Asked) -> Result<String, TemplateError> {
    let path = asked.uri.path();
    if let Some(name) = path.strip_prefix(FRAMED_BELOW) {
        return framed_page(app, error, (name, asked.sends));
    }
    if let Error::Gone(gone) = error {
        return render(app, &GonePage(Cow::Borrowed(gone.as_ref())));
    }
    if let Error::BrokenLink(fresh) = error {
        return render(app, &BrokenLinkPage { fresh: fresh.as_str() });
    }
    let (title, message) = error.words();
    // Each form of the public's stands on the page that it is sent to.
    let form_path = matches!(error, Error::ForeignOrigin | Error::HiddenOrigin).then_some(path);
    render(app, &ErrorPage { status: error.status().as_u16(), title, message, form_path })
}

/// The page of an error that was met in the frame of the form of this name, when its frame began or when it was sent.
fn framed_page(
    app: &App,
    error: &Error,
    (name, sends): (&str, bool),
) -> Result<String, TemplateError> {
    let report = form_slug(name.split('/').next().unwrap_or_default());
    let frame = Frame::new(report.ok().flatten().as_ref(), None);
    let (title, message) = match error {
        Error::Gone(gone) => (gone.title.as_str(), gone.message.as_str()),
        error => error.words(),
    };
    render(app, &EmbedErrorPage { frame, sends, status: error.status().as_u16(), title, message })
}

/// `public/embed_error.html`.
#[derive(Serialize)]
pub(super) struct EmbedErrorPage<'a> {
    frame: Frame,
    /// Whether its reader is led to it: what they sent was refused.
    sends: bool,
    status: u16,
    title: &'a str,
    message: &'a str,
}

impl Page for EmbedErrorPage<'_> {
    const TEMPLATE: &'static str = "public/embed_error.html";

    fn samples() -> Vec<Self> {
        let page = |frame: Frame| Self {
            sends: frame.host.is_none(),
            frame,
            status: 404,
            title: "Page not found",
            message: "Check the address.",
        };
        Frame::samples().map(page).into()
    }
}

/// `public/gone.html`.
#[derive(Serialize)]
pub(super) struct GonePage<'a>(Cow<'a, Gone>);

impl Page for GonePage<'_> {
    const TEMPLATE: &'static str = "public/gone.html";

    fn samples() -> Vec<Self> {
        let fresh = Fresh {
            action: "/confirm/TOKEN/fresh".to_owned(),
            button: "Email me a fresh link".to_owned(),
        };
        let page = |fresh, start_again: Option<&str>| {
            Self(Cow::Owned(Gone {
                title: "This link has expired".to_owned(),
                message: "It worked until then.".to_owned(),
                fresh,
                start_again: start_again.map(ToOwned::to_owned),
            }))
        };
        vec![
            page(Some(fresh.clone()), None),
            page(Some(fresh), Some("/")),
            page(None, Some("/")),
            page(None, None),
        ]
    }
}

/// `public/broken_link.html`.
#[derive(Serialize)]
pub(super) struct BrokenLinkPage {
    /// How a fresh link is had.
    fresh: &'static str,
}

impl Page for BrokenLinkPage {
    const TEMPLATE: &'static str = "public/broken_link.html";

    fn samples() -> Vec<Self> {
        let ways = [FreshLink::Choices, FreshLink::Form, FreshLink::ByPress];
        ways.map(|fresh| Self { fresh: fresh.as_str() }).into()
    }
}

/// `public/error.html`.
#[derive(Serialize)]
pub(super) struct ErrorPage<'a> {
    status: u16,
    title: &'static str,
    message: &'static str,
    /// The form that was sent, where it can be opened.
    form_path: Option<&'a str>,
}

impl Page for ErrorPage<'_> {
    const TEMPLATE: &'static str = "public/error.html";

    fn samples() -> Vec<Self> {
        let page = |form_path| Self {
            status: 404,
            title: "Page not found",
            message: "Check the address.",
            form_path,
        };
        vec![page(None), page(Some("/reports/digital-councils"))]
    }
}

/// An answer with another body.
fn replaced(mut head: Parts, body: impl IntoResponse) -> Response {
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_TYPE);
    (head, body).into_response()
}

/// A panic is our mistake; the visitor sees the page for it.
#[expect(clippy::needless_pass_by_value, reason = "the shape that what catches it calls")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = what, "a handler panicked");
    Error::Internal.into_response()
}
