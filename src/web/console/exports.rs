//! `/console/exports`: contacts as files.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
