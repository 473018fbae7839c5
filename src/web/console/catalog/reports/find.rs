//! The report that a path names.

use crate::store::catalog::reports::{self, Report};
use crate::web::address::key;
use crate::web::{App, Error};

pub(super) async fn find(app: &App, slug_text: &str) -> Result<Report, Error> {
    let slug = key(slug_text)?;
    reports::find(&mut app.db.read().await?, &slug).await?.ok_or(Error::NotFound)
}
