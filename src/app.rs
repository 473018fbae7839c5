//! Builds the program from its settings, runs it, and stops it so that nothing acknowledged is lost.

mod disposable;
mod file_store;
mod flow_settings;
mod outgoing;
mod own_keys;
mod role;
mod start_error;
mod tables;

pub use disposable::disposable_domains;
pub use outgoing::{domain_resolver, sender, transport};

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use flow_settings::flow_settings;
pub use own_keys::demand_own_keys;
use own_keys::keep_own_keys;
pub use role::Role;
pub use start_error::StartError;
pub use tables::Tables;

use crate::brand::Brand;
use crate::clock::Clock;
use crate::config::{Keys, Settings};
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::mail_domain::DomainList;
use crate::domain::signup::link::Links;
use crate::domain::staff::member::COMMAND_LINE;
use crate::files::Files;
use crate::flows::contacts::backfill_words::backfill_words;
use crate::flows::ledger::adopt::adopt;
use crate::flows::ledger::replay_endings::{Replay, Replayed};
use crate::flows::{Act, FlowSettings};
use crate::folders::make_folder;
use crate::intake::{Intake, IntakeParts};
use crate::mail::mailbox::Mailbox;
use crate::mail::postmaster::Postmaster;
use crate::mail::relay_events::{Amazon, EventEndpoint};
use crate::mail::transport::Transport;
use crate::outgoing_http::PublicClient;
use crate::outside::Outside;
use crate::random::{Moment, Random};
use crate::report_drawing::ReportDrawer;
use crate::store::Db;
use crate::store::database_clock::keep_time;
use crate::templates::Templates;
use crate::time_stamping::TimeStampingAuthority;
use crate::web::state::ready_pages::ReadyPages;
use crate::web::{
    App, Asset, CatalogCache, CodeLimit, Comparisons, FiguresCache, HashPermits, InFlight,
    LedgerCheck, NetworkLimits, OwnHost, SharedDomains, WriteCheck,
};
use crate::witnesses::Witnesses;
use crate::worker::driver::Driver;
use crate::worker::last_runs::LastRuns;
use crate::worker::{DomainPace, WorkerParts};
use crate::{tls, web, worker};

/// Everything that commands and pages share.
#[derive(Clone)]
pub struct Core {
    /// What the operator set.
    pub settings: Arc<Settings>,
    /// Where everything is stored.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys and salts come from.
    pub random: Random,
    /// Report files.
    pub files: Files,
    /// What use cases go by.
    pub flow_settings: FlowSettings,
    /// Where links lead.
    pub links: Links,
    /// How often the worker seals what was recorded.
    pub seal_every: Duration,
    /// The way to Amazon SNS, for events of Amazon SES.
    pub amazon: Amazon,
    /// The way to those who are told by webhooks.
    pub webhooks: PublicClient,
    /// Who signs each newest checkpoint.
    pub witnesses: Witnesses,
    /// Who stamps the newest of each day with the time.
    pub time_stamping: Option<TimeStampingAuthority>,
    /// How far what people ended was compared with the database.
    replay: Arc<Mutex<Replay>>,
}

