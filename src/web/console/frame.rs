//! Pages of the console, with what all of them have: the site, who is signed in, stylesheet and scripts.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use super::staff_session::{SignedIn, StaffSession};
use crate::domain::staff::member::Role;
use crate::site::Site;
use crate::templates::TemplateError;
use crate::templates::page::{Page, Samples};
use crate::web::assets::{ConsoleAssets, console_assets};
use crate::web::http::fields::FieldError;
use crate::web::visitor::Visitor;
use crate::web::{App, Error};

#[derive(Serialize)]
struct ConsolePage<'a, P> {
    site: &'a Site,
    desk: Option<SignedIn<'a>>,
    assets: ConsoleAssets,
    #[serde(flatten)]
    page: &'a P,
}

impl StaffSession {
    /// A page for who is signed in.
    pub(super) fn show(&self, page: &impl Page) -> Result<Response, Error> {
        self.answer(page, StatusCode::OK)
    }

    /// A page that says what is wrong with what was sent.
    pub(super) fn refuse(&self, page: &impl Page) -> Result<Response, Error> {
        self.answer(page, StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// A page that says what is wrong with what was sent, if anything is.
    pub(super) fn show_with(
        &self,
        page: &impl Page,
        errors: &[FieldError],
    ) -> Result<Response, Error> {
        self.answer(page, status_of(errors))
    }

    /// A page under this status.
    pub(super) fn answer(&self, page: &impl Page, status: StatusCode) -> Result<Response, Error> {
        Ok((status, Html(render(&self.app, Some(self), page)?)).into_response())
    }
}

impl Visitor {
    /// A page that says what is wrong with what was sent, if anything is; for who is not signed in.
    pub(super) fn show_with(
        &self,
        page: &impl Page,
        errors: &[FieldError],
    ) -> Result<Response, Error> {
        self.answer(page, status_of(errors))
    }

    /// A page for who is not signed in, under this status.
    pub(super) fn answer(&self, page: &impl Page, status: StatusCode) -> Result<Response, Error> {
        Ok((status, Html(render(&self.app, None, page)?)).into_response())
    }
}

fn status_of(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// The text of a page.
pub(super) fn render<P: Page>(
    app: &App,
    session: Option<&StaffSession>,
    page: &P,
) -> Result<String, TemplateError> {
    let desk = session.map(StaffSession::signed_in);
    let whole = ConsolePage { site: &app.site, desk, assets: console_assets(), page };
    app.templates.render(P::TEMPLATE, whole)
}

/// The samples of a page as those see it who may do everything, and those who only look.
pub(super) fn sample<P: Page>(samples: &mut Samples) {
    for page in &P::samples() {
        for role in [Role::Admin, Role::Viewer] {
            add(samples, &Site::sample(), Some(SignedIn::sample(role)), page);
        }
    }
}

/// The samples of a page that nobody need be signed in for.
pub(super) fn sample_signed_out<P: Page>(samples: &mut Samples) {
    for page in &P::samples() {
        add(samples, &Site::sample(), None, page);
    }
}

/// The first sample of a page as it is in a demo, and where the publisher is not set yet.
pub(super) fn sample_other_sites<P: Page>(samples: &mut Samples) {
    for site in Site::other_samples() {
        for page in P::samples().iter().take(1) {
            add(samples, &site, Some(SignedIn::sample(Role::Admin)), page);
        }
    }
}

fn add<P: Page>(samples: &mut Samples, site: &Site, desk: Option<SignedIn<'_>>, page: &P) {
    samples.add(P::TEMPLATE, &ConsolePage { site, desk, assets: console_assets(), page });
}

/// `console/layout.html`, which stands around all pages.
#[derive(Serialize)]
pub(super) struct LayoutPage {}

impl Page for LayoutPage {
    const TEMPLATE: &'static str = "console/layout.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
