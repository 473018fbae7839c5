//! `/console/suppressions`: addresses that must not be mailed.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