impl Core {
    /// Opens what the settings name, on tables of this version.
    ///
    /// # Errors
    /// Says which part cannot be used, and what to do.
    pub async fn open(
        settings: Settings,
        tables: Tables,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        tls::use_ring();
        let data_dir = &settings.data_dir;
        make_folder(data_dir)
            .map_err(|error| StartError::DataDir(data_dir.display().to_string(), error))?;
        let keys = Keys::load(&settings, &random)?;
        let files = Files::open(&settings.files_url)?;
        let evidence_key = EvidenceKey::from_secret(&keys.addresses);
        let outside = Outside::open(data_dir, &files, keys.ledger.clone(), evidence_key.clone())?;
        let db = Db::open(
            settings.database_url.expose_secret(),
            &outside,
            settings.database_connections,
        )
        .await?;
        tables.make_ready(&db).await?;
        keep_time(&db, &clock).await?;
        let split = backfill_words(&db).await?;
        if split > 0 {
            tracing::info!(people = split, "split up into the words they are found by");
        }
        keep_own_keys(&db, &keys).await?;
        let webhooks = PublicClient::new(settings.webhook_hosts.clone());
        let witnesses = Witnesses::new(&settings.ledger_witnesses);
        let time_stamping = settings.ledger_timestamp_url.clone().map(TimeStampingAuthority::new);
        let flow_settings = flow_settings(&settings, evidence_key, &keys, &witnesses);
        match adopt(&db, &flow_settings, &clock, &random).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "what an earlier version recorded was adopted"),
            // Nothing of it is exported then, and the rest goes on.
            Err(crate::flows::Error::Tree) => tracing::error!(
                "what an earlier version recorded was not adopted: the ledger does not hold together"
            ),
            Err(error @ crate::flows::Error::Unsealed(_)) => {
                tracing::error!(error = ?error, "what an earlier version recorded was not adopted: {error}");
            }
            // Whoever runs it decides first.
            Err(error @ (crate::flows::Error::NotLevel(_) | crate::flows::Error::Outside(_))) => {
                tracing::error!(error = ?error, "what an earlier version recorded was not adopted yet");
            }
            Err(error) => return Err(error.into()),
        }
        let links = Links { base_url: settings.origin(), secrets: keys.links };
        let settings = Arc::new(settings);
        let replay = Arc::default();
        let (seal_every, amazon) = (SEAL_EVERY, Amazon::on_the_web());
        let core = Self {
            settings,
            db,
            clock,
            random,
            files,
            flow_settings,
            links,
            seal_every,
            amazon,
            webhooks,
            witnesses,
            time_stamping,
            replay,
        };
        core.replay().await?;
        Ok(core)
    }

    /// Ends again what people ended and the database does not know, of all that came since the last time.
    ///
    /// # Errors
    /// When the database does not answer, or something outside was changed by another hand.
    pub async fn replay(&self) -> Result<Replayed, crate::flows::Error> {
        let mut replay = self.replay.lock().await;
        let replayed = replay.all(&self.db, &self.flow_settings, &self.moment()).await?;
        if !replayed.is_nothing() {
            tracing::warn!(
                ?replayed,
                "the database did not know what people had ended: ended again"
            );
        }
        Ok(replayed)
    }

    /// The present moment.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment::new(&self.clock, &self.random)
    }

    /// What a command does now, for the audit.
    #[must_use]
    pub fn act(&self) -> Act {
        Act::new(self.moment(), COMMAND_LINE)
    }
}

/// A program ready to run.
pub struct Program {
    core: Core,
    worker: WorkerParts,
    stylesheet: Asset,
    dev_mailbox: Option<Mailbox>,
    disposable: Arc<DomainList>,
}

/// How often the worker seals: a receipt is there while its reader still looks at the page.
const SEAL_EVERY: Duration = Duration::from_secs(5);
/// How long work under way may take once the program is asked to stop.
const GRACE: Duration = Duration::from_secs(25);
/// How long the file store may take at the end, and the database to close.
const CLOSE: Duration = Duration::from_secs(2);

impl Program {
    /// Puts the program together. As a demo it says so on every page and shows its mailbox.
    ///
    /// # Errors
    /// Says which part cannot be used, and what to do.
    pub fn build(core: Core, demo: bool) -> Result<Self, StartError> {
        let settings = &core.settings;
        let look = &settings.pages;
        let brand = Brand::load(look.colour, look.logo.as_deref(), look.icon.as_deref())?;
        let stylesheet = web::site_stylesheet(&brand.css);
        let drawer = look.draw_covers.then(ReportDrawer::of_this_program).transpose();
        let site = Arc::new(settings.site(demo, stylesheet.path().to_owned(), brand.icon));
        let transport = Arc::new(transport(settings)?);
        let dev_mailbox = match transport.as_ref() {
            Transport::Mailbox(mailbox) if demo => Some(mailbox.clone()),
            _ => None,
        };
        let sender = sender(settings, &core.links.secrets)?;
        let worker = WorkerParts {
            db: core.db.clone(),
            clock: core.clock.clone(),
            random: core.random.clone(),
            settings: core.flow_settings.clone(),
            files: core.files.clone(),
            data_dir: settings.data_dir.clone(),
            templates: Templates::load(settings.templates_dir.as_deref(), &settings.timezone)?,
            sender,
            transport,
            resolver: domain_resolver(settings),
            connections: settings.mail.connections,
            per_domain: Arc::new(DomainPace::new(settings.mail.per_domain)),
            links: core.links.clone(),
            site,
            seal_every: core.seal_every,
            checkpoint_recipient: settings.ledger_witness_mail.clone(),
            runs: LastRuns::new(core.moment().new_id()),
            witnesses: core.witnesses.clone(),
            drawer: drawer.map_err(StartError::Program)?,
            webhooks: core.webhooks.clone(),
            time_stamping: core.time_stamping.clone(),
        };
        let disposable = disposable_domains(settings.disposable_domains.as_deref())?;
        Ok(Self { core, worker, stylesheet, dev_mailbox, disposable: Arc::new(disposable) })
    }

