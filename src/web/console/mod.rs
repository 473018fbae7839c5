//! The console: marketing's and the admin's pages. Every route but those for signing in stands in one table
//! with the right that it needs.

mod alarms;
mod catalog;
mod contacts;
mod dashboard;
mod error_pages;
mod form;
mod form_token;
mod frame;
mod guard;
mod ledger;
mod mail;
mod menu;
pub(super) mod page_samples;
mod paging;
mod policy;
mod request_fields;
mod route;
mod router;
mod staff;
mod staff_session;
mod tab;
mod tasks;

pub(super) use error_pages::error_page;
pub use guard::UPLOADS_AT_ONCE;
pub(super) use router::router;
pub use router::{OPEN, table};

/// Under which the console stands.
pub(super) const PREFIX: &str = "/console";

/// Its own script and htmx may run, and ask this site alone; nothing written into a page may.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
                      img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
