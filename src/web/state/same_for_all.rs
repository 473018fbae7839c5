//! Answers that are the same for all readers.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;

use super::app::App;
use super::catalog::Catalog;
use crate::web::error::Error;
use crate::web::http::ready::Ready;

/// Makes what stands at a path, out of what is on offer. It is a plain function and is given nothing of any request but that
/// path, and what was chosen to be kept apart by besides, such as the site around a frame: so nothing of one reader's can
/// be kept for others.
pub(in crate::web) type Made = fn(&App, &Arc<Catalog>, &str) -> Result<Ready, Error>;

impl App {
    /// Answers with what stands at this path for everybody: made once for each change of what is on offer.
    ///
    /// # Errors
    /// What `made` says, and when a condition of the request failed.
    pub(in crate::web) async fn same_for_all(
        &self,
        request: &HeaderMap,
        path: &str,
        made: Made,
    ) -> Result<Response, Error> {
        let catalog = self.catalog.get().await?;
        let ready = self.ready_pages.get(&catalog, path, || made(self, &catalog, path))?;
        ready.answer(request).await
    }
}
