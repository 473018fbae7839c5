//! `/console/staff`: accounts and roles.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
