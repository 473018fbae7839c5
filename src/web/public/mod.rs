//! The reader's pages. They work without script; GET and HEAD change nothing of
//! anybody's; words about to be shown for the first time are written down.

mod awaited_mail;
mod blank_form;
mod check_your_inbox;
mod code;
mod complaints;
mod confirm;
mod downloads;
mod embed;
mod form_parts;
mod index;
mod instead;
mod ledger;
mod lost_link;
mod newsletters;
mod not_me;
mod nothing_held;
mod notices;
mod open_signup;
pub(super) mod page_samples;
mod policies;
mod postmaster;
mod preferences;
mod purposes;
mod renew;
mod reports;
mod return_link;
mod robots;
mod security_txt;
mod shown_form;
mod signup_form;
mod thank_you;
mod unconfirmed_form;
mod unsubscribe;

use std::sync::Arc;

use axum::Router;

pub(super) use reports::{ReportPage, preview};

use super::App;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .merge(index::router())
        .merge(reports::router())
        .merge(newsletters::router())
        .merge(embed::router())
        .merge(check_your_inbox::router())
        .merge(code::router())
        .merge(instead::router())
        .merge(confirm::router())
        .merge(not_me::router())
        .merge(downloads::router())
        .merge(thank_you::router())
        .merge(policies::router())
        .merge(notices::router())
        .merge(purposes::router())
        .merge(postmaster::router())
        .merge(preferences::router())
        .merge(lost_link::router())
        .merge(complaints::router())
        .merge(unsubscribe::router())
        .merge(renew::router())
        .merge(ledger::router())
        .merge(robots::router())
        .merge(security_txt::router())
}
