//! What is on offer: policies, notices, newsletters, own purposes, reports. It changes rarely and every page needs it,
//! so it is kept and read again at most twice a second; what a command changes is seen within one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::alarm::{OnCollapse, confirmations, is_of_confirmations};
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::slug::{Label, Slug};
use crate::flows;
use crate::flows::catalog::show_notices::{show_notices, wording};
use crate::random::{Moment, Random};
use crate::site::Site;
use crate::store::Db;
use crate::store::alarms;
use crate::store::catalog::newsletters::Newsletter;
use crate::store::catalog::notices::Notice;
use crate::store::catalog::purposes::OwnPurpose;
use crate::store::catalog::reports::Report;
use crate::store::catalog::{newsletters, notices, purposes, reports};
use crate::store::policy::versions;
use crate::store::policy::versions::PolicyVersion;
use crate::web::http::fields::Fields;

/// How old the kept copy may be.
const MAX_AGE: Duration = Duration::from_millis(500);

/// How long pages wait for the database before the last copy serves.
const DEADLINE: Duration = Duration::from_secs(3);

/// A newsletter or a purpose of the operator's own, and the words beside its box.
#[derive(Clone, Debug)]
pub(in crate::web) struct Offer {
    pub purpose: Purpose,
    /// Its name, as readers see it.
    pub name: String,
    /// What to expect from a newsletter; empty for others.
    pub description: String,
    /// A newsletter's short name.
    pub slug: Option<Slug>,
    pub notice: Arc<Notice>,
}

impl Offer {
    fn of_newsletter(newsletter: Newsletter, notice: Arc<Notice>) -> Self {
        let Newsletter { slug, name, description, .. } = newsletter;
        let purpose = notice.purpose.clone();
        Self { purpose, name, description, slug: Some(slug), notice }
    }

    fn of_own(own: OwnPurpose, notice: Arc<Notice>) -> Self {
        let OwnPurpose { code, name, .. } = own;
        Self { purpose: code, name, description: String::new(), slug: None, notice }
    }

    /// The field that its box has in forms.
    pub(in crate::web) fn field(&self) -> &'static str {
        if self.slug.is_some() { "newsletter" } else { "purpose" }
    }

    /// The hash of the words beside its box, which forms carry and send back where words can be edited.
    pub(in crate::web) fn shown_hash(&self) -> Option<&str> {
        self.slug.is_none().then_some(self.notice.sha256.as_str())
    }

    /// Whether a form that was sent showed other words beside this box than today's: those were not read.
    /// A form that says nothing of its words, as one of the operator's own making, showed today's.
    pub(in crate::web) fn has_changed_since(&self, fields: &Fields) -> bool {
        let shown = fields.all("notice");
        !shown.is_empty() && self.shown_hash().is_some_and(|hash| !shown.contains(&hash))
    }

    /// What its box sends when it is ticked.
    pub(in crate::web) fn value(&self) -> &str {
        self.slug.as_ref().map_or_else(|| self.purpose.as_str(), Slug::as_str)
    }

    /// Whether its box was ticked.
    pub(in crate::web) fn is_ticked(&self, fields: &Fields) -> bool {
        fields.all(self.field()).contains(&self.value())
    }
}

/// A report and what its form offers besides: newsletters, then purposes of the operator's own.
#[derive(Clone, Debug)]
pub(in crate::web) struct OfferedReport {
    pub report: Report,
    pub offers: Vec<Offer>,
}

/// Everything on offer at one moment.
#[derive(Debug)]
pub(in crate::web) struct Catalog {
    /// Newest first: the first is in force.
    pub policies: Vec<Arc<PolicyVersion>>,
    /// The words beside the privacy-policy box; `None` while readers cannot be told who asks.
    pub consent: Option<Arc<Notice>>,
    pub newsletters: Vec<Offer>,
    /// Newsletters that are offered no more: whoever asked for one before can still confirm it.
    pub archived: Vec<Offer>,
    /// The operator's own.
    pub purposes: Vec<Offer>,
    /// Newest first; drafts and withdrawn ones too.
    pub reports: Vec<OfferedReport>,
    /// The alarms for which forms rest.
    resting: Vec<String>,
}

impl Catalog {
    /// What every form needs: the policy in force and the words of its box.
    pub(in crate::web) fn terms(&self) -> Option<(&Arc<PolicyVersion>, &Arc<Notice>)> {
        self.policies.first().zip(self.consent.as_ref())
    }

    /// Every newsletter on offer, then every purpose of the operator's own.
    pub(in crate::web) fn all_offers(&self) -> impl Iterator<Item = &Offer> {
        self.newsletters.iter().chain(&self.purposes)
    }

    pub(in crate::web) fn policy(&self, label: &Label) -> Option<&PolicyVersion> {
        self.policies.iter().find(|policy| policy.label == *label).map(AsRef::as_ref)
    }

    pub(in crate::web) fn report(&self, slug: &Slug) -> Option<&OfferedReport> {
        self.reports.iter().find(|offered| offered.report.slug == *slug)
    }

    /// Whether the form of this report, or that of the newsletters, rests: hardly anybody who was mailed
    /// through it confirmed.
    pub(in crate::web) fn rests(&self, report: Option<&Slug>) -> bool {
        self.resting.contains(&confirmations(report))
    }

