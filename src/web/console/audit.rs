//! `/console/audit`: who did what.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
