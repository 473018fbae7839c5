//! Pages with what all of the public's pages have.

use axum::response::Html;
use serde::Serialize;

use super::app::App;
use crate::site::Site;
use crate::templates::TemplateError;
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

/// The text of a page.
pub(in crate::web) fn render<P: Page>(app: &App, page: &P) -> Result<String, TemplateError> {
    app.templates.render(P::TEMPLATE, PublicPage { site: &app.site, page })
}

/// The samples of a page of the public's, the first of them on other sites too.
pub(in crate::web) fn sample<P: Page>(samples: &mut Samples) {
    let (pages, site) = (P::samples(), Site::sample());
    for page in &pages {
        samples.add(P::TEMPLATE, &PublicPage { site: &site, page });
    }
    for (site, page) in Site::other_samples().iter().zip(pages.first().into_iter().cycle()) {
        samples.add(P::TEMPLATE, &PublicPage { site, page });
    }
}

/// `public/layout.html`, the frame of all of them.
#[derive(Serialize)]
pub(in crate::web) struct Layout {}

impl Page for Layout {
    const TEMPLATE: &'static str = "public/layout.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
