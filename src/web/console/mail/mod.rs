//! `/console/mail`: the queue, what failed for good and why, and sending that again.

pub(super) mod labels;
mod list;
pub(super) mod list_page;
pub(super) mod one;
pub(super) mod retry;

use super::route::Route;
use crate::domain::staff::right::Right;
use crate::web::console::mail::labels::PATH;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, list::show),
        Route::get("/console/mail/retry", Right::RetryMail, retry::ask),
        Route::post("/console/mail/retry", Right::RetryMail, retry::all),
        Route::get("/console/mail/{id}", Right::See, one::show),
        Route::post("/console/mail/{id}/retry", Right::RetryMail, retry::one),
    ]
}
