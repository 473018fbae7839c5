//! Personal data are given away by a page or to a program.

use serde_json::Value;

use super::{App, Error};
use crate::flows::Act;
use crate::flows::contacts::record_disclosure::{Disclosure, record_disclosure};

/// Writes down that somebody takes data away; committed before anything is given.
pub(super) async fn audit_disclosure(
    app: &App,
    by: &str,
    what: Disclosure,
    detail: &Value,
) -> Result<(), Error> {
    let act = Act::new(app.moment(), by);
    Ok(app.db.run(|tx| Box::pin(record_disclosure(tx, &act, what, detail))).await?)
}
