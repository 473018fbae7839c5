//! `/console/mail`: the queue, what failed for good and why, and sending that again.

pub(super) mod alarms;
mod list;
pub(super) mod list_page;
pub(super) mod one;
pub(super) mod retry;
pub(super) mod words;

use super::route::Route;
use crate::domain::staff::right::Right;
use crate::web::console::mail::words::PATH;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, list::show),
        Route::get("/console/mail/retry", Right::RetryMail, retry::ask),
        Route::post("/console/mail/retry", Right::RetryMail, retry::all),
        Route::get("/console/mail/{id}", Right::See, one::show),
        Route::post("/console/mail/{id}/retry", Right::RetryMail, retry::one),
    ]
}
