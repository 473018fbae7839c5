//! What is on offer: policies, notices, newsletters, reports. It changes rarely and every page needs it,
//! so it is kept and read again at most twice a second; what a command changes is seen within one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::notice::LANG;
use crate::domain::purpose::Purpose;
use crate::domain::report::ReportStatus;
use crate::domain::slug::{Label, Slug};
use crate::flows;
use crate::flows::show_notices::{show_notices, wording};
use crate::random::{Moment, Random};
use crate::site::Site;
use crate::store::newsletters::Newsletter;
use crate::store::notices::Notice;
use crate::store::policy_versions::PolicyVersion;
use crate::store::reports::Report;
use crate::store::{Db, newsletters, notices, policy_versions, reports};

/// How old the kept copy may be.
const MAX_AGE: Duration = Duration::from_millis(500);

/// How long pages wait for the database before the last copy serves.
const DEADLINE: Duration = Duration::from_secs(3);

/// A newsletter and the words beside its box.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub newsletter: Newsletter,
    pub notice: Arc<Notice>,
}

/// A report and the newsletters its form offers.
#[derive(Clone, Debug)]
pub(super) struct OfferedReport {
    pub report: Report,
    pub offers: Vec<Offer>,
}

/// Everything on offer at one moment.
#[derive(Debug)]
pub(super) struct Catalog {
    /// Newest first: the first is in force.
    pub policies: Vec<Arc<PolicyVersion>>,
    /// The words beside the privacy-policy box; `None` while readers cannot be told who asks.
    pub consent: Option<Arc<Notice>>,
    pub newsletters: Vec<Offer>,
    /// Newest first; drafts and withdrawn ones too.
    pub reports: Vec<OfferedReport>,
}

impl Catalog {
    /// What every form needs: the policy in force and the words of its box.
    pub(super) fn terms(&self) -> Option<(&Arc<PolicyVersion>, &Arc<Notice>)> {
        self.policies.first().zip(self.consent.as_ref())
    }

    pub(super) fn policy(&self, label: &Label) -> Option<&PolicyVersion> {
        self.policies.iter().find(|policy| policy.label == *label).map(AsRef::as_ref)
    }

    pub(super) fn report(&self, slug: &Slug) -> Option<&OfferedReport> {
        self.reports.iter().find(|offered| offered.report.slug == *slug)
    }

    pub(super) fn published(&self) -> impl Iterator<Item = &OfferedReport> {
        self.reports.iter().filter(|offered| offered.report.status == ReportStatus::Published)
    }
}

/// The kept copy.
pub struct CatalogCache {
    db: Db,
    clock: Clock,
    random: Random,
    site: Arc<Site>,
    kept: Mutex<Option<(Instant, Arc<Catalog>)>>,
}

impl CatalogCache {
    /// An empty cache over this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock, random: Random, site: Arc<Site>) -> Self {
        Self { db, clock, random, site, kept: Mutex::new(None) }
    }

    /// What is on offer. While the database is away the last copy serves, so that pages still open.
    pub(super) async fn get(&self) -> Result<Arc<Catalog>, flows::Error> {
        let mut kept = self.kept.lock().await;
        if let Some((read_at, catalog)) = kept.as_ref()
            && read_at.elapsed() < MAX_AGE
        {
            return Ok(catalog.clone());
        }
        let loaded = tokio::time::timeout(DEADLINE, self.load()).await;
        let loaded = loaded.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()));
        match (loaded, kept.as_ref()) {
            (Ok(catalog), _) => {
                let catalog = Arc::new(catalog);
                *kept = Some((Instant::now(), catalog.clone()));
                Ok(catalog)
            }
            (Err(error), Some((_, last))) => {
                tracing::error!(error = ?error, "what is on offer could not be read; the last copy serves");
                let last = last.clone();
                *kept = Some((Instant::now(), last.clone()));
                Ok(last)
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn load(&self) -> Result<Catalog, flows::Error> {
        let mut tx = self.db.read().await?;
        let policies = policy_versions::list(&mut tx, LANG).await?;
        let all = newsletters::list(&mut tx).await?;
        let reports = reports::list(&mut tx).await?;
        let on_forms = reports::list_offers(&mut tx).await?;
        let shown = notices::list(&mut tx).await?;
        drop(tx);
        // Words that name nobody are shown to nobody.
        let named = self.site.controller.is_complete();
        let notices = if named { self.notices(shown, &all).await? } else { vec![] };
        let of = |purpose: &Purpose| notices.iter().find(|n| n.purpose == *purpose).cloned();
        let newsletters: Vec<Offer> = all
            .into_iter()
            .filter_map(|newsletter| {
                let notice = of(&Purpose::newsletter(&newsletter.slug))?;
                Some(Offer { newsletter, notice })
            })
            .collect();
        let reports = reports
            .into_iter()
            .map(|report| {
                let offers = on_forms
                    .iter()
                    .filter(|(report_id, _)| *report_id == report.report_id)
                    .filter_map(|(_, id)| {
                        newsletters.iter().find(|o| o.newsletter.newsletter_id == *id)
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
            reports,
        })
    }

    /// The notices with today's words; those never shown before are written down first.
    async fn notices(
        &self,
        shown: Vec<Notice>,
        newsletters: &[Newsletter],
    ) -> Result<Vec<Arc<Notice>>, flows::Error> {
        let wording = wording(&self.site.controller.name, newsletters);
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
            let mut tx = self.db.write().await?;
            let at = Moment::of(&self.clock, &self.random);
            let written = show_notices(&mut tx, &at, &missing).await?;
            tx.commit().await?;
            known.extend(written.into_iter().map(Arc::new));
        }
        Ok(known)
    }
}
