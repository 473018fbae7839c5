//! `/console/reports`: reports and their files.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
