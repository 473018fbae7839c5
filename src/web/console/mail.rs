//! `/console/mail`: the queue, and sending again.

use super::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![]
}
