//! `/console/newsletters`: newsletters and purposes.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
