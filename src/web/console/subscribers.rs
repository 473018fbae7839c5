//! `/console/subscribers`: people.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
