//! `/console/audit`: who did what.

mod export;
mod filter;
mod list;
mod words;

use std::collections::HashMap;

use super::route::Route;
use crate::domain::right::Right;
use crate::domain::staff::actor;
use crate::store::staff;
use crate::web::{App, Error};

const PATH: &str = "/console/audit";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, list::show),
        Route::post("/console/audit/export", Right::Export, export::take_away),
    ]
}

/// The address of each account, by how the audit names it.
async fn addresses(app: &App) -> Result<HashMap<String, String>, Error> {
    let staff = staff::list(&mut app.db.read().await?).await?;
    Ok(staff.into_iter().map(|one| (actor(one.staff_id), one.email)).collect())
}