    /// Runs until `stop`; then open requests are answered, what was handed in is stored, mails under
    /// way are recorded, and the database is closed. Without a listener there are no pages.
    pub async fn run(self, role: Role, listener: Option<TcpListener>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let runs = self.worker.runs.clone();
        let driver = Driver::new(&self.core.clock, &runs, &stop);
        let background = if role == Role::Web {
            worker::tasks::of_pages_alone(&self.worker)
        } else {
            worker::tasks::of_worker(&self.worker, &self.core.replay, &stop)
        };
        for task in background {
            tasks.spawn(driver.clone().drive(task));
        }
        if role != Role::Web {
            tasks.spawn(worker::deliver::run(self.worker.clone(), stop.clone()));
            tasks.spawn(worker::deliver_webhooks::run(self.worker.clone(), stop.clone()));
        }
        tasks.spawn(runs.write_down(self.core.db.clone(), stop.clone()));
        let asked = {
            let stop = stop.clone();
            tokio::spawn(async move {
                stop.cancelled().await;
                Instant::now()
            })
        };
        let (db, files) = (self.core.db.clone(), self.core.files.clone());
        match listener {
            Some(listener) if role != Role::Worker => {
                let router = web::router(self.app(&tasks));
                web::server::serve(listener, router, stop).await;
            }
            _ => stop.cancelled().await,
        }
        tasks.close();
        let since = asked.await.map_or(GRACE, |asked| asked.elapsed());
        let left = async { tokio::join!(tasks.wait(), files.settle()) };
        if tokio::time::timeout(GRACE.saturating_sub(since), left).await.is_err() {
            tracing::warn!("work was still under way when time ran out");
        }
        // Nobody notes anything any more. What cannot be brought away now is at the next start.
        match tokio::time::timeout(CLOSE, db.outside().put_new()).await {
            Ok(Ok(())) => {}
            left => tracing::warn!(?left, "the last endings are in the data directory alone"),
        }
        // A query that hangs would hold its connection, and with it the end, for good.
        if tokio::time::timeout(CLOSE, db.close()).await.is_err() {
            tracing::warn!("a query was still under way when time ran out");
        }
    }

    fn app(self, tasks: &TaskTracker) -> App {
        let Self { core, worker, stylesheet, dev_mailbox, disposable } = self;
        let intake = Intake::start(
            &IntakeParts {
                db: core.db.clone(),
                clock: core.clock.clone(),
                random: core.random.clone(),
                settings: core.flow_settings.clone(),
            },
            tasks,
        );
        let catalog = CatalogCache::new(
            core.db.clone(),
            (core.clock.clone(), core.random.clone()),
            worker.site.clone(),
            (core.flow_settings.on_collapse, core.settings.bot_check.clone(), disposable),
        );
        let shared_domains = SharedDomains::new(&core.db, &core.clock);
        let figures = FiguresCache::new(&core.db, &core.clock, &core.flow_settings.timezone);
        let postmaster = Postmaster::for_sender(&worker.sender);
        let relay_proof = core.settings.mail.relay_events.as_ref();
        App {
            relay_events: relay_proof.map(|proof| EventEndpoint::new(proof, &core.amazon)),
            catalog,
            stylesheet,
            postmaster,
            intake,
            ready_pages: ReadyPages::default(),
            network_limits: NetworkLimits::new(core.settings.signups_per_ip),
            in_flight: InFlight::default(),
            code_limit: CodeLimit::new(),
            write_check: WriteCheck::new(core.moment().new_id()),
            own_host: OwnHost::from_base_url(&core.settings.base_url),
            stamps_checkpoints: core.time_stamping.is_some(),
            trusted_proxies: core.settings.trusted_proxies.clone(),
            embed_origins: core.settings.embed_origins.clone(),
            webhook_hosts: core.settings.webhook_hosts.clone(),
            security_contact: core.settings.security_contact.clone(),
            db: core.db,
            clock: core.clock,
            random: core.random,
            settings: core.flow_settings,
            files: core.files,
            data_dir: core.settings.data_dir.clone(),
            export_places: Arc::new(Semaphore::new(web::EXPORTS_AT_ONCE)),
            upload_places: Arc::new(Semaphore::new(web::UPLOADS_AT_ONCE)),
            templates: worker.templates,
            site: worker.site,
            sender: worker.sender,
            links: worker.links,
            figures,
            shared_domains,
            comparisons: Comparisons::default(),
            ledger_check: LedgerCheck::default(),
            hash_permits: HashPermits::default(),
            dev_mailbox,
        }
    }
}
