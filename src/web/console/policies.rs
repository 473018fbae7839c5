//! `/console/policies`: versions of the privacy policy.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