    pub(in crate::web) fn published(&self) -> impl Iterator<Item = &OfferedReport> {
        self.reports.iter().filter(|offered| offered.report.status == ReportStatus::Published)
    }
}

/// The kept copy.
pub struct CatalogCache {
    db: Db,
    clock: Clock,
    random: Random,
    site: Arc<Site>,
    on_collapse: OnCollapse,
    kept: Mutex<Option<Kept>>,
}

/// The last copy.
struct Kept {
    read_at: Instant,
    /// What was on offer may be another by now, where this is another number.
    edition: u64,
    catalog: Arc<Catalog>,
}

impl CatalogCache {
    /// An empty cache over this database.
    #[must_use]
    pub fn new(
        db: Db,
        (clock, random): (Clock, Random),
        site: Arc<Site>,
        on_collapse: OnCollapse,
    ) -> Self {
        Self { db, clock, random, site, on_collapse, kept: Mutex::new(None) }
    }

    /// What is on offer. While the database is away the last copy serves, so that pages still open.
    pub(in crate::web) async fn get(&self) -> Result<Arc<Catalog>, flows::Error> {
        let mut kept = self.kept.lock().await;
        let edition = self.db.signals().catalog_edition();
        if let Some(kept) = kept.as_ref()
            && kept.edition == edition
            && kept.read_at.elapsed() < MAX_AGE
        {
            return Ok(kept.catalog.clone());
        }
        let loaded = tokio::time::timeout(DEADLINE, self.load()).await;
        let loaded = loaded.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()));
        let catalog = match (loaded, kept.as_ref()) {
            (Ok(catalog), _) => Arc::new(catalog),
            (Err(error), Some(last)) => {
                tracing::error!(error = ?error, "what is on offer could not be read; the last copy serves");
                last.catalog.clone()
            }
            (Err(error), None) => return Err(error),
        };
        *kept = Some(Kept { read_at: Instant::now(), edition, catalog: catalog.clone() });
        Ok(catalog)
    }

    async fn load(&self) -> Result<Catalog, flows::Error> {
        let mut tx = self.db.read().await?;
        let policies = versions::list(&mut tx, LANG).await?;
        let newsletters = newsletters::list(&mut tx).await?;
        let own = purposes::list(&mut tx).await?;
        let reports = reports::list(&mut tx).await?;
        let on_forms = reports::list_offers(&mut tx).await?;
        let shown = notices::list_shown(&mut tx).await?;
        let alarms = alarms::list(&mut tx).await?;
        drop(tx);
        let rest = |subject: &String| {
            self.on_collapse == OnCollapse::Pause && is_of_confirmations(subject)
        };
        let resting = alarms.into_iter().map(|alarm| alarm.subject).filter(rest).collect();
        // Words that name nobody are shown to nobody.
        let named = self.site.controller.is_complete();
        let wording = wording(&self.site.controller.name, &newsletters, &own);
        let notices = if named { self.notices(shown, wording).await? } else { vec![] };
        let of = |purpose: &Purpose| notices.iter().find(|n| n.purpose == *purpose).cloned();
        let (offered, archived): (Vec<_>, Vec<_>) =
            newsletters.into_iter().partition(Newsletter::is_offered);
        let worded = |newsletters: Vec<Newsletter>| -> Vec<Offer> {
            let worded = newsletters.into_iter().filter_map(|newsletter| {
                let notice = of(&Purpose::newsletter(&newsletter.slug))?;
                Some(Offer::of_newsletter(newsletter, notice))
            });
            worded.collect()
        };
        let (newsletters, archived) = (worded(offered), worded(archived));
        let own = own.into_iter().filter_map(|own| of(&own.code).map(|n| Offer::of_own(own, n)));
        let purposes: Vec<Offer> = own.collect();
        let reports = reports
            .into_iter()
            .map(|report| {
                let offers = on_forms
                    .iter()
                    .filter(|(report_id, _)| *report_id == report.report_id)
                    .filter_map(|(_, purpose)| {
                        newsletters.iter().chain(&purposes).find(|offer| offer.purpose == *purpose)
                    })
                    .cloned()
                    .collect();
                OfferedReport { report, offers }
            })
            .collect();
        Ok(Catalog {
            policies: policies.into_iter().map(Arc::new).collect(),
            consent: of(&Purpose::privacy_policy()),
            newsletters,
            archived,
            purposes,
            reports,
            resting,
        })
    }

    /// The notices with today's words; those never shown before are written down first.
    async fn notices(
        &self,
        shown: Vec<Notice>,
        wording: Vec<(Purpose, String)>,
    ) -> Result<Vec<Arc<Notice>>, flows::Error> {
        let mut known: Vec<Arc<Notice>> = Vec::with_capacity(wording.len());
        let mut missing = Vec::new();
        for (purpose, words) in wording {
            match shown.iter().find(|n| n.purpose == purpose && n.words == words && n.lang == LANG)
            {
                Some(notice) => known.push(Arc::new(notice.clone())),
                None => missing.push((purpose, words)),
            }
        }
        if !missing.is_empty() {
            let at = Moment::new(&self.clock, &self.random);
            let written = self.db.run(|tx| Box::pin(show_notices(tx, &at, &missing))).await?;
            known.extend(written.into_iter().map(Arc::new));
        }
        Ok(known)
    }
}
