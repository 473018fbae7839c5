//! The outside over HTTP. Handlers parse, call one flow or read through the store, and answer.

mod api;
mod assets;
mod body;
mod catalog;
mod client_ip;
mod coding;
mod comparisons;
pub mod console;
mod cookie;
mod day_span;
mod dev;
mod disclosure;
mod erasure;
mod error;
mod export;
mod fields;
mod framing;
mod headers;
mod health;
mod host;
mod limits;
mod links;
mod markdown;
mod origin;
mod patience;
mod public;
mod request_log;
pub mod server;
mod upload;
#[cfg(test)]
mod upload_tests;
mod validators;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use ipnet::IpNet;
use tokio::sync::{Notify, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

pub use assets::{ConsoleAssets, console_assets, stylesheet};
pub use catalog::CatalogCache;
pub use comparisons::Comparisons;
pub use console::{FiguresCache, HashTurns, LedgerCheck, UPLOADS_AT_ONCE};
pub use error::Error;
pub use export::EXPORTS_AT_ONCE;
pub use host::OwnHost;
pub use limits::{CodeLimit, NetworkLimits};

use crate::clock::Clock;
use crate::domain::link::Links;
use crate::domain::request_id::RequestId;
use crate::files::Files;
use crate::flows::Terms;
use crate::intake::Intake;
use crate::mail::compose::Sender;
use crate::mail::mailbox::Mailbox;
use crate::mail::postmaster::Postmaster;
use crate::mail::relay_events::Door;
use crate::random::{Moment, Random};
use crate::site::Site;
use crate::store::Db;
use crate::templates::Templates;

/// What every handler works with.
pub struct App {
    /// Where everything is stored.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys come from.
    pub random: Random,
    /// What the operator set.
    pub terms: Terms,
    /// Pages and what they look like.
    pub templates: Templates,
    /// What pages say of the publisher.
    pub site: Arc<Site>,
    /// Who mail comes from.
    pub sender: Sender,
    /// The names by which mail filters know it.
    pub postmaster: Postmaster,
    /// Where events of the relay come in, if it sends any.
    pub relay_door: Option<Door>,
    /// Where links lead.
    pub links: Links,
    /// Report files.
    pub files: Files,
    /// Where workbooks are put together, out of sight.
    pub data_dir: PathBuf,
    /// Turns at exporting: each holds a connection for as long as its browser takes.
    pub export_places: Arc<Semaphore>,
    /// The turns of uploads at the console.
    pub upload_places: Arc<Semaphore>,
    /// The door signups go through.
    pub intake: Intake,
    /// What is on offer.
    pub catalog: CatalogCache,
    /// What one address of the network may do how often.
    pub network_limits: NetworkLimits,
    /// How many codes of one mailbox are looked at.
    pub code_limit: CodeLimit,
    /// The host that requests must name.
    pub own_host: OwnHost,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that may post forms and frame them.
    pub embed_origins: Vec<String>,
    /// Rung when mail was decided on.
    pub mail_waits: Arc<Notify>,
    /// How the forms are doing, for the console.
    pub figures: FiguresCache,
    /// Comparisons of published policies.
    pub comparisons: Comparisons,
    /// The check of the ledger that was asked for at the console.
    pub ledger_check: LedgerCheck,
    /// Turns at looking at passwords.
    pub hash_turns: HashTurns,
    /// The mailbox that the demo shows.
    pub dev_mailbox: Option<Mailbox>,
}

impl App {
    fn moment(&self) -> Moment {
        Moment::of(&self.clock, &self.random)
    }

    /// The present moment of a request, for what a worker does later on its behalf.
    fn moment_of(&self, request_id: RequestId) -> Moment {
        self.moment().for_request(Some(request_id))
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let mut pages =
        Router::new().merge(public::router()).merge(api::router()).merge(assets::router());
    pages = pages.merge(console::router(&app));
    if app.dev_mailbox.is_some() {
        pages = pages.merge(dev::router());
    }
    pages
        .merge(health::router())
        .merge(links::router())
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), links::check))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(from_fn(framing::check))
        .layer(from_fn_with_state(app.clone(), error::pages))
        .layer(from_fn(coding::keep_status))
        .layer(CompressionLayer::new().compress_when(headers::compressible()))
        .layer(from_fn(coding::restore_status))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), request_log::log))
        .with_state(app)
}
