//! `/console/tokens`: what programs sign in with.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
