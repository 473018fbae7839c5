//! `/console/account`: one's own password, sessions and two-factor.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
