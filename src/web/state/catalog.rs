//! What is on offer: policies, notices, newsletters, own purposes, reports. It changes rarely and every page needs it,
//! so it is kept and read again a few times a second; what a command or another replica changes is seen within one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::alarm::{OnCollapse, confirmations, is_of_confirmations};
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::contacts::mail_domain::DomainList;
use crate::domain::signup::bot_check::BotCheck;
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

/// From when on it is read again by one of those who ask for it, while the others are still served from it.
const READ_AGAIN: Duration = Duration::from_millis(250);

/// How long pages wait for the database before the last copy serves.
const DEADLINE: Duration = Duration::from_secs(3);

/// A newsletter or a purpose of the operator's own, and the words beside its box.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct OfferedReport {
    pub report: Report,
    pub offers: Vec<Offer>,
}

/// Everything on offer at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
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
    /// The alarms of forms through which hardly anybody who was mailed confirms.
    alarmed: Vec<String>,
    on_alarm: OnAlarm,
    /// Where mailboxes are thrown away.
    pub disposable: Arc<DomainList>,
}

/// What follows for a form from its alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OnAlarm {
    rests: bool,
    check: BotCheck,
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
        self.on_alarm.rests && self.is_alarmed(report)
    }

    /// Whether the form of this report, or that of the newsletters, asks for a bot check.
    pub(in crate::web) fn asks_check(&self, report: Option<&Slug>) -> bool {
        self.on_alarm.check.is_asked(report, self.is_alarmed(report))
    }

    fn is_alarmed(&self, report: Option<&Slug>) -> bool {
        self.alarmed.contains(&confirmations(report))
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
    on_alarm: OnAlarm,
    disposable: Arc<DomainList>,
    kept: RwLock<Option<Kept>>,
    /// The turn of whoever reads it.
    reading: Mutex<()>,
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
        (on_collapse, check, disposable): (OnCollapse, BotCheck, Arc<DomainList>),
    ) -> Self {
        let (kept, reading) = (RwLock::default(), Mutex::default());
        let on_alarm = OnAlarm { rests: on_collapse == OnCollapse::Pause, check };
        Self { db, clock, random, site, on_alarm, disposable, kept, reading }
    }

    /// Whether it is known where mailboxes are thrown away.
    pub(in crate::web) fn knows_disposable(&self) -> bool {
        !self.disposable.is_empty()
    }

    /// What is on offer: the same copy for as long as it is the same, so that what was made of it stands. While the
    /// database is away the last copy serves, so that pages still open.
    pub(in crate::web) async fn get(&self) -> Result<Arc<Catalog>, flows::Error> {
        let _turn = match self.served() {
            Some((catalog, age)) if age < READ_AGAIN => return Ok(catalog),
            Some((catalog, _)) => match self.reading.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(catalog),
            },
            None => {
                let turn = self.reading.lock().await;
                // Whoever had the turn before read it meanwhile.
                if let Some((catalog, _)) = self.served() {
                    return Ok(catalog);
                }
                turn
            }
        };
        self.read_again().await
    }

    /// The kept copy and its age, where it may serve.
    fn served(&self) -> Option<(Arc<Catalog>, Duration)> {
        let edition = self.db.signals().catalog_edition();
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| kept.edition == edition)?;
        let age = kept.read_at.elapsed();
        (age < MAX_AGE).then(|| (kept.catalog.clone(), age))
    }

    async fn read_again(&self) -> Result<Arc<Catalog>, flows::Error> {
        let edition = self.db.signals().catalog_edition();
        let loaded = tokio::time::timeout(DEADLINE, self.load()).await;
        let loaded = loaded.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let catalog = match (loaded, kept.as_ref()) {
            (Ok(catalog), Some(last)) if catalog == *last.catalog => last.catalog.clone(),
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
        let subjects = alarms.into_iter().map(|alarm| alarm.subject);
        let alarmed = subjects.filter(|subject| is_of_confirmations(subject)).collect();
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
            alarmed,
            on_alarm: self.on_alarm.clone(),
            disposable: self.disposable.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Line;
    use crate::domain::timestamp::Timestamp;
    use crate::flows::Act;
    use crate::flows::catalog::add_newsletter::add_newsletter;
    use crate::store::catalog::newsletters::NewNewsletter;
    use crate::web::state::database_tests;

    async fn open(dir: &tempfile::TempDir) -> CatalogCache {
        let db = database_tests::open(dir).await;
        db.migrate(Duration::ZERO).await.unwrap();
        let chance = (Clock::manual(Timestamp::SAMPLE), Random::seeded(1));
        CatalogCache::new(
            db,
            chance,
            Arc::new(Site::sample()),
            (OnCollapse::Pause, BotCheck::default(), Arc::default()),
        )
    }

    async fn add(cache: &CatalogCache) {
        let act = Act::new(Moment::new(&cache.clock, &cache.random), "test");
        let (slug, name) = ("weekly".parse().unwrap(), Line::parse("Weekly").unwrap().unwrap());
        let new = NewNewsletter { slug: &slug, name: &name, description: None, offered: true };
        let added = cache.db.run(|tx| Box::pin(add_newsletter(tx, &act, new))).await.unwrap();
        assert!(added.is_some());
    }

    #[tokio::test]
    async fn what_is_the_same_stays_the_same_copy() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(&dir).await;
        let first = cache.get().await.unwrap();
        assert!(first.newsletters.is_empty());
        let read_again = async |same: &Arc<Catalog>| {
            let read_at = || cache.kept.read().unwrap().as_ref().unwrap().read_at;
            let before = read_at();
            cache.kept.write().unwrap().as_mut().unwrap().read_at -= MAX_AGE;
            assert!(cache.served().is_none(), "it is too old");
            assert!(Arc::ptr_eq(same, &cache.get().await.unwrap()));
            assert!(read_at() >= before, "it was not read again");
        };
        read_again(&first).await;
        add(&cache).await;
        let second = cache.get().await.unwrap();
        assert_eq!(second.newsletters.len(), 1, "a change within the process is seen at once");
        read_again(&second).await;
    }

    #[tokio::test]
    async fn one_reads_it_again_while_others_are_served_until_it_is_too_old() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(&dir).await;
        let first = cache.get().await.unwrap();
        let turn = cache.reading.lock().await;
        cache.kept.write().unwrap().as_mut().unwrap().read_at -= READ_AGAIN;
        let served = tokio::time::timeout(DEADLINE, cache.get()).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &served));
        cache.kept.write().unwrap().as_mut().unwrap().read_at -= MAX_AGE;
        let wait = tokio::time::timeout(READ_AGAIN, cache.get()).await;
        assert!(wait.is_err(), "it is too old, and somebody else reads it");
        drop(turn);
        assert!(cache.get().await.is_ok());
        assert!(cache.served().unwrap().1 < READ_AGAIN);
    }
}
