//! `/console/mail`: the queue, what was set aside and why, and sending that again.

mod list;
mod one;
mod retry;
pub(super) mod words;

use super::route::Route;
use crate::domain::right::Right;

const PATH: &str = "/console/mail";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, list::show),
        Route::get("/console/mail/retry", Right::RetryMail, retry::ask),
        Route::post("/console/mail/retry", Right::RetryMail, retry::all),
        Route::get("/console/mail/{id}", Right::See, one::show),
        Route::post("/console/mail/{id}/retry", Right::RetryMail, retry::one),
    ]
}
