//! What went wrong at the console: in its own frame, with its menu for who is signed in.

use std::sync::Arc;

use axum::http::HeaderMap;
use serde::Serialize;

use super::frame::render;
use super::staff_session::StaffSession;
use crate::templates::TemplateError;
use crate::templates::page::Page;
use crate::web::console::staff::session;
use crate::web::error::Gone;
use crate::web::{App, Error};

/// The page of an error that was met at this path. Who is signed in is looked up for its menu alone, and may stay
/// unknown.
pub(in crate::web) async fn error_page(
    app: &Arc<App>,
    headers: &HeaderMap,
    error: &Error,
    path: &str,
) -> Result<String, TemplateError> {
    let session = session::find(app, headers).await.unwrap_or_default();
    let session = session.map(|session| StaffSession::new(app, &session, ""));
    let (title, message, to) = match error {
        Error::Gone(gone) => {
            let Gone { title, message, start_again, .. } = gone.as_ref();
            (title.as_str(), message.as_str(), start_again.as_deref())
        }
        Error::BrokenLink(_) => (
            error.words().0,
            "Open our message again and copy the whole link: mail programs sometimes break long links in two. If you \
             have an account, a fresh one to a new password can be emailed to you; for a fresh invitation, ask an \
             admin of this console.",
            Some("/console/forgot"),
        ),
        Error::NotFound => {
            ("Page not found", "What stood here may be gone, or the address is not whole.", None)
        }
        error => {
            let (title, message) = error.words();
            // Forms that nobody need be signed in for stand on the page that they are sent to.
            let has_form = matches!(error, Error::ForeignOrigin | Error::HiddenOrigin);
            (title, message, (session.is_none() && has_form).then_some(path))
        }
    };
    let page = ErrorPage { title, message, status: error.status().as_u16(), to };
    render(app, session.as_ref(), &page)
}

/// `console/error.html`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    status: u16,
    /// Where to go on, if anywhere but the first page.
    to: Option<&'a str>,
}

impl Page for ErrorPage<'_> {
    const TEMPLATE: &'static str = "console/error.html";

    fn samples() -> Vec<Self> {
        let message = "What stood here may be gone, or the address is not whole.";
        let page = |to| ErrorPage { title: "Page not found", message, status: 404, to };
        vec![page(None), page(Some("/console/exports"))]
    }
}
