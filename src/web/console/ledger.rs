//! `/console/ledger`: the newest checkpoint, and checking.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
