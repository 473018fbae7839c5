//! Work that goes on beside requests, until it is asked to stop.

mod attach_promises;
mod circuit_breaker;
pub mod deliver;
pub mod deliver_webhooks;
mod delivery_recorder;
mod domain_pace;
pub mod driver;
mod hand_over;
pub mod last_runs;
mod leases;
pub mod mail_content;
pub mod own_alarm;
mod read_checkpoint_mail;
mod read_mail;
mod read_personal_mail;
mod read_request_mail;
mod read_staff_mail;
pub mod tasks;

pub use domain_pace::DomainPace;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;

use crate::clock::Clock;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::link::Links;
use crate::files::Files;
use crate::flows::FlowSettings;
use crate::mail::compose::Sender;
use crate::mail::transport::Transport;
use crate::outgoing_http::PublicClient;
use crate::random::{Moment, Random};
use crate::report_drawing::ReportDrawer;
use crate::site::Site;
use crate::store::Db;
use crate::templates::Templates;
use crate::time_stamping::TimeStampingAuthority;
use crate::witnesses::Witnesses;
use crate::worker::last_runs::LastRuns;

/// What workers work with.
#[derive(Clone)]
pub struct WorkerParts {
    /// Where the work is written down.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys and jitter come from.
    pub random: Random,
    /// What the operator set.
    pub settings: FlowSettings,
    /// Where exports are kept until they are fetched.
    pub files: Files,
    /// Where they are put together, out of sight.
    pub data_dir: PathBuf,
    /// Mails and what they look like.
    pub templates: Templates,
    /// Who mail comes from.
    pub sender: Sender,
    /// How mail leaves.
    pub transport: Arc<Transport>,
    /// Who is asked whether anything takes the mail of a domain, where that is looked up.
    pub resolver: Option<Arc<TokioResolver>>,
    /// Over how many connections it leaves at once.
    pub connections: usize,
    /// How many mails one domain is sent.
    pub per_domain: Arc<DomainPace>,
    /// Where links lead.
    pub links: Links,
    /// What mails say of the publisher.
    pub site: Arc<Site>,
    /// How often what was recorded is sealed.
    pub seal_every: Duration,
    /// Who is mailed the newest checkpoint every day.
    pub checkpoint_recipient: Option<EmailAddress>,
    /// What draws the first page of a report as its cover, where that is wanted.
    pub drawer: Option<ReportDrawer>,
    /// The way to those who are told by webhooks.
    pub webhooks: PublicClient,
    /// Who signs each newest checkpoint.
    pub witnesses: Witnesses,
    /// Who stamps the newest of each day with the time.
    pub time_stamping: Option<TimeStampingAuthority>,
    /// Where the last run of each background task is kept.
    pub runs: LastRuns,
}

impl WorkerParts {
    fn moment(&self) -> Moment {
        Moment::new(&self.clock, &self.random)
    }
}
