//! Where readers can go on once they have a report, as pages link to it.

use serde::Serialize;

use crate::domain::slug::Slug;
use crate::web::App;
use crate::web::state::catalog::Catalog;

/// A page of the publisher's own. It is linked as it is: it is told nothing of the reader.
#[derive(Clone, Copy, Serialize)]
pub(super) struct ReturnLink<'a> {
    url: &'a str,
    /// The name of its site.
    site: &'a str,
}

impl<'a> ReturnLink<'a> {
    /// That of this report, while its site is one of `embed_origins`.
    pub(super) fn of_report(app: &App, catalog: &'a Catalog, slug: &Slug) -> Option<Self> {
        let address = catalog.report(slug)?.report.return_to.as_ref()?;
        let is_known = address.is_of(&app.embed_origins);
        is_known.then(|| Self { url: address.as_ref(), site: address.host() })
    }

    pub(super) fn sample() -> Self {
        Self { url: "https://www.example.org/thanks", site: "www.example.org" }
    }
}
