//! All parts of the application that answers.

use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Semaphore;
use url::Url;

use super::catalog::CatalogCache;
use super::comparisons::Comparisons;
use super::figures::FiguresCache;
use super::hash_permits::HashPermits;
use super::in_flight::InFlight;
use super::ledger_check::LedgerCheck;
use super::limits::{CodeLimit, NetworkLimits};
use super::own_host::OwnHost;
use super::shared_domains::SharedDomains;
use super::write_check::WriteCheck;
use crate::clock::Clock;
use crate::domain::request_id::RequestId;
use crate::domain::signup::link::Links;
use crate::files::Files;
use crate::flows::FlowSettings;
use crate::intake::Intake;
use crate::mail::compose::Sender;
use crate::mail::mailbox::Mailbox;
use crate::mail::postmaster::Postmaster;
use crate::mail::relay_events::EventEndpoint;
use crate::outgoing_http::AllowedHosts;
use crate::random::{Moment, Random};
use crate::site::Site;
use crate::store::Db;
use crate::templates::Templates;
use crate::web::http::asset::Asset;
use crate::web::state::ready_pages::ReadyPages;

/// What every handler works with.
pub struct App {
    /// Where everything is stored.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys come from.
    pub random: Random,
    /// What the operator set.
    pub settings: FlowSettings,
    /// Pages and what they look like.
    pub templates: Templates,
    /// What pages say of the publisher.
    pub site: Arc<Site>,
    /// What readers' pages look like.
    pub stylesheet: Asset,
    /// Who mail comes from.
    pub sender: Sender,
    /// The names by which mail filters know it.
    pub postmaster: Postmaster,
    /// Where events of the relay come in, if it sends any.
    pub relay_events: Option<EventEndpoint>,
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
    /// The pages that are the same for all readers, and the blank forms on them.
    pub ready_pages: ReadyPages,
    /// What one address of the network may do how often.
    pub network_limits: NetworkLimits,
    /// Requests with an `Idempotency-Key` that are being done.
    pub in_flight: InFlight,
    /// How many codes of one mailbox are looked at.
    pub code_limit: CodeLimit,
    /// Whether checkpoints are stamped with the time.
    pub stamps_checkpoints: bool,
    /// Whether the database takes what is written.
    pub write_check: WriteCheck,
    /// The host that requests must name.
    pub own_host: OwnHost,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that may post forms and frame them.
    pub embed_origins: Vec<String>,
    /// Hosts that webhooks may be sent to in the clear, and wherever they are.
    pub webhook_hosts: AllowedHosts,
    /// How a vulnerability is reported, if somebody is there for it.
    pub security_contact: Option<Url>,
    /// How the forms are doing, for the console.
    pub figures: FiguresCache,
    /// At which domains many people have their mailbox.
    pub shared_domains: Arc<SharedDomains>,
    /// Comparisons of published policies.
    pub comparisons: Comparisons,
    /// The check of the ledger that was asked for at the console.
    pub ledger_check: LedgerCheck,
    /// Turns at looking at passwords.
    pub hash_permits: HashPermits,
    /// The mailbox that the demo shows.
    pub dev_mailbox: Option<Mailbox>,
}

impl App {
    pub(in crate::web) fn moment(&self) -> Moment {
        Moment::new(&self.clock, &self.random)
    }

    /// The present moment of a request, for what a worker does later on its behalf.
    pub(in crate::web) fn moment_of(&self, request_id: RequestId) -> Moment {
        self.moment().for_request(Some(request_id))
    }
}
