//! Pages with what all of the public's pages have.

use axum::response::Html;
use serde::Serialize;

use super::app::App;
use crate::site::Site;
use crate::templates::page::{Page, Samples};
use crate::web::error::Error;

/// A page of the public's.
#[derive(Serialize)]
struct PublicPage<'a, P> {
    site: &'a Site,
    #[serde(flatten)]
    page: &'a P,
}

impl App {
    /// Renders a page of the public's.
    pub(in crate::web) fn page(&self, page: &impl Page) -> Result<Html<String>, Error> {
        Ok(Html(render(self, page)?))
    }
}

fn render<P: Page>(app: &App, page: &P) -> Result<String, Error> {
    Ok(app.templates.render(P::TEMPLATE, PublicPage { site: &app.site, page })?)
}

/// The samples of a page of the public's.
pub(in crate::web) fn sample<P: Page>(samples: &mut Samples) {
    for page in &P::samples() {
        samples.add(P::TEMPLATE, &PublicPage { site: &Site::sample(), page });
    }
}
