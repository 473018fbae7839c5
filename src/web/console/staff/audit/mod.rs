//! `/console/audit`: who did what.

mod addresses;
mod export;
mod filter;
mod labels;
pub(in crate::web::console) mod list;

use crate::domain::staff::right::Right;
use crate::web::console::route::Route;
use crate::web::console::staff::audit::filter::PATH;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, list::show),
        Route::post("/console/audit/export", Right::Export, export::take_away),
    ]
}
